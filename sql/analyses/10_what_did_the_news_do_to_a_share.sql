-- What did the 700M news do to BABA? Each report of it under the three models, in the two sessions
-- from the first close after it; what else happened then
select
    events.event_date,
    events.event_id,
    study.model,
    study.is_primary,
    study.session_date,
    round(100 * study.car, 2) as car_pct,
    round(100 * study.car_lower, 2) as car_lower_pct,
    round(100 * study.car_upper, 2) as car_upper_pct,
    round(study.scar, 2) as scar,
    round(study.placebo_p, 3) as placebo_p,
    study.verdict,
    study.verdict_reason,
    study.price_vintage,
    study.confounders,
    study.other_events
from fct_event_study as study
inner join dim_events as events using (event_id)
where
    events.event_id like 'qwen-700m%' and study.ticker = 'BABA'
    and study.window_start = 0 and study.window_end = 1
order by events.event_at, study.model;
