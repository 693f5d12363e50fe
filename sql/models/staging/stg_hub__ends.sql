{{ config(
    materialized='table',
    meta={'window': {'seeds': [], 'days': 'stg_hub__evidence_days'}},
    post_hook="{{ close_window() }}"
) }}
-- depends_on: {{ ref('stg_hub__evidence_days') }}
-- most models have one row of each, so the few that have several are found first
{% for attributes in ['cards', 'access', 'lineage', 'weights'] %}
    select
        '{{ attributes }}' as attributes,
        states.model_key,
        states.first_seen as valid_from,
        states.next_seen as valid_to
    from (
        select
            state.model_key,
            state.first_seen,
            lead(state.first_seen) over (
                partition by state.model_key order by state.first_seen
            ) as next_seen
        from {{ source('raw', 'hub_model_' ~ attributes) }} as state
        where state.model_key in (
            select several.model_key
            from {{ source('raw', 'hub_model_' ~ attributes) }} as several
            group by several.model_key
            having count(*) > 1
        )
    ) as states
    where states.next_seen is not null
    {% if not loop.last %}
        union all
    {% endif %}
{% endfor %}
