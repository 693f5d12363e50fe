-- distinct keeps the planner from joining the series with itself on the symbol alone: 120 million
-- rows on the demo's prices
with candidates as (
    select distinct
        estimates.symbol,
        estimates.model,
        estimates.session_number,
        windows.event_window,
        windows.end_session - windows.start_session + 1 as sessions,
        estimates.session_number + windows.start_session - 1 as before_number,
        estimates.session_number + windows.end_session as last_number
    from {{ ref('int_event_study__estimates') }} as estimates
    cross join {{ ref('stg_seeds__event_windows') }} as windows
    where estimates.reason is null and estimates.splits = 0
),

totals as (
    select
        candidates.symbol,
        candidates.model,
        candidates.session_number,
        candidates.event_window,
        candidates.sessions,
        estimates.alpha,
        estimates.beta,
        estimates.second_beta,
        estimates.residual_variance,
        estimates.observations,
        estimates.mean_market,
        estimates.mean_second,
        estimates.s_market_market,
        estimates.s_orthogonal,
        estimates.market_in_second,
        last_rows.sum_share - before_rows.sum_share as sum_share,
        last_rows.sum_market - before_rows.sum_market as sum_market,
        last_rows.sum_second - before_rows.sum_second as sum_second
    from candidates
    inner join {{ ref('int_event_study__estimates') }} as estimates
        on
            candidates.symbol = estimates.symbol
            and candidates.model = estimates.model
            and candidates.session_number = estimates.session_number
    inner join {{ ref('int_event_study__series') }} as last_rows
        on
            candidates.symbol = last_rows.symbol
            and candidates.model = last_rows.model
            and candidates.last_number = last_rows.session_number
    inner join {{ ref('int_event_study__series') }} as before_rows
        on
            candidates.symbol = before_rows.symbol
            and candidates.model = before_rows.model
            and candidates.before_number = before_rows.session_number
    where
        last_rows.splits = before_rows.splits
        and last_rows.observations - before_rows.observations = candidates.sessions
),

deviations as (
    select
        symbol,
        model,
        session_number,
        event_window,
        alpha,
        beta,
        second_beta,
        residual_variance,
        observations,
        s_market_market,
        s_orthogonal,
        sessions,
        sum_share,
        sum_market,
        sum_market - sessions * mean_market as market_deviation,
        sum_second - sessions * mean_second
        - market_in_second * (sum_market - sessions * mean_market) as orthogonal_deviation
    from totals
),

cumulated as (
    select
        symbol,
        model,
        session_number,
        event_window,
        sum_share - sessions * alpha - beta * sum_market - second_beta * orthogonal_deviation
            as car,
        sqrt(residual_variance * (
            sessions
            + cast(sessions * sessions as double) / observations
            + market_deviation * market_deviation / s_market_market
            + coalesce(orthogonal_deviation * orthogonal_deviation / s_orthogonal, 0)
        )) as standard_error
    from deviations
)

select
    symbol,
    model,
    session_number,
    event_window,
    car,
    standard_error,
    car / standard_error as scar
from cumulated
