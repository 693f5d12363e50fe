-- how often the same statistic is as large where nothing is known to have happened
with tested as (
    select
        listings.event_id,
        listings.symbol,
        results.series_key,
        results.model,
        results.event_window,
        abs(results.scar) as size
    from {{ ref('int_events__listings') }} as listings
    inner join {{ ref('int_event_study__windows') }} as results
        on
            listings.symbol = results.symbol
            and listings.session_number = results.session_number
    where listings.untestable_reason is null
),

-- windows that touch neither the event's nor each other, back to back before it
steps as (
    select
        windows.event_window,
        windows.end_session - windows.start_session + 1 as sessions,
        {{ each_element(numbers(1, whole_part(
            '(thresholds.placebo_sessions + windows.start_session)',
            '(windows.end_session - windows.start_session + 1)'
        ))) }} as step
    from {{ source('seeds', 'event_windows') }} as windows
    cross join {{ ref('stg_seeds__event_study_thresholds') }} as thresholds
),

in_time as (
    select
        tested.event_id,
        tested.symbol,
        tested.model,
        tested.event_window,
        count(placebos.scar) as placebo_n,
        count(*) filter (where abs(placebos.scar) >= tested.size) as at_least_as_large
    from tested
    inner join steps
        on tested.event_window = steps.event_window
    left join {{ ref('int_event_study__windows') }} as placebos
        on
            tested.series_key - steps.step * steps.sessions = placebos.series_key
            and tested.event_window = placebos.event_window
    group by tested.event_id, tested.symbol, tested.model, tested.event_window
),

-- the session of the event on each exchange that a peer trades on
sessions as (
    select
        events.event_id,
        sessions.exchange,
        sessions.session_number
    from {{ ref('int_events__dated') }} as events
    inner join {{ ref('int_sessions__numbered') }} as sessions
        on
            (sessions.exchange = 'XNYS' and events.xnys_session_date = sessions.session_date)
            or (sessions.exchange = 'XHKG' and events.xhkg_session_date = sessions.session_date)
),

peers as (
    select
        symbol,
        component,
        component_exchange
    from {{ ref('int_factors__components') }}
    where factor = 'peers' and reason is null
),

among_peers as (
    select
        tested.event_id,
        tested.symbol,
        tested.model,
        tested.event_window,
        count(results.scar) as placebo_n_peers,
        count(*) filter (where abs(results.scar) >= tested.size) as at_least_as_large
    from tested
    inner join peers
        on tested.symbol = peers.symbol
    inner join sessions
        on
            tested.event_id = sessions.event_id
            and peers.component_exchange = sessions.exchange
    inner join {{ ref('int_event_study__windows') }} as results
        on
            peers.component = results.symbol
            and tested.model = results.model
            and tested.event_window = results.event_window
            and sessions.session_number = results.session_number
    group by tested.event_id, tested.symbol, tested.model, tested.event_window
)

select
    in_time.event_id,
    in_time.symbol,
    in_time.model,
    in_time.event_window,
    in_time.placebo_n,
    1e0 / (in_time.placebo_n + 1) as placebo_floor,
    case
        when in_time.placebo_n > 0
            then (in_time.at_least_as_large + 1e0) / (in_time.placebo_n + 1)
    end as placebo_p,
    coalesce(among_peers.placebo_n_peers, 0) as placebo_n_peers,
    case
        when among_peers.placebo_n_peers > 0
            then (among_peers.at_least_as_large + 1e0) / (among_peers.placebo_n_peers + 1)
    end as placebo_p_peers
from in_time
left join among_peers
    on
        in_time.event_id = among_peers.event_id
        and in_time.symbol = among_peers.symbol
        and in_time.model = among_peers.model
        and in_time.event_window = among_peers.event_window
