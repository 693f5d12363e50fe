select
    snapshot_date,
    symbol,
    status,
    detail,
    new_bars,
    pending_bars,
    vintage,
    last_session,
    fetched_at
from {{ source('raw', 'price_fetches') }}
