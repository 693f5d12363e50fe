select
    event_id,
    kind,
    company,
    event_date,
    event_time,
    time_zone,
    claim,
    source
from {{ source('seeds', 'headline_events') }}
