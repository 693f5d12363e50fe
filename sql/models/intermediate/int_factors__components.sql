-- what each factor of a share is made of, and what forbids it
with shares as (
    select
        symbol,
        company,
        exchange,
        market_symbol,
        sector_symbol,
        peers
    from {{ source('seeds', 'companies') }}
    where kind = 'company'
),

named as (
    select
        symbol,
        'market' as factor,
        market_symbol as component
    from shares
    where market_symbol is not null
    union all
    select
        symbol,
        'sector' as factor,
        sector_symbol as component
    from shares
    where sector_symbol is not null
    union all
    select
        symbol,
        'peers' as factor,
        {{ each_element(words('peers')) }} as component
    from shares
    where peers is not null
),

exchange_orders as (
    select
        own_sessions.exchange,
        other_sessions.exchange as other_exchange,
        bool_and(other_sessions.close_at <= own_sessions.close_at) as closes_before
    from {{ ref('stg_markets__sessions') }} as own_sessions
    inner join {{ ref('stg_markets__sessions') }} as other_sessions
        on
            own_sessions.session_date = other_sessions.session_date
            and own_sessions.exchange <> other_sessions.exchange
    group by own_sessions.exchange, other_sessions.exchange
),

described as (
    select
        named.symbol,
        shares.company,
        shares.exchange,
        named.factor,
        named.component,
        components.company as component_company,
        components.exchange as component_exchange,
        coalesce(exchange_orders.closes_before, false) as closes_before
    from named
    inner join shares
        on named.symbol = shares.symbol
    left join {{ source('seeds', 'companies') }} as components
        on named.component = components.symbol
    left join exchange_orders
        on
            shares.exchange = exchange_orders.exchange
            and components.exchange = exchange_orders.other_exchange
)

select
    symbol,
    exchange,
    factor,
    component,
    component_exchange,
    case
        when component_exchange is null
            then component || ' is not in the seed companies, so it has no prices'
        when component = symbol
            then component || ' is the share itself'
        when component_company = company
            then component || ' is a share of the same company'
        -- of another exchange only a peer that has closed by then: its news is in both prices
        when component_exchange <> exchange and (factor <> 'peers' or not closes_before)
            then
                component || ' trades on ' || component_exchange || ', ' || symbol || ' on '
                || exchange || ': their sessions are not the same hours'
    end as reason
from described
