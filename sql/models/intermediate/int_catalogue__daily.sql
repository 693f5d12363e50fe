with days as (
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
        days.activity_date,
        days.as_of,
        lower(regexp_replace(offers.model_id, '^.*/', '')) as model_name,
        offers.open_weights,
        offers.release_date,
        nullif(offers.input_price_usd, 0) as input_price_usd,
        nullif(offers.output_price_usd, 0) as output_price_usd,
        offers.context_tokens
    from days
    inner join {{ ref('stg_models_dev__offers') }} as offers
        on
            {{ holds_on('offers', 'days.snapshot_date') }}
    where offers.is_listed
)

select
    activity_date,
    model_name,
    max(as_of) as as_of,
    count(*) as offers,
    case
        when min(cast(open_weights as integer)) <> max(cast(open_weights as integer)) then 'unknown'
        when max(cast(open_weights as integer)) = 1 then 'open'
        when max(cast(open_weights as integer)) = 0 then 'closed'
        else 'unknown'
    end as api_class,
    min(release_date) as release_date,
    {{ median_of('input_price_usd') }} as input_price_usd,
    {{ median_of('output_price_usd') }} as output_price_usd,
    max(context_tokens) as context_tokens
from offers
group by activity_date, model_name
