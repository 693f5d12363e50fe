select
    licence_name,
    licence_class,
    source
from {{ source('seeds', 'named_licences') }}
