select
    threshold,
    value,
    unit,
    meaning,
    source
from {{ source('seeds', 'event_study_thresholds') }}
