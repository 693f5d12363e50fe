-- China, United States, Europe, rest, unknown: by the publisher's country, of all models and of
-- language models, and by the base model's
with shares as (
    select
        activity_date,
        scope_id,
        case population
            when 'all' then replace(share_of, '_country', '')
            else population
        end as country_of,
        subject as country_group,
        max(share) filter (where measure = 'downloads_30d') as share_downloads_30d,
        max(share_without_suspect) filter (where measure = 'downloads_30d')
            as share_downloads_30d_without_suspect,
        max(share) filter (where measure = 'derivatives') as share_derivatives,
        max(amount) filter (where measure = 'new_models') as new_models
    from fct_share_composition_daily
    where
        share_of = 'publisher_country'
        or (share_of = 'base_model_country' and population = 'all')
    group by activity_date, scope_id, population, share_of, subject
)

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
from shares
order by country_of, country_group, activity_date;
