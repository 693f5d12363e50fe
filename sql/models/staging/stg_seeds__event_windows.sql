select
    event_window,
    start_session,
    end_session,
    is_primary,
    source
from {{ source('seeds', 'event_windows') }}
