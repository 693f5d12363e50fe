-- Events of one kind together, with market and peers, in the primary window
select
    event_group,
    country,
    events,
    events_not_testable,
    mean_car,
    kolari_pynnonen_p,
    verdict,
    verdict_reason
from fct_event_study_pooled
where is_primary
order by event_group, country;
