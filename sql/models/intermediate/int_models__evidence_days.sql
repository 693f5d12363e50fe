{{ config(materialized='view') }}
-- a pass over the cards has no load of its own: what it read stands for it
select
    snapshot_date,
    load_id
from {{ ref('stg_hub__snapshots') }}
union all
select
    valid_from as snapshot_date,
    {{ digest_of(['model_key', 'licence_names', 'licence_link']) }} as load_id
from {{ ref('stg_hub__licence_cards') }}
group by valid_from
