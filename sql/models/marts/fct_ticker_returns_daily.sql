with factors as (
    select
        symbol,
        session_date,
        max(factor_return) filter (where factor = 'market') as market_return,
        max(factor_return) filter (where factor = 'sector') as sector_return,
        max(factor_return) filter (where factor = 'peers') as peers_return
    from {{ ref('int_factor_returns__daily') }}
    group by symbol, session_date
)

select
    returns.session_date,
    returns.symbol,
    returns.company,
    returns.exchange,
    returns.vintage,
    returns.close,
    returns.adj_close,
    returns.volume,
    returns.dividend,
    returns.dividend_currency,
    returns.split_ratio,
    returns.currency,
    returns.log_return,
    returns.simple_return,
    returns.previous_session,
    returns.sessions_missing_before,
    returns.is_gap_spanning,
    returns.is_split_unadjusted,
    returns.no_return_reason,
    returns.daily_return - factors.market_return as excess_over_market,
    returns.daily_return - factors.sector_return as excess_over_sector,
    returns.daily_return - factors.peers_return as excess_over_peers
from {{ ref('int_returns__daily') }} as returns
left join factors
    on
        returns.symbol = factors.symbol
        and returns.session_date = factors.session_date
order by returns.symbol, returns.session_date
