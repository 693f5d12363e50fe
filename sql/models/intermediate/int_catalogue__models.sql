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

offers as (
    select
        fetched.activity_date,
        fetched.as_of,
        keyed.model_key,
        coalesce(keyed.company, '') as company,
        keyed.is_own,
        offers.provider,
        coalesce(offers.name, offers.model_id) as name,
        offers.open_weights,
        offers.release_date,
        nullif(offers.input_price_usd, 0) as input_price_usd,
        nullif(offers.output_price_usd, 0) as output_price_usd,
        offers.context_tokens
    from fetched
    inner join {{ ref('stg_models_dev__offers') }} as offers
        on {{ holds_on('offers', 'fetched.snapshot_date') }}
    inner join {{ ref('int_catalogue__offers') }} as keyed
        on
            offers.provider = keyed.provider
            and offers.model_id = keyed.model_id
            and offers.valid_from = keyed.valid_from
),

-- the name that its maker gives it, else most hosts
names as (
    select
        activity_date,
        model_key,
        company,
        name
    from (
        select
            activity_date,
            model_key,
            company,
            name,
            bool_or(is_own) as is_own,
            count(*) as offers
        from offers
        group by activity_date, model_key, company, name
    ) as given
    qualify
        row_number() over (
            partition by activity_date, model_key, company
            order by is_own desc, offers desc, length(name) asc, name asc
        ) = 1
),

models as (
    select
        activity_date,
        model_key,
        company,
        max(as_of) as as_of,
        count(*) as offers,
        count(*) filter (where open_weights) as open_offers,
        count(*) filter (where not open_weights) as closed_offers,
        count(*) filter (where open_weights and is_own)
        - count(*) filter (where not open_weights and is_own) as own_lead,
        count(*) filter (where open_weights) - count(*) filter (where not open_weights) as lead,
        {{ joined('provider', ', ', 'provider', distinct=true, condition='open_weights') }}
            as open_providers,
        {{ joined('provider', ', ', 'provider', distinct=true, condition='not open_weights') }}
            as closed_providers,
        min(release_date) as release_date,
        {{ median_of('input_price_usd') }} as input_price_usd,
        {{ median_of('output_price_usd') }} as output_price_usd,
        max(context_tokens) as context_tokens
    from offers
    group by activity_date, model_key, company
)

select
    models.activity_date,
    models.model_key,
    nullif(models.company, '') as company,
    names.name,
    models.as_of,
    models.offers,
    models.open_offers,
    models.closed_offers,
    case
        when models.own_lead <> 0 then 'maker'
        when models.lead <> 0 then 'hosts'
    end as decided_by,
    case sign(coalesce(nullif(models.own_lead, 0), models.lead))
        when 1 then 'open'
        when -1 then 'closed'
        else 'unknown'
    end as api_class,
    models.open_providers,
    models.closed_providers,
    models.release_date,
    models.input_price_usd,
    models.output_price_usd,
    models.context_tokens
from models
inner join names
    on
        models.activity_date = names.activity_date
        and models.model_key = names.model_key
        and models.company = names.company
