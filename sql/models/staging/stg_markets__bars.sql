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
    fetched_at,
    dividend_currency,
    oddities
from {{ source('raw', 'price_bars') }}
