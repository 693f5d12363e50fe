{{ published_view() }}
with newest as (
    select max(activity_date) as activity_date
    from {{ ref('fct_country_adoption_daily') }}
),

countries as (
    select
        countries.activity_date,
        countries.scope,
        countries.country_group,
        max(countries.share_downloads_30d) filter (where countries.country_of = 'publisher')
            as share_of_downloads,
        max(countries.share_downloads_30d) filter (where countries.country_of = 'base_model')
            as share_by_base_model,
        max(countries.share_derivatives) filter (where countries.country_of = 'base_model')
            as share_of_derivatives
    from {{ ref('fct_country_adoption_daily') }} as countries
    inner join newest
        on countries.activity_date = newest.activity_date
    group by countries.activity_date, countries.scope, countries.country_group
),

{{ composition_cte('publisher_country') }},

unknown as (
    select share_of_downloads
    from countries
    where country_group = 'unknown'
)

select
    countries.country_group,
    countries.activity_date as as_of,
    countries.share_of_downloads,
    countries.share_by_base_model,
    countries.share_of_derivatives,
    shares.share_of_language_models,
    shares.share_without_largest_family,
    shares.share_without_suspect,
    shares.largest_family,
    'the publishers of ' || {{ percent('coalesce(unknown.share_of_downloads, 0)') }}
    || ' of the downloads have no known country, so each share may be that much larger'
        as how_sure
from countries
left join shares
    on countries.country_group = shares.subject
left join unknown
    on true
