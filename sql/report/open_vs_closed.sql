-- Open against closed, each channel with its own denominator
select
    activity_date,
    channel,
    open_value,
    closed_value,
    share,
    lower_bound,
    upper_bound,
    unit,
    source,
    vintage,
    licence
from fct_open_vs_closed_daily
order by channel, activity_date;
