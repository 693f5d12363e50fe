{{ config(severity='warn') }}
-- a hole in a price history never stops the day: the Hub's snapshot is what cannot be repeated
select
    session_date,
    symbol,
    exchange
from {{ ref('fct_missing_sessions') }}
