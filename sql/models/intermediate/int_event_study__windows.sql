with totals as (
    select
        estimates.series_key,
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
        last_rows.observations - before_rows.observations as observed_sessions,
        last_rows.splits - before_rows.splits as splits,
        last_rows.sum_share - before_rows.sum_share as sum_share,
        last_rows.sum_market - before_rows.sum_market as sum_market,
        last_rows.sum_second - before_rows.sum_second as sum_second
    from {{ ref('int_event_study__estimates') }} as estimates
    cross join {{ source('seeds', 'event_windows') }} as windows
    inner join {{ ref('int_event_study__series') }} as last_rows
        on estimates.series_key + windows.end_session = last_rows.series_key
    inner join {{ ref('int_event_study__series') }} as before_rows
        on estimates.series_key + windows.start_session - 1 = before_rows.series_key
    where estimates.reason is null and estimates.splits = 0
),

deviations as (
    select
        series_key,
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
    where observed_sessions = sessions and splits = 0
),

cumulated as (
    select
        series_key,
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
    series_key,
    symbol,
    model,
    session_number,
    event_window,
    car,
    standard_error,
    car / standard_error as scar
from cumulated
