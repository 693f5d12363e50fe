-- Plain returns of the company's primary share, its market and its peers, session by session
select
    returns.symbol,
    returns.session_date,
    round(100 * returns.simple_return, 2) as return_pct
from fct_ticker_returns_daily as returns
inner join companies on returns.symbol = companies.symbol
where
    companies.company = $company
    and returns.session_date between $day - 6 and $day + 3
order by companies.is_primary_listing desc, returns.symbol, returns.session_date
