-- Weekly growth of families against their makers' returns; a positive lag: growth comes first
select
    study.family,
    coalesce(families.name, study.family) as name,
    study.ticker,
    study.definition,
    study.lag_weeks,
    study.weeks,
    study.correlation,
    study.band,
    study.is_outside_band,
    study.reason
from fct_adoption_lead_lag as study
left join families on study.family = families.family
order by study.family, study.lag_weeks;
