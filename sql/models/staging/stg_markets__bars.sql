select
    symbol,
    vintage,
    session_date,
    open,
    high,
    low,
    close,
    adj_close,
    volume,
    dividend,
    split_ratio,
    fetched_at
from {{ source('raw', 'price_bars') }}
