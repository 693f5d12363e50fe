{% set definitions = ['organisation', 'lineage', 'lineage_clean', 'curated'] %}

with newest_day as (
    select max(activity_date) as activity_date
    from {{ ref('fct_family_adoption_daily') }}
    where not is_interpolated
),

-- a census of the last week says more than the top of today
newest_snapshot as (
    select
        coalesce(
            max(case when adoption.scope = 'census' then adoption.activity_date end),
            max(adoption.activity_date)
        ) as activity_date
    from newest_day
    inner join {{ ref('fct_family_adoption_daily') }} as adoption
        on {{ days_after('newest_day.activity_date', -6) }} <= adoption.activity_date
    where not adoption.is_interpolated
),

newest as (
    select
        adoption.family,
        {% for definition in definitions %}
            max(adoption.models) filter (where adoption.definition = '{{ definition }}')
                as models_{{ definition }},
            max(adoption.downloads_30d) filter (where adoption.definition = '{{ definition }}')
                as downloads_30d_{{ definition }},
            max(adoption.downloads_all_time) filter (where adoption.definition = '{{ definition }}')
                as downloads_all_time_{{ definition }},
        {% endfor %}
        max(adoption.derivatives) filter (where adoption.definition = 'lineage') as derivatives
    from {{ ref('fct_family_adoption_daily') }} as adoption
    inner join newest_snapshot
        on adoption.activity_date = newest_snapshot.activity_date
    group by adoption.family
),

-- a derivative of two families is one model, half of it in each
weighed as (
    select
        derivatives.family,
        sum(derivatives.weighted_models) as weighted_derivatives
    from {{ ref('fct_derivatives_daily') }} as derivatives
    inner join newest_snapshot
        on derivatives.activity_date = newest_snapshot.activity_date
    group by derivatives.family
),

all_families as (
    select family
    from {{ source('seeds', 'families') }}
    union
    select family
    from {{ ref('int_families__countries') }}
)

select
    all_families.family,
    coalesce(families.name, all_families.family) as name,
    families.company,
    coalesce(accounts.country, 'unknown') as country,
    coalesce(countries.country_group, 'unknown') as country_group,
    coalesce(accounts.accounts, 0) as accounts,
    {% for definition in definitions %}
        coalesce(newest.models_{{ definition }}, 0) as models_{{ definition }},
        newest.downloads_30d_{{ definition }},
        newest.downloads_all_time_{{ definition }},
    {% endfor %}
    coalesce(newest.derivatives, 0) as derivatives,
    coalesce(weighed.weighted_derivatives, 0) as weighted_derivatives
from all_families
left join {{ source('seeds', 'families') }} as families
    on all_families.family = families.family
left join {{ ref('int_families__countries') }} as accounts
    on all_families.family = accounts.family
left join {{ source('seeds', 'countries') }} as countries
    on accounts.country = countries.country
left join newest
    on all_families.family = newest.family
left join weighed
    on all_families.family = weighed.family
order by newest.downloads_all_time_organisation desc nulls last, all_families.family asc
