-- a pass over the cards has no load of its own: what it found new stands for it
select
    snapshot_date,
    load_id
from {{ ref('stg_hub__snapshots') }}
union all
select
    snapshot_date,
    {{ digest_of(['hub_id', 'licence_names', 'licence_link']) }} as load_id
from {{ source('raw', 'licence_cards') }}
group by snapshot_date
