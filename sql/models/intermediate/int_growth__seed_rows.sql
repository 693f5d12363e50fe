{{ config(materialized='view') }}
-- every row of the seeds that decide a growth figure: a changed one restates all days
{% set deciding = ['stg_seeds__growth_thresholds', 'stg_seeds__counting_rule_changes'] %}

{% for seed in deciding %}
    select
        '{{ seed }}' as seed,
        cast({{ seed }} as varchar) as row_text
    from {{ ref(seed) }} as {{ seed }}
    {% if not loop.last %}
        union all
    {% endif %}
{% endfor %}
