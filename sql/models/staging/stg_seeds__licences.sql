select
    licence_id,
    licence_class,
    name,
    source
from {{ source('seeds', 'licences') }}
