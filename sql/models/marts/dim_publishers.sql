with listed as (
    select
        cards.publisher,
        count(*) as models,
        count(*) filter (where last_sight.is_listed) as listed_models,
        count(*) filter (where last_sight.relation_kind <> 'undeclared') as derivatives,
        {{ whole_number('sum(last_sight.downloads_30d) filter (where last_sight.is_listed)') }}
            as downloads_30d,
        {{ whole_number('sum(last_sight.downloads_all_time)') }} as downloads_all_time,
        {{ whole_number('sum(last_sight.likes)') }} as likes,
        min(last_sight.first_seen_date) as first_seen_date,
        max(last_sight.last_seen_date) as last_seen_date
    from {{ ref('int_models__at_last_sight') }} as last_sight
    inner join {{ ref('stg_hub__cards') }} as cards
        on
            last_sight.model_key = cards.model_key
            and cards.valid_to is null
    where cards.publisher is not null
    group by cards.publisher
),

accounts as (
    select publisher
    from listed
    union
    select publisher
    from {{ source('seeds', 'publishers') }}
)

select
    accounts.publisher,
    publishers.company,
    publishers.family,
    coalesce(publishers.country, 'unknown') as country,
    coalesce(countries.country_group, 'unknown') as country_group,
    coalesce(publishers.follow_all, false) as is_followed,
    coalesce(listed.models, 0) as models,
    coalesce(listed.listed_models, 0) as listed_models,
    coalesce(listed.derivatives, 0) as derivatives,
    listed.downloads_30d,
    listed.downloads_all_time,
    listed.likes,
    listed.first_seen_date,
    listed.last_seen_date,
    publishers.source
from accounts
left join listed
    on accounts.publisher = listed.publisher
left join {{ source('seeds', 'publishers') }} as publishers
    on accounts.publisher = publishers.publisher
left join {{ source('seeds', 'countries') }} as countries
    on publishers.country = countries.country
order by listed.downloads_30d desc nulls last, accounts.publisher asc
