select
    threshold,
    value,
    unit,
    meaning,
    source
from {{ source('seeds', 'growth_thresholds') }}
