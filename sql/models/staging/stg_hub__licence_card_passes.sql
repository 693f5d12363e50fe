select
    snapshot_date,
    crawl,
    cards,
    changed,
    fetched_at
from {{ source('raw', 'licence_card_passes') }}
where status = 'ok'
