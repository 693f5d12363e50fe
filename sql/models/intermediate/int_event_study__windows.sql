with totals as (
    select
        estimates.symbol,
        estimates.model,
        estimates.session_number,
        windows.event_window,
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
        windows.end_session - windows.start_session + 1 as sessions,
        last_rows.sum_share - first_rows.sum_share as sum_share,
        last_rows.sum_market - first_rows.sum_market as sum_market,
        last_rows.sum_second - first_rows.sum_second as sum_second
    from {{ ref('int_event_study__estimates') }} as estimates
    cross join {{ ref('stg_seeds__event_windows') }} as windows
    inner join {{ ref('int_event_study__series') }} as last_rows
        on
            estimates.symbol = last_rows.symbol
            and estimates.model = last_rows.model
            and estimates.session_number + windows.end_session = last_rows.session_number
    inner join {{ ref('int_event_study__series') }} as first_rows
        on
            estimates.symbol = first_rows.symbol
            and estimates.model = first_rows.model
            and estimates.session_number + windows.start_session - 1 = first_rows.session_number
    where
        estimates.reason is null
        and estimates.splits = 0
        and last_rows.splits = first_rows.splits
        and last_rows.observations - first_rows.observations
        = windows.end_session - windows.start_session + 1
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
