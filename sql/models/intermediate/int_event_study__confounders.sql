-- what else happened between the last close before a window and the end of it
with windows as (
    select distinct
        event_id,
        symbol,
        event_window,
        session_date_before,
        last_session_date
    from {{ ref('int_event_study__cases') }}
),

seeded as (
    select
        event_id,
        symbol,
        event_window,
        {{ joined('said', '; ', 'confounder_date, confounder') }} as confounders
    from {{ ref('int_confounders__of_windows') }}
    group by event_id, symbol, event_window
),

other_events as (
    select
        windows.event_id,
        windows.symbol,
        windows.event_window,
        {{ joined(
            "others.session_date || ' ' || others.event_id", '; ',
            'others.session_date, others.event_id'
        ) }} as other_events
    from windows
    inner join {{ ref('int_events__listings') }} as others
        on
            windows.symbol = others.symbol
            and windows.event_id <> others.event_id
            and windows.session_date_before < others.session_date
            and windows.last_session_date >= others.session_date
    group by windows.event_id, windows.symbol, windows.event_window
)

select
    windows.event_id,
    windows.symbol,
    windows.event_window,
    seeded.confounders,
    other_events.other_events
from windows
left join seeded
    on
        windows.event_id = seeded.event_id
        and windows.symbol = seeded.symbol
        and windows.event_window = seeded.event_window
left join other_events
    on
        windows.event_id = other_events.event_id
        and windows.symbol = other_events.symbol
        and windows.event_window = other_events.event_window
