-- Weekly growth of families against their makers' returns; a positive lag: growth comes first
select
    family,
    ticker,
    definition,
    lag_weeks,
    weeks,
    correlation,
    band,
    is_outside_band,
    reason
from fct_adoption_lead_lag
order by family, lag_weeks;
