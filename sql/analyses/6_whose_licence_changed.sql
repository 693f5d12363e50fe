-- Whose licence or gating changed, when, from what to what? Which children are more permissive?
select
    attribute as what,
    repo_id,
    from_value || ' -> ' || to_value as change,
    last_seen_date as after_day,
    first_seen_date as by_day,
    downloads_30d
from fct_openness_changes
where attribute in ('licence', 'gating')
union all
select
    'drift', repo_id,
    parent_name || ' ' || parent_licence_id || ' -> ' || licence_id, null, last_seen_date,
    downloads_30d
from fct_licence_drift
order by downloads_30d desc nulls last;
