with classes as (
    select {{ each_element(array_of("'open', 'closed', 'unknown'")) }} as api_class
),

days as (
    select
        activity_date,
        max(as_of) as as_of
    from {{ ref('int_catalogue__models') }}
    group by activity_date
),

measured as (
    select
        models.activity_date,
        models.api_class,
        count(*) as models,
        {{ whole_number('sum(models.offers)') }} as offers,
        count(*) filter (where models.release_date = models.activity_date) as releases_1d,
        count(*) filter (
            where
            models.release_date <= models.activity_date
            and {{ days_between('models.release_date', 'models.activity_date') }}
            < thresholds.catalogue_window_days
        ) as releases_window,
        count(*) filter (
            where models.open_offers > 0 and models.closed_offers > 0
        ) as contradicted_models,
        count(models.input_price_usd) as priced_models,
        {{ median_of('models.input_price_usd') }} as median_input_price_usd,
        {{ median_of('models.output_price_usd') }} as median_output_price_usd,
        {{ median_of('models.context_tokens') }} as median_context_tokens
    from {{ ref('int_catalogue__models') }} as models
    cross join {{ ref('stg_seeds__share_thresholds') }} as thresholds
    group by models.activity_date, models.api_class
)

select
    days.activity_date,
    classes.api_class,
    coalesce(measured.models, 0) as models,
    coalesce(measured.offers, 0) as offers,
    coalesce(measured.releases_1d, 0) as releases_1d,
    coalesce(measured.releases_window, 0) as releases_window,
    {{ whole_number('thresholds.catalogue_window_days', 'integer') }} as window_days,
    coalesce(measured.contradicted_models, 0) as contradicted_models,
    coalesce(measured.priced_models, 0) as priced_models,
    measured.median_input_price_usd,
    measured.median_output_price_usd,
    cast(measured.median_context_tokens as double) as median_context_tokens,
    days.as_of,
    {{ cited('sources.attribution', 'days.as_of') }} as source
from days
cross join classes
cross join {{ ref('stg_seeds__share_thresholds') }} as thresholds
left join measured
    on
        days.activity_date = measured.activity_date
        and classes.api_class = measured.api_class
left join {{ source('seeds', 'data_sources') }} as sources
    on sources.data_source = 'models_dev_catalogue'
order by days.activity_date, classes.api_class
