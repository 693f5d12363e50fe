{% set step = 100000000 %}

with levels as (
    select
        definition,
        family,
        activity_date,
        downloads_all_time,
        coalesce(scope_change, 0) as scope_change,
        lag(activity_date) over (partition by definition, family order by activity_date)
            as previous_date
    from {{ ref('int_families__adopted_daily') }}
    where downloads_all_time is not null
),

highest as (
    select
        definition,
        family,
        cast(floor(max(downloads_all_time) / {{ step }}) as integer) as steps
    from levels
    group by definition, family
),

milestones as (
    select
        definition,
        family,
        number * {{ step }} as milestone
    from (
        select
            definition,
            family,
            {{ each_element(numbers(1, 'steps')) }} as number
        from highest
    ) as passed
),

crossings as (
    select
        milestones.definition,
        milestones.family,
        milestones.milestone,
        min(levels.activity_date) as reached_by
    from milestones
    inner join levels
        on
            milestones.definition = levels.definition
            and milestones.family = levels.family
            and milestones.milestone <= levels.downloads_all_time
    group by milestones.definition, milestones.family, milestones.milestone
)

select
    crossings.definition,
    crossings.family,
    {{ whole_number('crossings.milestone') }} as milestone,
    levels.previous_date as reached_after,
    crossings.reached_by,
    levels.previous_date is not null as is_event,
    coalesce({{ days_between('levels.previous_date', 'crossings.reached_by') }} > 1, false)
        as is_interpolated,
    levels.previous_date is not null
    and levels.downloads_all_time - levels.scope_change < crossings.milestone
        as is_by_scope_change,
    levels.downloads_all_time as downloads_all_time_then
from crossings
inner join levels
    on
        crossings.definition = levels.definition
        and crossings.family = levels.family
        and crossings.reached_by = levels.activity_date
