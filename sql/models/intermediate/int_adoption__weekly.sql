-- growth of a family's requests and its share's excess return, ISO week by ISO week
with definitions as (
    select definition
    from {{ source('seeds', 'event_kinds') }}
    where kind = 'milestone'
),

listed as (
    select
        families.family,
        listings.symbol,
        listings.exchange
    from {{ source('seeds', 'families') }} as families
    inner join {{ ref('int_companies__listings') }} as listings
        on
            families.company = listings.company
            and listings.is_primary_listing
),

-- a company may have several families
shares as (
    select distinct
        symbol,
        exchange
    from listed
),

requests as (
    select
        adoption.family,
        listed.symbol,
        adoption.definition,
        {{ week_start('adoption.activity_date') }} as week,
        case when count(adoption.net_1d) = 7 then sum(adoption.net_1d) end as net_1w
    from {{ ref('int_families__adopted_daily') }} as adoption
    inner join definitions
        on adoption.definition = definitions.definition
    inner join listed
        on adoption.family = listed.family
    group by
        adoption.family, listed.symbol, adoption.definition,
        {{ week_start('adoption.activity_date') }}
),

growing as (
    select
        family,
        symbol,
        definition,
        week,
        net_1w,
        lag(net_1w) over by_family as previous_net_1w,
        lag(week) over by_family as previous_week
    from requests
    window by_family as (partition by family, definition order by week)
),

priced_weeks as (
    select
        shares.symbol,
        {{ week_start('sessions.session_date') }} as week,
        case
            when count(returns.daily_return - market.factor_return) = count(*)
                then sum(returns.daily_return - market.factor_return)
        end as excess_return
    from shares
    inner join {{ ref('int_sessions__numbered') }} as sessions
        on shares.exchange = sessions.exchange
    left join {{ ref('int_returns__daily') }} as returns
        on
            shares.symbol = returns.symbol
            and sessions.session_date = returns.session_date
    left join {{ ref('int_factor_returns__daily') }} as market
        on
            shares.symbol = market.symbol
            and sessions.session_date = market.session_date
            and market.factor = 'market'
    group by shares.symbol, {{ week_start('sessions.session_date') }}
)

select
    growing.family,
    growing.symbol,
    growing.definition,
    growing.week,
    case
        when
            {{ days_between('growing.previous_week', 'growing.week') }} = 7
            and growing.net_1w > 0
            and growing.previous_net_1w > 0
            then ln(growing.net_1w / growing.previous_net_1w)
    end as growth,
    priced_weeks.excess_return,
    row_number() over (partition by growing.family, growing.definition order by growing.week) - 1
        as week_number,
    count(*) over (partition by growing.family, growing.definition) as weeks
from growing
left join priced_weeks
    on
        growing.symbol = priced_weeks.symbol
        and growing.week = priced_weeks.week
