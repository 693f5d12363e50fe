-- Used, adapted, replicated: each family and day, by lineage
select
    activity_date,
    family,
    cast(net_1d as bigint) as used,
    adapted,
    replicated,
    new_derivatives,
    round(100 * net_1d_suspect / nullif(net_1d, 0), 1) as pct_used_with_suspect_relation
from fct_family_adoption_daily
where definition = 'lineage' and not is_interpolated
order by activity_date desc, used desc nulls last;
