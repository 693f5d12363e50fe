-- Whose licence or gating changed, when, from what to what, on what evidence? Which children are licensed
-- more permissively than the least of their parents, as of their last sight? The four most downloaded of each
select
    attribute as what,
    repo_id,
    from_value || ' -> ' || to_value as change,
    from_class || ' -> ' || to_class as classes,
    to_evidence as evidence,
    last_seen_date as after_day,
    first_seen_date as by_day,
    downloads_30d
from fct_openness_changes
where attribute in ('licence', 'gating')
qualify row_number() over (partition by attribute order by downloads_30d desc nulls last) <= 4
union all
select
    'drift', repo_id,
    parent_name || ' ' || parent_licence_id || ' -> ' || licence_id,
    parent_licence_class || ' -> ' || licence_class, null, null, last_seen_date, downloads_30d
from fct_licence_drift
qualify row_number() over (order by downloads_30d desc nulls last) <= 4
order by what desc, downloads_30d desc nulls last;
