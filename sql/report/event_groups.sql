-- Events of one kind together, with market and peers, in the primary window
select
    pooled.event_group,
    pooled.country,
    coalesce(countries.name, pooled.country) as country_name,
    pooled.events,
    pooled.events_not_testable,
    pooled.mean_car,
    pooled.kolari_pynnonen_p,
    pooled.verdict,
    pooled.verdict_reason
from fct_event_study_pooled as pooled
left join countries on pooled.country = countries.country
where pooled.is_primary
order by pooled.event_group, pooled.country;
