with newest_day as (
    select max(activity_date) as activity_date
    from {{ ref('int_catalogue__models') }}
),

countries as (
    select
        company,
        min(country) as country
    from {{ source('seeds', 'api_authors') }}
    where company is not null
    group by company
)

select
    models.name,
    models.model_key,
    models.company,
    coalesce(countries.country, 'unknown') as country,
    models.api_class,
    models.decided_by,
    models.offers,
    models.open_offers,
    models.closed_offers,
    models.open_offers > 0 and models.closed_offers > 0 as is_contradicted,
    concat_ws(
        '; ',
        'open: ' || models.open_providers,
        'closed: ' || models.closed_providers
    ) as evidence,
    models.release_date,
    models.input_price_usd,
    models.output_price_usd,
    models.context_tokens,
    models.activity_date,
    models.as_of,
    {{ cited('sources.attribution', 'models.as_of') }} as source
from {{ ref('int_catalogue__models') }} as models
inner join newest_day
    on models.activity_date = newest_day.activity_date
left join countries
    on models.company = countries.company
left join {{ source('seeds', 'data_sources') }} as sources
    on sources.data_source = 'models_dev_catalogue'
order by models.offers desc, models.name asc
