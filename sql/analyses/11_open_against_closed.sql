-- Open against closed through each channel: by how much, between which bounds, and who says so?
select
    activity_date,
    channel,
    measure,
    round(value, 4) as measured_value,
    round(lower_bound, 4) as at_least,
    round(upper_bound, 4) as at_most,
    open_value,
    closed_value,
    unit,
    reason,
    source
from fct_open_vs_closed_daily
where activity_date > (select max(activity_date) from fct_open_vs_closed_daily) - 7
order by channel asc, activity_date desc;
