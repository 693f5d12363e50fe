-- Which families and publishers grew fastest over 7, 30, 90 days, and how fast do they double?
-- Which models moved most in rank?
(select
    kind, name, downloads_30d, growth_7d_vs_prior_21d, growth_30d, growth_90d,
    round(doubling_days, 1) as doubling_days, null as rank_change_7d
from fct_family_growth_daily
where activity_date = (select max(activity_date) from fct_family_growth_daily)
order by growth_7d_vs_prior_21d desc nulls last limit 40)
union all
(select
    'model', repo_id, downloads_30d, growth_7d_vs_prior_21d, growth_30d, growth_90d,
    round(doubling_days, 1), rank_change_7d
from fct_model_growth_daily
where activity_date = (select max(activity_date) from fct_model_growth_daily)
order by abs(rank_change_7d) desc nulls last limit 20);
