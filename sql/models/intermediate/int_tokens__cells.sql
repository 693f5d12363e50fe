with named as (
    select
        tokens.token_date,
        tokens.fetched_at,
        tokens.is_other,
        tokens.is_free,
        tokens.total_tokens,
        coalesce(classes.api_class, 'unknown') as api_class,
        coalesce(countries.country_group, 'unknown') as country_group
    from {{ ref('stg_openrouter__tokens') }} as tokens
    left join {{ ref('int_api_models__classes') }} as classes
        on
            tokens.api_model = classes.api_model
            and {{ holds_on('classes', 'tokens.token_date') }}
    left join {{ source('seeds', 'api_authors') }} as authors
        on split_part(tokens.api_model, '/', 1) = authors.author
    left join {{ source('seeds', 'countries') }} as countries
        on authors.country = countries.country
)

select
    token_date,
    fetched_at,
    api_class,
    country_group,
    is_free,
    is_other,
    count(*) as models,
    cast(sum(total_tokens) as decimal(38, 0)) as tokens
from named
group by token_date, fetched_at, api_class, country_group, is_free, is_other
