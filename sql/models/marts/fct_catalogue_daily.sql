with fetched as (
    select distinct
        snapshot_date,
        activity_date,
        as_of
    from {{ ref('stg_sources__fetches') }}
    where
        data_source = 'models_dev_catalogue'
        and status in ('ok', 'partial')
),

-- many providers offer one model, some under its maker's name
offers as (
    select
        fetched.activity_date,
        fetched.as_of,
        lower(regexp_replace(offers.model_id, '^.*/', '')) as model_name,
        offers.open_weights,
        offers.release_date,
        nullif(offers.input_price_usd, 0) as input_price_usd,
        nullif(offers.output_price_usd, 0) as output_price_usd,
        offers.context_tokens
    from fetched
    inner join {{ ref('stg_models_dev__offers') }} as offers
        on {{ holds_on('offers', 'fetched.snapshot_date') }}
    where offers.is_listed
),

models as (
    select
        activity_date,
        model_name,
        max(as_of) as as_of,
        count(*) as offers,
        case
            when bool_and(open_weights) then 'open'
            when not bool_or(open_weights) then 'closed'
            else 'unknown'
        end as api_class,
        min(release_date) as release_date,
        {{ median_of('input_price_usd') }} as input_price_usd,
        {{ median_of('output_price_usd') }} as output_price_usd,
        max(context_tokens) as context_tokens
    from offers
    group by activity_date, model_name
),

classes as (
    select unnest(['open', 'closed', 'unknown']) as api_class
),

days as (
    select
        activity_date,
        max(as_of) as as_of
    from models
    group by activity_date
),

measured as (
    select
        models.activity_date,
        models.api_class,
        count(*) as models,
        cast(sum(models.offers) as bigint) as offers,
        count(*) filter (where models.release_date = models.activity_date) as releases_1d,
        count(*) filter (
            where
            models.release_date <= models.activity_date
            and {{ days_between('models.release_date', 'models.activity_date') }}
            < thresholds.catalogue_window_days
        ) as releases_window,
        count(models.input_price_usd) as priced_models,
        {{ median_of('models.input_price_usd') }} as median_input_price_usd,
        {{ median_of('models.output_price_usd') }} as median_output_price_usd,
        {{ median_of('models.context_tokens') }} as median_context_tokens
    from models
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
    cast(thresholds.catalogue_window_days as integer) as window_days,
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
