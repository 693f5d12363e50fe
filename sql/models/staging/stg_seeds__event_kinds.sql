select
    kind,
    event_group,
    is_decisive,
    definition,
    source
from {{ source('seeds', 'event_kinds') }}
