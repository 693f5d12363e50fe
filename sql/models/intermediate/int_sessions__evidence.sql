-- the calendar, its corrections, and what the prices say of both
with calendar as (
    select
        exchange,
        session_date,
        open_at,
        close_at
    from {{ ref('stg_markets__sessions') }}
),

priced_days as (
    select
        exchange,
        session_date,
        count(*) as bars
    from {{ ref('int_bars__newest') }}
    where no_price_reason is null and exchange is not null
    group by exchange, session_date
),

priced as (
    select
        symbol,
        exchange,
        min(session_date) as first_session_date,
        max(session_date) as last_session_date
    from {{ ref('int_bars__newest') }}
    where no_price_reason is null and exchange is not null
    group by symbol, exchange
),

reach as (
    select
        exchange,
        min(session_date) as first_session_date,
        max(session_date) as last_session_date
    from calendar
    group by exchange
),

days as (
    select
        exchange,
        session_date
    from calendar
    union distinct
    select
        exchange,
        session_date
    from {{ source('seeds', 'session_corrections') }}
    union distinct
    select
        exchange,
        session_date
    from priced_days
),

followed as (
    select
        days.exchange,
        days.session_date,
        count(priced.symbol) as shares
    from days
    inner join reach
        on
            days.exchange = reach.exchange
            and days.session_date between reach.first_session_date and reach.last_session_date
    left join priced
        on
            days.exchange = priced.exchange
            and days.session_date > priced.first_session_date
            and days.session_date < priced.last_session_date
    group by days.exchange, days.session_date
),

compared as (
    select
        followed.exchange,
        followed.session_date,
        calendar.open_at,
        calendar.close_at,
        calendar.session_date is not null as is_in_calendar,
        corrections.is_session as corrected,
        followed.shares,
        coalesce(priced_days.bars, 0) as bars
    from followed
    left join calendar
        on
            followed.exchange = calendar.exchange
            and followed.session_date = calendar.session_date
    left join {{ source('seeds', 'session_corrections') }} as corrections
        on
            followed.exchange = corrections.exchange
            and followed.session_date = corrections.session_date
    left join priced_days
        on
            followed.exchange = priced_days.exchange
            and followed.session_date = priced_days.session_date
),

judged as (
    select
        exchange,
        session_date,
        is_in_calendar,
        corrected,
        shares,
        bars,
        open_at,
        close_at,
        -- of one share alone it is as likely that the share did not trade
        corrected is null and is_in_calendar and shares >= 2 and bars = 0 as is_without_bars,
        {{ last_known('open_at') }} over until_then as usual_open_at,
        {{ last_known('close_at') }} over until_then as usual_close_at,
        {{ last_known('case when is_in_calendar then session_date end') }} over until_then
            as usual_date
    from compared
    window
        until_then as (
            partition by exchange
            order by session_date
            rows unbounded preceding
        )
)

select
    exchange,
    session_date,
    coalesce(corrected, is_in_calendar and not is_without_bars) as is_session,
    -- a session that only a correction knows has the hours of the one before
    coalesce(open_at, {{ time_after('usual_open_at', days_between('usual_date', 'session_date')) }})
        as open_at,
    coalesce(
        close_at, {{ time_after('usual_close_at', days_between('usual_date', 'session_date')) }}
    ) as close_at,
    shares,
    bars,
    case
        when is_without_bars
            then
                'a session of the calendar on which none of ' || shares || ' shares has a bar: not '
                || 'counted as a session; say what it was in the seed session_corrections'
        when corrected is null and not is_in_calendar and shares >= 2 and bars * 2 > shares
            then
                'no session of the calendar, yet ' || bars || ' of ' || shares || ' shares have a '
                || 'bar: not counted as a session; say what it was in the seed session_corrections'
    end as finding
from judged
