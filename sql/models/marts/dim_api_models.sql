with used as (
    select
        model_permaslug,
        api_model,
        is_free,
        min(token_date) as first_token_date,
        max(token_date) as last_token_date
    from {{ ref('stg_openrouter__tokens') }}
    where not is_other
    group by model_permaslug, api_model, is_free
)

select
    used.model_permaslug,
    used.api_model,
    used.is_free,
    authors.company,
    coalesce(authors.country, 'unknown') as country,
    coalesce(countries.country_group, 'unknown') as country_group,
    classes.api_class,
    classes.decided_by,
    classes.evidence,
    nullif(classes.valid_from, date '0001-01-01') as valid_from,
    classes.valid_to,
    classes.valid_to is null as is_current,
    classes.seen_date,
    coalesce(classes.valid_from < classes.seen_date, false) as is_backdated,
    used.first_token_date,
    used.last_token_date
from used
inner join {{ ref('int_api_models__classes') }} as classes
    on used.api_model = classes.api_model
left join {{ source('seeds', 'api_authors') }} as authors
    on split_part(used.api_model, '/', 1) = authors.author
left join {{ source('seeds', 'countries') }} as countries
    on authors.country = countries.country
order by used.model_permaslug, classes.valid_from
