select
    country,
    name,
    region,
    country_group,
    source
from {{ source('seeds', 'countries') }}
