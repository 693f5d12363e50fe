-- China, United States, Europe, rest, unknown: by the publisher's country and by the base model's
select
    country_of,
    country_group,
    scope_id,
    round(100 * avg(share_net_1d), 2) as pct_of_downloads,
    round(100 * sum(new_models) / nullif(sum(sum(new_models)) over (partition by country_of), 0), 2)
        as pct_of_new_models,
    round(100 * arg_max(share_derivatives, activity_date), 2) as pct_of_derivatives
from fct_country_adoption_daily
where activity_date > (select max(activity_date) from fct_country_adoption_daily) - 28
group by country_of, country_group, scope_id
order by country_of, pct_of_downloads desc;
