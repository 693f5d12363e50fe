with components as (
    select
        symbol,
        exchange,
        factor,
        component,
        component_exchange,
        max(reason) over (partition by symbol, factor) as factor_reason
    from {{ ref('int_factors__components') }}
),

sessions as (
    select
        exchange,
        session_date,
        session_number,
        next_session_date
    from {{ ref('int_sessions__numbered') }}
),

priced as (
    select
        symbol,
        exchange,
        min(session_date) as first_session_date,
        max(session_date) as last_session_date
    from {{ ref('int_returns__daily') }}
    group by symbol, exchange
),

-- running totals over every expected session: the return between two of them is a difference
totals as (
    select
        priced.symbol,
        sessions.session_number,
        sum(coalesce(returns.daily_return, 0)) over by_symbol as total_return,
        count(returns.daily_return) over by_symbol as total_observed
    from priced
    inner join sessions
        on
            priced.exchange = sessions.exchange
            and priced.last_session_date >= sessions.session_date
    left join {{ ref('int_returns__daily') }} as returns
        on
            priced.symbol = returns.symbol
            and sessions.session_date = returns.session_date
    window
        by_symbol as (
            partition by priced.symbol
            order by sessions.session_number
            rows unbounded preceding
        )
),

last_priced as (
    select max(last_session_date) as session_date
    from priced
),

-- the last session of the other exchange on or before a session, and the one a session earlier
positions as (
    select
        own_sessions.exchange,
        own_sessions.session_date,
        other_sessions.exchange as other_exchange,
        other_sessions.session_number as to_number,
        lag(other_sessions.session_number) over (
            partition by own_sessions.exchange, other_sessions.exchange
            order by own_sessions.session_date
        ) as from_number
    from sessions as own_sessions
    inner join last_priced
        on own_sessions.session_date <= last_priced.session_date
    inner join sessions as other_sessions
        on
            own_sessions.session_date >= other_sessions.session_date
            and own_sessions.session_date < other_sessions.next_session_date
),

component_returns as (
    select
        components.symbol,
        components.factor,
        components.component,
        positions.session_date,
        case
            when
                to_totals.total_observed - from_totals.total_observed
                = positions.to_number - positions.from_number
                then to_totals.total_return - from_totals.total_return
        end as component_return
    from components
    inner join priced
        on components.symbol = priced.symbol
    inner join positions
        on
            components.exchange = positions.exchange
            and components.component_exchange = positions.other_exchange
            and priced.first_session_date <= positions.session_date
    left join totals as to_totals
        on
            components.component = to_totals.symbol
            and positions.to_number = to_totals.session_number
    left join totals as from_totals
        on
            components.component = from_totals.symbol
            and positions.from_number = from_totals.session_number
    where components.factor_reason is null
),

missing as (
    select
        symbol,
        factor,
        session_date,
        {{ joined('component', ', ', 'component') }} as missing_components
    from component_returns
    where component_return is null
    group by symbol, factor, session_date
),

-- a portfolio in equal parts: the mean of the simple returns, of all components or none
portfolios as (
    select
        symbol,
        factor,
        session_date,
        case when count(component_return) = count(*) then ln(avg(exp(component_return))) end
            as factor_return
    from component_returns
    group by symbol, factor, session_date
)

select
    portfolios.symbol,
    portfolios.factor,
    portfolios.session_date,
    portfolios.factor_return,
    missing.missing_components
from portfolios
left join missing
    on
        portfolios.symbol = missing.symbol
        and portfolios.factor = missing.factor
        and portfolios.session_date = missing.session_date
