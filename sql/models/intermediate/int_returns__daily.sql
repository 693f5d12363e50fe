with known_bars as (
    select
        symbol,
        vintage,
        session_date,
        close,
        adj_close,
        volume,
        dividend,
        split_ratio
    from {{ ref('stg_markets__bars') }}
    {% if var('prices_as_of', none) %}
        -- what was known at the end of that day: every vintage is kept
        where fetched_at < {{ days_after("date '" ~ var('prices_as_of') ~ "'", 1) }}
    {% endif %}
),

newest_vintages as (
    select
        symbol,
        max(vintage) as vintage
    from known_bars
    group by symbol
),

bars as (
    select
        bars.symbol,
        bars.vintage,
        bars.session_date,
        bars.close,
        bars.adj_close,
        bars.volume,
        bars.dividend,
        bars.split_ratio,
        companies.company,
        companies.exchange,
        vintages.currency,
        sessions.session_number
    from known_bars as bars
    inner join newest_vintages
        on
            bars.symbol = newest_vintages.symbol
            and bars.vintage = newest_vintages.vintage
    left join {{ ref('stg_markets__vintages') }} as vintages
        on
            bars.symbol = vintages.symbol
            and bars.vintage = vintages.vintage
    left join {{ source('seeds', 'companies') }} as companies
        on bars.symbol = companies.symbol
    left join {{ ref('int_sessions__numbered') }} as sessions
        on
            companies.exchange = sessions.exchange
            and bars.session_date = sessions.session_date
),

followed as (
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
        split_ratio,
        currency,
        session_number,
        lag(session_date) over by_symbol as previous_session,
        lag(session_number) over by_symbol as previous_number,
        lag(adj_close) over by_symbol as previous_adj_close
    from bars
    window by_symbol as (partition by symbol, vintage order by session_date)
),

compared as (
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
        split_ratio,
        currency,
        session_number,
        previous_session,
        session_number - previous_number - 1 as sessions_missing_before,
        case
            when adj_close > 0 and previous_adj_close > 0 then adj_close / previous_adj_close
        end as price_ratio,
        case when split_ratio > 0 then ln(split_ratio) else 0 end as split_log_ratio
    from followed
),

judged as (
    select
        compared.session_date,
        compared.symbol,
        compared.company,
        compared.exchange,
        compared.vintage,
        compared.close,
        compared.adj_close,
        compared.volume,
        compared.dividend,
        compared.split_ratio,
        compared.currency,
        compared.session_number,
        compared.previous_session,
        compared.sessions_missing_before,
        compared.price_ratio,
        ln(compared.price_ratio) as log_return,
        coalesce(
            abs(compared.split_log_ratio) >= thresholds.split_least_log_ratio
            and abs(ln(compared.price_ratio) + compared.split_log_ratio)
            < abs(ln(compared.price_ratio)),
            false
        ) as is_split_unadjusted
    from compared
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
    split_ratio,
    currency,
    session_number,
    log_return,
    price_ratio - 1 as simple_return,
    previous_session,
    sessions_missing_before,
    sessions_missing_before > 0 as is_gap_spanning,
    is_split_unadjusted,
    case when sessions_missing_before = 0 and not is_split_unadjusted then log_return end
        as daily_return
from judged
order by symbol, session_date
