{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    full_refresh=false
) }}

-- a number is given once and kept, so that days written under it go on meaning the same account
with accounts as (
    select distinct publisher
    from {{ ref('stg_hub__cards') }}
    where publisher is not null
)

select
    cast(
        row_number() over (order by accounts.publisher)
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
