{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    full_refresh=false
) }}

-- a number is given once and kept, so that days written under it go on meaning the same account. In
-- the order of models, which is that of their downloads, neighbours are of like size: less room
with accounts as (
    select
        publisher,
        min(model_key) as first_model
    from {{ ref('stg_hub__cards') }}
    where publisher is not null
    group by publisher
)

select
    cast(
        row_number() over (order by accounts.first_model, accounts.publisher)
        {% if is_incremental() %}
            + (select coalesce(max(given.publisher_key), 0) from {{ this }} as given)
        {% endif %}
        as integer
    ) as publisher_key,
    accounts.publisher
from accounts
{% if is_incremental() %}
    left join {{ this }} as known
        on accounts.publisher = known.publisher
    where known.publisher is null
{% endif %}
order by publisher_key
