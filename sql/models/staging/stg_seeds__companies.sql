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
    is_primary_listing,
    source
from {{ source('seeds', 'companies') }}
