with compared as (
    select
        event_id,
        symbol,
        model,
        event_window,
        critical_value,
        significance,
        placebo_p,
        placebo_n,
        placebo_floor,
        placebo_p_peers,
        placebo_n_peers,
        is_large,
        is_placebo_mute,
        is_distinguishable,
        count(*) over by_case as models_tested,
        count(*) filter (where is_distinguishable) over by_case as models_distinguishable
    from {{ ref('int_event_study__judged') }}
    window by_case as (partition by event_id, symbol, event_window)
)

select
    results.event_id,
    results.symbol as ticker,
    results.model,
    results.window_start,
    results.window_end,
    windows.is_primary and results.model = 'market_peers' and results.is_primary_listing
        as is_primary,
    results.event_group,
    results.company,
    results.country,
    results.is_primary_listing,
    results.session_date,
    results.first_session_date,
    results.last_session_date,
    results.alpha,
    results.beta,
    results.second_beta,
    results.residual_sd,
    results.observations,
    results.degrees_of_freedom,
    results.car,
    results.car - compared.critical_value * results.standard_error as car_lower,
    results.car + compared.critical_value * results.standard_error as car_upper,
    results.scar,
    compared.critical_value,
    compared.placebo_p,
    compared.placebo_n,
    compared.placebo_floor,
    compared.placebo_p_peers,
    compared.placebo_n_peers,
    results.price_vintage,
    case
        when results.reason is not null then 'not testable'
        when compared.is_distinguishable then 'distinguishable'
        else 'not distinguishable'
    end as verdict,
    case
        when results.reason is not null then results.reason
        when
            not compared.is_distinguishable
            and results.model = 'market_sector'
            and compared.models_distinguishable > 0
            and compared.models_distinguishable = compared.models_tested - 1
            then 'not separable from its sector that day'
        when not compared.is_large
            then
                '|SCAR| ' || {{ rounded_text('abs(results.scar)', 2) }} || ' is within '
                || {{ rounded_text('compared.critical_value', 2) }} || ', where chance alone puts '
                || {{ percent('(1 - compared.significance)') }}
        when not compared.is_distinguishable
            then
                'as large in ' || {{ percent('compared.placebo_p') }} || ' of '
                || compared.placebo_n || ' windows without the event'
        when compared.is_placebo_mute
            then
                '|SCAR| ' || {{ rounded_text('abs(results.scar)', 2) }} || ' is beyond '
                || {{ rounded_text('compared.critical_value', 2) }}
                || '; too few windows before to compare with'
        else
            '|SCAR| ' || {{ rounded_text('abs(results.scar)', 2) }} || ' is beyond '
            || {{ rounded_text('compared.critical_value', 2) }} || ', and as large in only '
            || {{ percent('compared.placebo_p') }} || ' of ' || compared.placebo_n
            || ' windows without the event'
    end as verdict_reason,
    confounders.confounders,
    confounders.other_events
from {{ ref('int_event_study__results') }} as results
inner join {{ source('seeds', 'event_windows') }} as windows
    on results.event_window = windows.event_window
inner join {{ ref('int_event_study__confounders') }} as confounders
    on
        results.event_id = confounders.event_id
        and results.symbol = confounders.symbol
        and results.event_window = confounders.event_window
left join compared
    on
        results.event_id = compared.event_id
        and results.symbol = compared.symbol
        and results.model = compared.model
        and results.event_window = compared.event_window
order by
    results.event_id, results.symbol, results.model, results.window_start, results.window_end
