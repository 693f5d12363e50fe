{{ published_view() }}
with newest as (
    select max(activity_date) as activity_date
    from {{ ref('fct_model_growth_daily') }}
),

growth as (
    select
        growth.hub_id,
        growth.growth_30d,
        growth.rank_downloads_30d
    from {{ ref('fct_model_growth_daily') }} as growth
    inner join newest
        on growth.activity_date = newest.activity_date
)

select
    models.repo_id as model,
    models.publisher,
    models.company,
    models.lineage_family as family,
    countries.country_group,
    models.model_kind,
    models.last_seen_date as as_of,
    models.downloads_30d,
    models.downloads_all_time,
    models.likes,
    growth.growth_30d,
    growth.rank_downloads_30d as rank_30d,
    models.licence_id as licence,
    models.is_open_weights,
    models.gated <> 'false' as is_gated,
    case
        when models.is_relation_suspect
            then 'doubtful: far more downloads than the model it is made from, or older'
        when models.is_test_repository then 'doubtful: its name is that of a test repository'
        when growth.growth_30d is null then 'requests as the Hub counts them; growth is not known'
        else 'requests as the Hub counts them'
    end as how_sure
from {{ ref('dim_models') }} as models
left join {{ source('seeds', 'countries') }} as countries
    on models.country = countries.country
left join growth
    on models.hub_id = growth.hub_id
where models.is_listed
