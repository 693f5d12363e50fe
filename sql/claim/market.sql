-- What the company's shares did around the news, by three models of what is normal, in the primary
-- window, and what else happened
select
    events.event_id,
    events.event_date,
    events.kind,
    events.claim,
    events.untestable_reason,
    study.ticker,
    study.model,
    study.is_primary,
    study.first_session_date,
    study.last_session_date,
    round(100 * (exp(study.car) - 1), 2) as car_pct,
    round(study.scar, 2) as scar,
    round(study.placebo_p, 3) as placebo_p,
    study.placebo_n,
    study.verdict,
    study.verdict_reason,
    study.price_vintage
from dim_events as events
left join event_windows as windows
    on windows.is_primary
left join fct_event_study as study
    on
        events.event_id = study.event_id
        and windows.start_session = study.window_start
        and windows.end_session = study.window_end
where
    events.company = $company
    and events.kind <> 'open_release'
    and events.event_date between $day - 7 and $day + 7
order by events.event_date, events.event_id, study.is_primary_listing desc, study.ticker, study.model
