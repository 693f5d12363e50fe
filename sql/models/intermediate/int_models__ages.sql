{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    full_refresh=false,
    post_hook="delete from {{ this }} where rowid < (select max(rowid) from {{ this }})"
) if has_ledger() else config(materialized='table') }}
{% set dates = ['models.model_key', 'models.created_at'] %}

-- the row of the last build, which has none at first
with known as (
    {% if is_incremental() %}
        select
            last_key,
            ages_digest,
            edition
        from {{ this }}
    {% else %}
        select
            cast(null as integer) as last_key,
            cast(null as string) as ages_digest,
            cast(0 as bigint) as edition
    {% endif %}
),

newest as (
    select
        max(models.model_key) as last_key,
        {{ digest_of(dates) }} as ages_digest,
        {{ digest_of(dates, 'models.model_key <= known.last_key') }} as digest_of_known
    from {{ ref('stg_hub__models') }} as models
    cross join known
)

select
    newest.last_key,
    newest.ages_digest,
    case
        when coalesce(newest.digest_of_known, '') = coalesce(known.ages_digest, '')
            then greatest(known.edition, 1)
        else known.edition + 1
    end as edition
from newest
cross join known
