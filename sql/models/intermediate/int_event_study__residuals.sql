-- abnormal returns of testable events, of the estimation window and of all event windows
with windows as (
    select
        min(start_session) as start_session,
        max(end_session) as end_session
    from {{ source('seeds', 'event_windows') }}
),

tested as (
    select distinct
        event_id,
        symbol,
        model,
        session_number,
        price_vintage
    from {{ ref('int_event_study__cases') }}
    where reason is null
),

observed as (
    select
        tested.event_id,
        tested.symbol,
        tested.model,
        tested.price_vintage,
        series.session_date,
        series.session_number - tested.session_number as relative_session,
        series.session_number
        <= tested.session_number + thresholds.estimation_end as is_estimation,
        series.share_return,
        estimates.alpha
        + estimates.beta * series.market_return
        + estimates.second_beta * (
            series.second_return - estimates.mean_second
            - estimates.market_in_second * (series.market_return - estimates.mean_market)
        ) as expected_return,
        series.market_return - estimates.mean_market as market_deviation,
        series.second_return - estimates.mean_second
        - estimates.market_in_second * (series.market_return - estimates.mean_market)
            as orthogonal_deviation,
        estimates.residual_variance,
        estimates.observations,
        estimates.degrees_of_freedom,
        estimates.s_market_market,
        estimates.s_orthogonal
    from tested
    cross join {{ ref('stg_seeds__event_study_thresholds') }} as thresholds
    cross join windows
    inner join {{ ref('int_event_study__estimates') }} as estimates
        on
            tested.symbol = estimates.symbol
            and tested.model = estimates.model
            and tested.session_number = estimates.session_number
    inner join {{ ref('int_event_study__series') }} as series
        on
            tested.symbol = series.symbol
            and tested.model = series.model
            and tested.session_number + thresholds.estimation_start <= series.session_number
            and tested.session_number + windows.end_session >= series.session_number
    where
        series.share_return is not null
        and (
            series.session_number <= tested.session_number + thresholds.estimation_end
            or series.session_number >= tested.session_number + windows.start_session
        )
)

select
    event_id,
    symbol,
    model,
    price_vintage,
    session_date,
    relative_session,
    is_estimation,
    share_return,
    expected_return,
    share_return - expected_return as abnormal_return,
    sqrt(residual_variance * (
        1
        + 1e0 / observations
        + market_deviation * market_deviation / s_market_market
        + coalesce(orthogonal_deviation * orthogonal_deviation / s_orthogonal, 0)
    )) as standard_error,
    (share_return - expected_return) / sqrt(residual_variance * degrees_of_freedom)
        as unit_residual
from observed
