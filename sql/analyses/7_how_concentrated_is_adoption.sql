-- How concentrated is adoption? Which models have attention without use, or use without attention?
select
    'concentration over ' || grouped_by as what,
    'hhi ' || round(hhi, 4) || ', ten largest ' || round(100 * share_top_10, 1) || ' %' as value
from fct_concentration_daily
where activity_date = (select max(activity_date) from fct_concentration_daily)
union all
(select 'attention without use', format('{}: {:,} likes, {:,} downloads', repo_id, likes, downloads_all_time)
from dim_models
where likes >= 20 and is_listed
order by likes_per_1000_downloads desc nulls last limit 4)
union all
(select 'use without attention', format('{}: {:,} likes, {:,} downloads', repo_id, likes, downloads_all_time)
from dim_models
where downloads_all_time >= 100000 and is_listed
order by likes_per_1000_downloads limit 4);
