{% set tables = {
    'openrouter_tokens': 'openrouter_fetches',
    'models_dev_catalogue': 'models_dev_fetches',
    'npm_installs': 'npm_fetches',
    'pypi_installs': 'pypi_fetches'
} %}

with fetches as (
    {% for data_source, table in tables.items() %}
        select
            '{{ data_source }}' as data_source,
            snapshot_date,
            item,
            status,
            detail,
            answered_rows,
            new_rows,
            as_of,
            attribution,
            origin,
            fetched_at
        from {{ source('raw', table) }}
        {% if not loop.last %}
            union all
        {% endif %}
    {% endfor %}
)

select
    data_source,
    snapshot_date,
    {{ days_after('snapshot_date', -1) }} as activity_date,
    item,
    status,
    detail,
    answered_rows,
    new_rows,
    as_of,
    attribution,
    origin,
    fetched_at
from fetches
