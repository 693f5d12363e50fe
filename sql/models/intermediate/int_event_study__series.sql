-- running totals over the sessions that an event or a placebo can need: the moments of any window
-- are differences of two rows, so no regression is computed twice
with windows as (
    select min(start_session) as start_session
    from {{ source('seeds', 'event_windows') }}
),

first_needed as (
    select
        listings.exchange,
        min(listings.session_number)
        - max(thresholds.placebo_sessions)
        + min(thresholds.estimation_start)
        + min(windows.start_session) as session_number
    from {{ ref('int_events__listings') }} as listings
    cross join {{ ref('stg_seeds__event_study_thresholds') }} as thresholds
    cross join windows
    group by listings.exchange
),

last_priced as (
    select
        exchange,
        max(session_number) as session_number
    from {{ ref('int_returns__daily') }}
    group by exchange
),

grid as (
    select
        models.symbol,
        models.model,
        models.second_factor,
        sessions.session_number,
        sessions.session_date
    from {{ ref('int_event_study__models') }} as models
    inner join first_needed
        on models.exchange = first_needed.exchange
    inner join last_priced
        on models.exchange = last_priced.exchange
    inner join {{ ref('int_sessions__numbered') }} as sessions
        on
            models.exchange = sessions.exchange
            and first_needed.session_number <= sessions.session_number
            and last_priced.session_number >= sessions.session_number
    where models.reason is null
),

filled as (
    select
        grid.symbol,
        grid.model,
        grid.session_number,
        grid.session_date,
        returns.daily_return,
        market_returns.factor_return as market_return,
        second_returns.factor_return as second_return,
        coalesce(returns.is_split_unadjusted, false) as is_split_unadjusted,
        concat_ws(
            ', ',
            case when returns.daily_return is null then grid.symbol end,
            case
                when market_returns.factor_return is null
                    then coalesce(market_returns.missing_components, 'the market')
            end,
            case
                when grid.second_factor is not null and second_returns.factor_return is null
                    then coalesce(second_returns.missing_components, 'the ' || grid.second_factor)
            end
        ) as missing
    from grid
    left join {{ ref('int_returns__daily') }} as returns
        on
            grid.symbol = returns.symbol
            and grid.session_date = returns.session_date
    left join {{ ref('int_factor_returns__daily') }} as market_returns
        on
            grid.symbol = market_returns.symbol
            and grid.session_date = market_returns.session_date
            and market_returns.factor = 'market'
    left join {{ ref('int_factor_returns__daily') }} as second_returns
        on
            grid.symbol = second_returns.symbol
            and grid.session_date = second_returns.session_date
            and grid.second_factor = second_returns.factor
),

observed as (
    select
        symbol,
        model,
        session_number,
        session_date,
        is_split_unadjusted,
        nullif(missing, '') as missing,
        case when missing = '' then daily_return end as share_return,
        case when missing = '' then market_return end as market_return,
        -- one factor is two of which the second is always zero
        case when missing = '' then coalesce(second_return, 0) end as second_return
    from filled
)

-- one number to join by: no calendar has 100,000 sessions
select
    dense_rank() over (order by symbol, model) * 100000 + session_number as series_key,
    symbol,
    model,
    session_number,
    session_date,
    share_return,
    market_return,
    second_return,
    missing,
    count(share_return) over so_far as observations,
    count(*) filter (where is_split_unadjusted) over so_far as splits,
    coalesce(sum(share_return) over so_far, 0) as sum_share,
    coalesce(sum(market_return) over so_far, 0) as sum_market,
    coalesce(sum(second_return) over so_far, 0) as sum_second,
    coalesce(sum(share_return * share_return) over so_far, 0) as sum_share_share,
    coalesce(sum(share_return * market_return) over so_far, 0) as sum_share_market,
    coalesce(sum(share_return * second_return) over so_far, 0) as sum_share_second,
    coalesce(sum(market_return * market_return) over so_far, 0) as sum_market_market,
    coalesce(sum(market_return * second_return) over so_far, 0) as sum_market_second,
    coalesce(sum(second_return * second_return) over so_far, 0) as sum_second_second
from observed
window
    so_far as (
        partition by symbol, model
        order by session_number
        rows unbounded preceding
    )
