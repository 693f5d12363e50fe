{{ config(materialized='view') }}
-- every row of every seed that decides a cell of the cube: a changed one restates all its days
{% set deciding = {
    'stg_seeds__publishers': 'publisher',
    'stg_seeds__licences': 'licence_id',
    'stg_seeds__named_licences': 'licence_name',
    'stg_seeds__families': 'family',
    'stg_seeds__curated_models': 'repo_pattern',
    'stg_seeds__libraries': 'library_name',
    'stg_seeds__test_repo_patterns': 'pattern',
    'stg_seeds__growth_thresholds': 'threshold'
} %}

{% for seed, key in deciding.items() %}
    select
        '{{ seed }}' as seed,
        {{ key }} as row_key,
        cast({{ seed }} as varchar) as row_text
    from {{ ref(seed) }} as {{ seed }}
    {% if not loop.last %}
        union all
    {% endif %}
{% endfor %}
