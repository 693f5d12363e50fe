-- every case with what its estimate and its window say; nothing where it could not be tested
select
    cases.event_id,
    cases.symbol,
    listings.event_group,
    listings.company,
    listings.country,
    listings.is_primary_listing,
    cases.session_date,
    cases.model,
    cases.event_window,
    cases.start_session as window_start,
    cases.end_session as window_end,
    cases.first_session_date,
    cases.last_session_date,
    cases.price_vintage,
    cases.observations,
    cases.reason,
    estimates.alpha,
    estimates.beta,
    case when cases.model <> 'market' then estimates.second_beta end as second_beta,
    sqrt(estimates.residual_variance) as residual_sd,
    estimates.degrees_of_freedom,
    windows.car,
    windows.standard_error,
    windows.scar
from {{ ref('int_event_study__cases') }} as cases
inner join {{ ref('int_events__listings') }} as listings
    on
        cases.event_id = listings.event_id
        and cases.symbol = listings.symbol
left join {{ ref('int_event_study__estimates') }} as estimates
    on
        cases.symbol = estimates.symbol
        and cases.model = estimates.model
        and cases.session_number = estimates.session_number
        and cases.reason is null
left join {{ ref('int_event_study__windows') }} as windows
    on
        cases.symbol = windows.symbol
        and cases.model = windows.model
        and cases.event_window = windows.event_window
        and cases.session_number = windows.session_number
        and cases.reason is null
