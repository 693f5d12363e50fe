-- China, United States, Europe, rest: which share of tokens goes to models of which country?
select
    share_date,
    segment as country_group,
    round(100 * point, 1) as pct_of_known,
    round(100 * lower_bound, 1) as pct_at_least,
    round(100 * upper_bound, 1) as pct_at_most,
    reason,
    source
from fct_token_share_daily
where segment_kind = 'country' and includes_free
order by share_date desc, pct_of_known desc;
