-- Cumulative abnormal return of each event of the story by model, in the primary window
select
    events.event_date,
    events.claim,
    study.model,
    study.car,
    study.car_lower,
    study.car_upper,
    study.placebo_p,
    study.verdict,
    study.verdict_reason
from fct_story_verdicts as stories
inner join dim_events as events on stories.story = events.story
inner join fct_event_study as study
    on events.event_id = study.event_id and stories.ticker = study.ticker and study.is_primary
where stories.story || '-' || stories.ticker = $key
order by events.event_date, study.model;
