with known_bars as (
    select
        symbol,
        vintage,
        session_date,
        high,
        low,
        close,
        adj_close,
        volume,
        dividend,
        split_ratio,
        dividend_currency,
        oddities
    from {{ ref('stg_markets__bars') }}
    {% if var('prices_as_of', none) %}
        -- what was known at the end of that day: every vintage is kept
        where fetched_at < {{ days_after("date '" ~ var('prices_as_of') ~ "'", 1) }}
    {% endif %}
),

described as (
    select
        symbol,
        max(vintage) as vintage,
        {{ value_at_greatest('has_volume', 'vintage') }} as has_volume
    from (
        select
            symbol,
            vintage,
            coalesce(max(volume), 0) > 0 as has_volume
        from known_bars
        group by symbol, vintage
    ) as vintages
    group by symbol
)

select
    bars.symbol,
    bars.vintage,
    bars.session_date,
    bars.high,
    bars.low,
    bars.close,
    bars.adj_close,
    bars.volume,
    bars.dividend,
    bars.dividend_currency,
    bars.split_ratio,
    companies.company,
    companies.exchange,
    vintages.currency,
    case
        when bars.close is null and bars.adj_close is null and bars.oddities is null
            then 'no bar, only a dividend or a split'
        when not {{ is_price('bars.adj_close') }}
            then coalesce(bars.oddities, 'adj_close ' || bars.adj_close, 'adj_close is missing')
        -- an index has no volume, and never one price all day; a fund may have both every day
        when bars.volume = 0 and bars.high = bars.low and described.has_volume
            then 'no trade: volume 0 and one price all day'
    end as no_price_reason
from known_bars as bars
inner join described
    on
        bars.symbol = described.symbol
        and bars.vintage = described.vintage
left join {{ ref('stg_markets__vintages') }} as vintages
    on
        bars.symbol = vintages.symbol
        and bars.vintage = vintages.vintage
left join {{ source('seeds', 'companies') }} as companies
    on bars.symbol = companies.symbol
