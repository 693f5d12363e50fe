-- China, United States, Europe, rest, unknown: share of downloads, of new models and of derivatives (all,
-- and new ones) in 28 days, by the publisher's country and by the base model's
with days as (
    select * from fct_country_adoption_daily
    where activity_date > (select max(activity_date) from fct_country_adoption_daily) - 28
)
select
    country_of, country_group, scope_id,
    round(100 * sum(net_1d) / sum(sum(net_1d)) over whole, 2) as pct_of_downloads,
    cast(round(sum(new_models)) as bigint) as new_models,
    round(100 * sum(new_models) / nullif(sum(sum(new_models)) over whole, 0), 2) as pct_of_new_models,
    round(100 * arg_max(share_derivatives, activity_date), 2) as pct_of_derivatives,
    cast(round(sum(new_derivatives)) as bigint) as new_derivatives,
    round(100 * sum(new_derivatives) / nullif(sum(sum(new_derivatives)) over whole, 0), 2)
        as pct_of_new_derivatives
from days
group by country_of, country_group, scope_id
window whole as (partition by country_of, scope_id)
order by country_of, scope_id, pct_of_downloads desc;
