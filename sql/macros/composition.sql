{#
    The CTE `shares`, one row per subject: what its share of 30-day downloads rests on, on the day of
    the CTE `newest`.
#}
{% macro composition_cte(share_of) %}
    shares as (
        select
            composition.subject,
            max(composition.share) filter (where composition.population = 'language_models')
                as share_of_language_models,
            max(composition.share_without_largest_family) filter (
                where composition.population = 'all'
            ) as share_without_largest_family,
            max(composition.share_without_suspect) filter (where composition.population = 'all')
                as share_without_suspect,
            max(composition.largest_family) filter (where composition.population = 'all')
                as largest_family
        from {{ ref('fct_share_composition_daily') }} as composition
        inner join newest
            on composition.activity_date = newest.activity_date
        where
            composition.share_of = '{{ share_of }}'
            and composition.measure = 'downloads_30d'
        group by composition.subject
    )
{% endmacro %}
