with newest_vintages as (
    select
        symbol,
        max(vintage) as vintage
    from {{ ref('stg_markets__bars') }}
    group by symbol
),

sessions as (
    select
        exchange,
        session_date,
        row_number() over (partition by exchange order by session_date) as session_number
    from {{ ref('stg_markets__sessions') }}
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
    from {{ ref('stg_markets__bars') }} as bars
    inner join newest_vintages
        on
            bars.symbol = newest_vintages.symbol
            and bars.vintage = newest_vintages.vintage
    left join {{ ref('stg_markets__vintages') }} as vintages
        on
            bars.symbol = vintages.symbol
            and bars.vintage = vintages.vintage
    left join {{ ref('stg_seeds__companies') }} as companies
        on bars.symbol = companies.symbol
    left join sessions
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
        previous_session,
        session_number - previous_number - 1 as sessions_missing_before,
        case
            when adj_close > 0 and previous_adj_close > 0 then adj_close / previous_adj_close
        end as price_ratio
    from followed
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
    ln(price_ratio) as log_return,
    price_ratio - 1 as simple_return,
    previous_session,
    sessions_missing_before,
    sessions_missing_before > 0 as is_gap_spanning
from compared
order by symbol, session_date
