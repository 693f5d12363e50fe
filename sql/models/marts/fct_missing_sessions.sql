with stored as (
    select
        symbol,
        exchange,
        min(session_date) as first_session,
        max(session_date) as last_session
    from {{ ref('fct_ticker_returns_daily') }}
    where adj_close is not null
    group by symbol, exchange
),

expected as (
    select
        stored.symbol,
        stored.exchange,
        sessions.session_date,
        sessions.close_at
    from stored
    inner join {{ ref('int_sessions__numbered') }} as sessions
        on
            stored.exchange = sessions.exchange
            and stored.first_session < sessions.session_date
            and stored.last_session > sessions.session_date
)

select
    expected.session_date,
    expected.symbol,
    expected.exchange,
    expected.close_at
from expected
left join {{ ref('fct_ticker_returns_daily') }} as returns
    on
        expected.symbol = returns.symbol
        and expected.session_date = returns.session_date
        and returns.adj_close is not null
where returns.symbol is null
order by expected.session_date, expected.symbol
