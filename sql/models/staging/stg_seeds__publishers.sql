select
    publisher,
    company,
    family,
    country,
    follow_all,
    source
from {{ source('seeds', 'publishers') }}
