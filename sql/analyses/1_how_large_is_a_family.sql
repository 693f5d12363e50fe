-- How many downloads has the Qwen family by each definition, when did each cross its newest milestone, what
-- do others claim, and how far apart are they all? A claim is divided by our count of its own last day.
with counted as (
    select definition, activity_date, downloads_all_time
    from fct_family_adoption_daily where family = 'qwen' and downloads_all_time is not null
),
newest as (select * from counted where activity_date = (select max(activity_date) from counted))
from (
    select
        newest.definition as counted_by, cast(downloads_all_time as bigint) as downloads,
        round(downloads_all_time / max(downloads_all_time) over (), 4) as part_of_the_largest,
        activity_date as as_of, milestone, reached_after, reached_by
    from newest
    left join fct_family_milestones as m on m.family = 'qwen' and m.definition = newest.definition
    qualify milestone is not distinct from max(milestone) over (partition by newest.definition)
    union all
    select
        'claim: ' || publisher || ', ' || scope || ', against '
            || coalesce(counted.definition, 'nothing of ours'), value,
        round(counted.downloads_all_time / value, 4), coalesce(published_date, window_end), null,
        window_start, window_end
    from published_claims left join counted on measure = 'cumulative' and window_end = activity_date
    where published_claims.family = 'qwen' and metric = 'downloads'
) order by counted_by like 'claim%', downloads desc, counted_by;
