-- China, United States, Europe, rest, unknown: by the publisher's country and by the base model's
select
    activity_date,
    scope_id,
    country_of,
    country_group,
    share_downloads_30d,
    share_downloads_30d_without_suspect,
    share_derivatives,
    sum(new_models) over (
        partition by scope_id, country_of, country_group
        order by activity_date
        range between interval 27 day preceding and current row
    ) as new_models_28d
from fct_country_adoption_daily
order by country_of, country_group, activity_date;
