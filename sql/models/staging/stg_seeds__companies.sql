select
    symbol,
    name,
    company,
    kind,
    exchange,
    country,
    market_symbol,
    sector_symbol,
    peers,
    source
from {{ source('seeds', 'companies') }}
