select
    registry,
    base_week,
    source
from {{ source('seeds', 'sdk_base_weeks') }}
