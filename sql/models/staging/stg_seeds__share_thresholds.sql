select
    threshold,
    value,
    unit,
    meaning,
    source
from {{ source('seeds', 'share_thresholds') }}
