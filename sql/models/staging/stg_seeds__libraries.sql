select
    library_name,
    library_kind,
    name,
    source
from {{ source('seeds', 'libraries') }}
