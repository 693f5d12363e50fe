with bars as (
    select
        bars.symbol,
        bars.vintage,
        bars.session_date,
        bars.high,
        bars.low,
        bars.close,
        bars.adj_close,
        bars.volume,
        bars.dividend,
        bars.dividend_currency,
        bars.split_ratio,
        bars.company,
        bars.exchange,
        bars.currency,
        sessions.session_number,
        coalesce(
            bars.no_price_reason,
            case when not days.is_session then 'the exchange did not trade that day' end
        ) as no_price_reason,
        sum(case when bars.split_ratio > 0 then ln(bars.split_ratio) else 0 end) over (
            partition by bars.symbol, bars.vintage
            order by bars.session_date
            rows unbounded preceding
        ) as total_split_log_ratio
    from {{ ref('int_bars__newest') }} as bars
    left join {{ ref('int_sessions__evidence') }} as days
        on
            bars.exchange = days.exchange
            and bars.session_date = days.session_date
    left join {{ ref('int_sessions__numbered') }} as sessions
        on
            bars.exchange = sessions.exchange
            and bars.session_date = sessions.session_date
),

-- rows that are no price stand apart: what is beside them compares with the price before
followed as (
    select
        *,
        lag(session_date) over by_symbol as previous_session,
        lag(session_number) over by_symbol as previous_number,
        lag(adj_close) over by_symbol as previous_adj_close,
        total_split_log_ratio - lag(total_split_log_ratio) over by_symbol as split_log_ratio
    from bars
    window
        by_symbol as (
            partition by symbol, vintage, no_price_reason is null
            order by session_date
        )
),

compared as (
    select
        session_date,
        symbol,
        company,
        exchange,
        vintage,
        high,
        low,
        volume,
        dividend,
        dividend_currency,
        split_ratio,
        currency,
        session_number,
        no_price_reason,
        case when no_price_reason is null then close end as close,
        case when no_price_reason is null then adj_close end as adj_close,
        case when no_price_reason is null then previous_session end as previous_session,
        case when no_price_reason is null then session_number - previous_number - 1 end
            as sessions_missing_before,
        case when no_price_reason is null then adj_close / previous_adj_close end as price_ratio,
        split_log_ratio
    from followed
),

jumps as (
    select
        *,
        ln(price_ratio) as log_ratio,
        abs(ln(price_ratio)) as jump,
        ln(greatest({{ rounded('exp(abs(ln(price_ratio)))') }}, 2)) as whole_jump,
        case when {{ is_price('high') }} and {{ is_price('low') }} then ln(high / low) else 0 end
            as day_range
    from compared
),

judged as (
    select
        jumps.*,
        coalesce(
            abs(jumps.split_log_ratio) >= thresholds.split_least_log_ratio
            and abs(jumps.log_ratio + jumps.split_log_ratio) < jumps.jump,
            false
        ) as is_known_split_unadjusted,
        -- a crash moves within its session, a change of basis between two; none moves twentyfold
        coalesce(
            abs(jumps.split_log_ratio) < thresholds.split_least_log_ratio
            and abs(jumps.jump - jumps.whole_jump) <= thresholds.lost_split_tolerance
            and (
                jumps.day_range <= thresholds.lost_split_greatest_range * jumps.jump
                or jumps.whole_jump >= ln(thresholds.lost_split_certain_ratio)
            ),
            false
        ) as is_split_lost
    from jumps
    cross join {{ ref('stg_seeds__event_study_thresholds') }} as thresholds
)

select
    session_date,
    symbol,
    company,
    exchange,
    vintage,
    close,
    adj_close,
    volume,
    dividend,
    dividend_currency,
    split_ratio,
    currency,
    session_number,
    case when not is_known_split_unadjusted and not is_split_lost then log_ratio end as log_return,
    case when not is_known_split_unadjusted and not is_split_lost then price_ratio - 1 end
        as simple_return,
    previous_session,
    sessions_missing_before,
    sessions_missing_before > 0 as is_gap_spanning,
    is_known_split_unadjusted or is_split_lost as is_split_unadjusted,
    case
        when no_price_reason is not null then no_price_reason
        when is_known_split_unadjusted
            then
                'a split of ' || {{ rounded_text('exp(split_log_ratio)', 3) }}
                || ' is not in the prices, which are ' || {{ rounded_text('price_ratio', 4) }}
                || ' of those before'
        when is_split_lost
            then
                'the prices are ' || {{ rounded_text('price_ratio', 4) }}
                || ' of those before, near a whole ratio, and no split is known'
    end as no_return_reason,
    case
        when
            sessions_missing_before = 0 and not is_known_split_unadjusted and not is_split_lost
            then log_ratio
    end as daily_return
from judged
order by symbol, session_date
