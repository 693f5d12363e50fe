select
    family,
    name,
    company,
    extra_root_pattern,
    source
from {{ source('seeds', 'families') }}
