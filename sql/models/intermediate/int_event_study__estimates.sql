{% set sums = ['share', 'market', 'second'] %}
{% set products = [
    ('share', 'share'), ('share', 'market'), ('share', 'second'),
    ('market', 'market'), ('market', 'second'), ('second', 'second')
] %}

-- each session of the calendar as if it were an event's: the placebos are such sessions
with totals as (
    select
        last_rows.series_key - thresholds.estimation_end as series_key,
        last_rows.symbol,
        last_rows.model,
        last_rows.session_number - thresholds.estimation_end as session_number,
        thresholds.estimation_min_observations as min_observations,
        thresholds.estimation_end - thresholds.estimation_start + 1 as estimation_sessions,
        thresholds.least_daily_sd * thresholds.least_daily_sd as least_variance,
        case when last_rows.model = 'market' then 2 else 3 end as parameters,
        last_rows.splits - coalesce(first_rows.splits, 0) as splits,
        last_rows.observations - coalesce(first_rows.observations, 0) as observations,
        {% for name in sums %}
            last_rows.sum_{{ name }} - coalesce(first_rows.sum_{{ name }}, 0)
                as sum_{{ name }},
        {% endfor %}
    {% for one, other in products %}
        last_rows.sum_{{ one }}_{{ other }}
        - coalesce(first_rows.sum_{{ one }}_{{ other }}, 0)
            as sum_{{ one }}_{{ other }}{{ ',' if not loop.last }}
    {% endfor %}
    from {{ ref('int_event_study__series') }} as last_rows
    cross join {{ ref('stg_seeds__event_study_thresholds') }} as thresholds
    left join {{ ref('int_event_study__series') }} as first_rows
        on
            last_rows.series_key
            - (thresholds.estimation_end - thresholds.estimation_start + 1)
            = first_rows.series_key
),

moments as (
    select
        series_key,
        symbol,
        model,
        session_number,
        min_observations,
        estimation_sessions,
        least_variance,
        splits,
        observations,
        observations - parameters as degrees_of_freedom,
        {% for name in sums %}
            sum_{{ name }} / nullif(observations, 0) as mean_{{ name }},
        {% endfor %}
    {% for one, other in products %}
        sum_{{ one }}_{{ other }} - sum_{{ one }} * sum_{{ other }} / nullif(observations, 0)
            as s_{{ one }}_{{ other }}{{ ',' if not loop.last }}
    {% endfor %}
    from totals
),

-- the second factor is what of it the market does not explain
orthogonal as (
    select
        series_key,
        symbol,
        model,
        session_number,
        min_observations,
        estimation_sessions,
        least_variance,
        splits,
        observations,
        degrees_of_freedom,
        mean_share,
        mean_market,
        mean_second,
        s_share_share,
        s_share_market,
        s_market_market,
        case
            when s_market_market > observations * least_variance
                then s_market_second / s_market_market
        end as market_in_second,
        case
            when s_market_market > observations * least_variance
                then s_second_second - s_market_second * s_market_second / s_market_market
        end as s_orthogonal,
        case
            when s_market_market > observations * least_variance
                then s_share_second - s_market_second * s_share_market / s_market_market
        end as s_share_orthogonal
    from moments
),

fitted as (
    select
        series_key,
        symbol,
        model,
        session_number,
        min_observations,
        estimation_sessions,
        least_variance,
        splits,
        observations,
        degrees_of_freedom,
        mean_share,
        mean_market,
        mean_second,
        s_market_market,
        market_in_second,
        s_orthogonal,
        case
            when s_market_market > observations * least_variance
                then s_share_market / s_market_market
        end as beta,
        case
            when model = 'market' then 0.0
            when s_orthogonal > observations * least_variance
                then s_share_orthogonal / s_orthogonal
        end as second_beta,
        s_share_share
        - s_share_market * s_share_market / nullif(s_market_market, 0)
        - case
            when model = 'market' then 0.0
            else s_share_orthogonal * s_share_orthogonal / nullif(s_orthogonal, 0)
        end as squared_errors
    from orthogonal
)

select
    series_key,
    symbol,
    model,
    session_number,
    observations,
    degrees_of_freedom,
    mean_market,
    mean_second,
    s_market_market,
    case when model <> 'market' then s_orthogonal end as s_orthogonal,
    market_in_second,
    splits,
    mean_share - beta * mean_market as alpha,
    beta,
    second_beta,
    case when degrees_of_freedom > 0 then squared_errors / degrees_of_freedom end
        as residual_variance,
    case
        when observations < min_observations
            then
                observations || ' of the ' || estimation_sessions
                || ' sessions of the estimation window have prices, '
                || min_observations || ' are needed'
        when beta is null then 'zero variance: the market does not move in the estimation window'
        when second_beta is null
            then 'zero variance: the second factor does not move apart from the market'
        when squared_errors <= degrees_of_freedom * least_variance
            then 'zero variance: the share does not move apart from its factors'
    end as reason
from fitted
