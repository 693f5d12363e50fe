-- Six most downloaded families of listed companies: downloads a day by lineage (mean of 7 days)
-- and the adjusted close of the company's share, in New York where it has two listings.
-- A family that somebody published a figure about comes first
with shares as (
    select
        company,
        min_by(symbol, case when exchange = 'XNYS' then 0 else 1 end) as symbol
    from companies
    where kind = 'company' and company is not null
    group by company
),

priced as (
    select distinct symbol
    from fct_ticker_returns_daily
),

claimed as (
    select distinct family
    from published_claims
),

largest as (
    select
        families.family,
        families.name,
        shares.symbol,
        claimed.family is not null as is_claimed,
        families.downloads_30d_lineage
    from dim_families as families
    inner join shares on families.company = shares.company
    inner join priced on shares.symbol = priced.symbol
    left join claimed on families.family = claimed.family
    order by families.downloads_30d_lineage desc nulls last
    limit 6
),

flows as (
    select
        family,
        activity_date,
        avg(net_1d) over (
            partition by family
            order by activity_date
            range between interval 6 day preceding and current row
        ) as downloads_per_day,
        count(net_1d) over (
            partition by family
            order by activity_date
            range between interval 6 day preceding and current row
        ) as days_known
    from fct_family_adoption_daily
    where definition = 'lineage'
)

select
    largest.family,
    largest.name,
    largest.symbol,
    flows.activity_date,
    flows.downloads_per_day,
    prices.adj_close,
    prices.currency,
    prices.vintage
from largest
inner join flows on largest.family = flows.family
inner join fct_ticker_returns_daily as prices
    on largest.symbol = prices.symbol and flows.activity_date = prices.session_date
where flows.days_known = 7
order by
    largest.is_claimed desc, largest.downloads_30d_lineage desc, largest.family asc,
    flows.activity_date asc;
