select
    event_id,
    story,
    kind,
    event_group,
    is_decisive,
    company,
    family,
    event_date,
    event_time,
    time_zone,
    event_at,
    is_time_known,
    claim,
    primary_symbol,
    xnys_session_date,
    xhkg_session_date,
    untestable_reason,
    source
from {{ ref('int_events__dated') }}
order by event_at, event_id
