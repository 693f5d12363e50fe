{% set second_factors = {'market_sector': 'sector', 'market_peers': 'peers'} %}

with vintages as (
    select
        symbol,
        max(vintage) as vintage
    from {{ ref('int_returns__daily') }}
    group by symbol
),

components as (
    select
        components.symbol,
        components.factor,
        components.component,
        components.reason,
        vintages.vintage
    from {{ ref('int_factors__components') }} as components
    left join vintages
        on components.component = vintages.symbol
),

shares as (
    select
        listings.symbol,
        listings.exchange,
        vintages.vintage
    from {{ ref('int_companies__listings') }} as listings
    left join vintages
        on listings.symbol = vintages.symbol
),

models as (
    select
        symbol,
        exchange,
        vintage,
        'market' as model,
        cast(null as string) as second_factor
    from shares
    {% for model, factor in second_factors.items() %}
        union all
        select
            symbol,
            exchange,
            vintage,
            '{{ model }}' as model,
            '{{ factor }}' as second_factor
        from shares
    {% endfor %}
),

described as (
    select
        models.symbol,
        models.exchange,
        models.model,
        models.second_factor,
        models.vintage,
        count(components.component) filter (where components.factor = 'market') as markets,
        count(components.component) filter (where components.factor = models.second_factor)
            as second_components,
        min(components.reason) as component_reason,
        {{ joined(
            "components.component || ' ' || coalesce(cast(components.vintage as string), 'none')",
            ', ', 'components.factor, components.component'
        ) }} as component_vintages
    from models
    left join components
        on
            models.symbol = components.symbol
            and (components.factor = 'market' or models.second_factor = components.factor)
    group by
        models.symbol, models.exchange, models.model, models.second_factor, models.vintage
)

select
    symbol,
    exchange,
    model,
    second_factor,
    symbol || ' ' || coalesce(cast(vintage as string), 'none')
    || coalesce(', ' || component_vintages, '') as price_vintage,
    case
        when vintage is null then 'no price of ' || symbol || ' was ever stored'
        when markets = 0 then symbol || ' has no market_symbol in the seed companies'
        when second_factor is not null and second_components = 0
            then symbol || ' has no ' || second_factor || ' in the seed companies'
        else component_reason
    end as reason
from described
