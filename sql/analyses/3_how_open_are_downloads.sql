-- What share of downloads goes to each group of openness, per day, and how fast is it moving?
select
    activity_date,
    scope_id,
    openness_group,
    round(100 * share_downloads_30d, 2) as pct_of_downloads_30d,
    round(100 * share_net_1d, 2) as pct_of_the_day,
    round(100 * share_downloads_30d_change_28d, 2) as points_in_28_days
from fct_openness_groups_daily
where relations = 'all'
order by activity_date desc, pct_of_downloads_30d desc;
