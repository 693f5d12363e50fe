select
    threshold,
    value,
    unit,
    meaning,
    source
from {{ source('seeds', 'day_quality_thresholds') }}
