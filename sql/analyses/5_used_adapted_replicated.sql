-- Used, adapted, replicated: each family and day, by lineage. Used is requests of the trailing 30 days, as in
-- the report; those of the day stand beside it
select
    activity_date,
    family,
    cast(downloads_30d as bigint) as used,
    adapted,
    replicated,
    new_derivatives,
    cast(net_1d as bigint) as requests_of_the_day,
    round(100 * net_1d_suspect / nullif(net_1d, 0), 1) as pct_of_them_with_suspect_relation
from fct_family_adoption_daily
where definition = 'lineage' and not is_interpolated
order by activity_date desc, used desc nulls last;
