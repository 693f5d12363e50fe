-- Which of the 40 most downloaded families and publishers grew fastest over 7, 30, 90 days, how fast does each
-- double? Which of the 1,000 first models moved most in rank? Below them a handful of requests is a leap.
with windows as (
    unpivot (
        select kind, name, downloads_30d, doubling_days, growth_7d_vs_prior_21d, growth_30d, growth_90d
        from fct_family_growth_daily
        where activity_date = (select max(activity_date) from fct_family_growth_daily)
        qualify row_number() over (partition by kind order by downloads_30d desc, name) <= 40
    ) on growth_7d_vs_prior_21d, growth_30d, growth_90d into name measure value figure
)
select
    measure || ', %' as measure, kind, name, round(100 * figure, 1) as figure,
    round(doubling_days, 1) as doubling_days, cast(downloads_30d as bigint) as downloads_30d
from windows
qualify row_number() over (partition by measure, kind order by figure desc) <= 10
union all
(select
    'ranks gained in 7 days', 'model', repo_id || ', now ' || rank_downloads_30d, rank_change_7d,
    round(doubling_days, 1), downloads_30d
from fct_model_growth_daily
where activity_date = (select max(activity_date) from fct_model_growth_daily)
    and least(rank_downloads_30d, rank_downloads_30d + rank_change_7d) <= 1000
order by abs(rank_change_7d) desc limit 20)
order by measure, kind, figure desc;
