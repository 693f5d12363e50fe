-- Which days are not to be trusted, and why? Which models are corrected downwards?
(select
    'day' as what, cast(snapshot_date as varchar) as name, status || ': ' || coalesce(reason, '') as why,
    null as requests
from fct_snapshot_days
where not usable or status <> 'ok'
order by snapshot_date desc)
union all
(select
    'model', repo_id, count(*) || ' days of net corrections', cast(sum(net_1d) as bigint)
from fct_model_growth_daily
where net_1d < 0
group by repo_id
order by sum(net_1d) limit 50);
