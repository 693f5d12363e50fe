-- Which days are not to be trusted, and why? Which models are corrected downwards, and by how much?
(select
    case when usable then 'day, counted all the same' else 'day, not counted' end as what,
    cast(snapshot_date as varchar) as name, status || ': ' || coalesce(reason, '') as why,
    null as requests
from fct_snapshot_days
where not usable or status <> 'ok'
order by snapshot_date desc)
union all
(select
    'model', arg_max(repo_id, activity_date),
    'corrected on ' || count(*) || ' days, last ' || max(activity_date)
        || ', of ' || cast(max(cumulative) as bigint) || ' in all',
    cast(sum(correction) as bigint)
from fct_model_downloads_daily
where correction < 0
group by hub_id
order by sum(correction) limit 50);
