{{ config(materialized='view') }}
-- of two shares that the seed calls primary the first in the alphabet is
select
    symbol,
    company,
    exchange,
    country,
    company is not null
    and row_number() over (
        partition by company
        order by is_primary_listing desc nulls last, symbol asc
    ) = 1 as is_primary_listing
from {{ source('seeds', 'companies') }}
where kind = 'company'
