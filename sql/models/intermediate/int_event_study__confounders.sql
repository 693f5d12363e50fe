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

owners as (
    select
        windows.event_id,
        windows.symbol,
        windows.event_window,
        windows.session_date_before,
        windows.last_session_date,
        listings.company,
        listings.country
    from windows
    inner join {{ ref('int_companies__listings') }} as listings
        on windows.symbol = listings.symbol
),

seeded as (
    select
        owners.event_id,
        owners.symbol,
        owners.event_window,
        string_agg(
            confounders.confounder_date || ' ' || confounders.what
            || case when confounders.verified then '' else ' (not verified)' end,
            '; '
            order by confounders.confounder_date, confounders.confounder
        ) as confounders
    from owners
    inner join {{ source('seeds', 'confounders') }} as confounders
        on
            owners.session_date_before < confounders.confounder_date
            and owners.last_session_date >= confounders.confounder_date
            and coalesce(owners.company = confounders.affected_company, true)
            and coalesce(owners.country = confounders.affected_country, true)
    group by owners.event_id, owners.symbol, owners.event_window
),

other_events as (
    select
        owners.event_id,
        owners.symbol,
        owners.event_window,
        string_agg(
            others.session_date || ' ' || others.event_id,
            '; '
            order by others.session_date, others.event_id
        ) as other_events
    from owners
    inner join {{ ref('int_events__listings') }} as others
        on
            owners.symbol = others.symbol
            and owners.event_id <> others.event_id
            and owners.session_date_before < others.session_date
            and owners.last_session_date >= others.session_date
    group by owners.event_id, owners.symbol, owners.event_window
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
