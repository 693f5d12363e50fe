select
    symbol,
    vintage,
    snapshot_date,
    fetched_at,
    reason,
    restated_session,
    restated_ratio,
    currency,
    exchange_timezone
from {{ source('raw', 'price_vintages') }}
