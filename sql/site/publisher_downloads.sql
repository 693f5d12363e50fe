-- Downloads of the account by day: the counter of 30 days, and the mean of 7 days
select
    activity_date,
    downloads_30d,
    net_7d / 7 as downloads_per_day
from fct_family_growth_daily
where kind = 'publisher' and name = $key and not is_edge_interpolated
order by activity_date;
