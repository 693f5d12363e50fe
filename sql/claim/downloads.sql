-- The family's cumulative requests by each definition: the last count up to the day and the first
-- after it, and between which days it crossed the milestone
with counts as (
    select
        definition,
        activity_date,
        downloads_all_time
    from fct_family_adoption_daily
    where family = $family and downloads_all_time is not null
),

around as (
    select
        definition,
        max(activity_date) filter (where activity_date <= $day) as counted_date,
        arg_max(downloads_all_time, activity_date) filter (where activity_date <= $day) as counted,
        min(activity_date) filter (where activity_date > $day) as next_date,
        arg_min(downloads_all_time, activity_date) filter (where activity_date > $day)
            as next_count
    from counts
    group by definition
)

select
    around.definition,
    around.counted_date,
    cast(around.counted as bigint) as counted,
    around.next_date,
    cast(around.next_count as bigint) as next_count,
    crossings.reached_after,
    crossings.reached_by,
    crossings.is_by_scope_change
from around
left join fct_family_milestones as crossings
    on
        around.definition = crossings.definition
        and crossings.family = $family
        and crossings.milestone = $milestone
order by counted desc nulls last, around.definition
