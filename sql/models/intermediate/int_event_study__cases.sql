-- every event, share, model and window, and what keeps it from being tested
with cases as (
    select
        listings.event_id,
        listings.symbol,
        listings.exchange,
        listings.session_date,
        listings.session_number,
        models.model,
        models.price_vintage,
        windows.event_window,
        windows.start_session,
        windows.end_session,
        coalesce(listings.untestable_reason, models.reason) as reason
    from {{ ref('int_events__listings') }} as listings
    inner join {{ ref('int_event_study__models') }} as models
        on listings.symbol = models.symbol
    cross join {{ source('seeds', 'event_windows') }} as windows
),

dated as (
    select
        cases.event_id,
        cases.symbol,
        cases.model,
        cases.event_window,
        before_sessions.session_date as session_date_before,
        first_sessions.session_date as first_session_date,
        last_sessions.session_date as last_session_date
    from cases
    left join {{ ref('int_sessions__numbered') }} as before_sessions
        on
            cases.exchange = before_sessions.exchange
            and cases.session_number + cases.start_session - 1 = before_sessions.session_number
    left join {{ ref('int_sessions__numbered') }} as first_sessions
        on
            cases.exchange = first_sessions.exchange
            and cases.session_number + cases.start_session = first_sessions.session_number
    left join {{ ref('int_sessions__numbered') }} as last_sessions
        on
            cases.exchange = last_sessions.exchange
            and cases.session_number + cases.end_session = last_sessions.session_number
),

within_windows as (
    select
        cases.event_id,
        cases.symbol,
        cases.model,
        cases.event_window,
        count(series.share_return) as observed_sessions,
        max(series.splits) as splits,
        min(series.session_date) filter (where series.missing is not null) as missing_date,
        {{ value_at_least('series.missing', 'series.session_number') }} as missing
    from cases
    inner join {{ ref('int_event_study__series') }} as series
        on
            cases.symbol = series.symbol
            and cases.model = series.model
            and cases.session_number + cases.start_session <= series.session_number
            and cases.session_number + cases.end_session >= series.session_number
    group by cases.event_id, cases.symbol, cases.model, cases.event_window
),

splits_before as (
    select
        cases.event_id,
        cases.symbol,
        cases.model,
        cases.event_window,
        series.splits
    from cases
    cross join {{ ref('stg_seeds__event_study_thresholds') }} as thresholds
    inner join {{ ref('int_event_study__series') }} as series
        on
            cases.symbol = series.symbol
            and cases.model = series.model
            and cases.session_number + thresholds.estimation_start - 1 = series.session_number
)

select
    cases.event_id,
    cases.symbol,
    cases.session_date,
    cases.session_number,
    cases.model,
    cases.price_vintage,
    cases.event_window,
    cases.start_session,
    cases.end_session,
    dated.session_date_before,
    dated.first_session_date,
    dated.last_session_date,
    estimates.observations,
    case
        when cases.reason is not null then cases.reason
        when within_windows.splits > coalesce(splits_before.splits, 0)
            then
                'a split of ' || cases.symbol
                || ' is not in its adjusted prices, so their returns are not returns'
        when estimates.reason is not null then estimates.reason
        when within_windows.missing is not null
            then
                'no usable return of ' || within_windows.missing || ' on '
                || within_windows.missing_date || ': halted, delisted or not fetched'
        when
            coalesce(within_windows.observed_sessions, 0)
            < cases.end_session - cases.start_session + 1
            then
                'the window ends on ' || coalesce(cast(dated.last_session_date as string), '?')
                || ', later than the prices'
        when estimates.symbol is null then 'no prices before the event'
    end as reason
from cases
inner join dated
    on
        cases.event_id = dated.event_id
        and cases.symbol = dated.symbol
        and cases.model = dated.model
        and cases.event_window = dated.event_window
left join within_windows
    on
        cases.event_id = within_windows.event_id
        and cases.symbol = within_windows.symbol
        and cases.model = within_windows.model
        and cases.event_window = within_windows.event_window
left join splits_before
    on
        cases.event_id = splits_before.event_id
        and cases.symbol = splits_before.symbol
        and cases.model = splits_before.model
        and cases.event_window = splits_before.event_window
left join {{ ref('int_event_study__estimates') }} as estimates
    on
        cases.symbol = estimates.symbol
        and cases.model = estimates.model
        and cases.session_number = estimates.session_number
