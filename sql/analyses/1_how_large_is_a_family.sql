-- How many downloads has the Qwen family by each definition, when did each cross its milestones,
-- and what do others claim?
select
    adoption.definition as counted_by,
    cast(adoption.downloads_all_time as bigint) as downloads,
    adoption.activity_date as as_of,
    milestones.milestone,
    milestones.reached_after,
    milestones.reached_by
from fct_family_adoption_daily as adoption
left join fct_family_milestones as milestones using (family, definition)
where
    adoption.family = 'qwen'
    and adoption.activity_date = (select max(activity_date) from fct_family_adoption_daily)
union all
select
    'claim: ' || publisher || ', ' || scope, value, coalesce(published_date, window_end),
    null, window_start, window_end
from published_claims
where family = 'qwen' and metric = 'downloads'
order by counted_by, milestone;
