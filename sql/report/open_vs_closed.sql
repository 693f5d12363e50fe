-- Open against closed, each channel with its own denominator
select
    activity_date,
    channel,
    measure,
    value,
    lower_bound,
    upper_bound,
    open_value,
    closed_value,
    unit,
    window_days,
    reason,
    vintage,
    source,
    licence
from fct_open_vs_closed_daily
order by channel, activity_date;
