{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    full_refresh=false,
    post_hook="delete from {{ this }} where rowid < (select max(rowid) from {{ this }})"
) }}

{% set dates = ['models.model_key', 'models.created_at'] %}
select
    max(models.model_key) as last_key,
    {{ digest_of(dates) }} as ages_digest,
    {% if is_incremental() %}
        max(known.edition) + case
            when
                {{ digest_of(dates, 'models.model_key <= known.last_key') }}
                is distinct from max(known.ages_digest)
                then 1
            else 0
        end as edition
    {% else %}
        cast(1 as bigint) as edition
    {% endif %}
from {{ ref('stg_hub__models') }} as models
{% if is_incremental() %}
    cross join {{ this }} as known
{% endif %}
