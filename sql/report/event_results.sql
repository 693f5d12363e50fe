-- Each event's cumulative abnormal return and verdict, by model and window; headlines first
select
    study.event_id,
    events.kind,
    events.event_date,
    events.company,
    events.claim,
    events.source,
    study.session_date,
    study.ticker,
    study.model,
    study.window_start,
    study.window_end,
    study.is_primary,
    study.is_primary_listing,
    study.car,
    study.car_lower,
    study.car_upper,
    study.scar,
    study.placebo_p,
    study.placebo_n,
    study.price_vintage,
    study.verdict,
    study.verdict_reason,
    study.confounders,
    study.other_events
from fct_event_study as study
inner join dim_events as events on study.event_id = events.event_id
order by
    study.is_primary desc, events.is_decisive desc, events.kind = 'headline' desc,
    events.event_date desc, study.event_id asc, study.ticker asc, study.model asc,
    study.window_start asc, study.window_end asc;
