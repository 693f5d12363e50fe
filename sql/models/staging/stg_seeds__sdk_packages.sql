select
    registry,
    package,
    basket,
    source
from {{ source('seeds', 'sdk_packages') }}
