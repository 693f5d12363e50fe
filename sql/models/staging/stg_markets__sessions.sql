select
    exchange,
    session_date,
    open_at,
    close_at
from {{ source('raw', 'exchange_sessions') }}
