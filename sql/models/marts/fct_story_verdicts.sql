{% set models = ['market', 'market_sector', 'market_peers'] %}
{% set figures = [
    'tests', 'event_id', 'session_date', 'car', 'scar', 'placebo_p', 'placebo_n', 'p_alone',
    'p_adjusted', 'is_placebo_mute', 'verdict'
] %}

with told as (
    select
        listings.story,
        listings.symbol,
        listings.company,
        min(listings.event_group) as event_group,
        {{ array_in_order('listings.event_id', ['dated.event_at', 'listings.event_id']) }}
            as events,
        count(*) as events_told,
        count(tests.event_id) as events_testable,
        min(dated.event_date) as first_event_date,
        max(dated.event_date) as last_event_date
    from {{ ref('int_events__listings') }} as listings
    inner join {{ ref('int_events__dated') }} as dated
        on listings.event_id = dated.event_id
    inner join {{ source('seeds', 'event_windows') }} as windows
        on windows.is_primary
    left join {{ ref('int_event_study__results') }} as tests
        on
            listings.tested_event_id = tests.event_id
            and listings.symbol = tests.symbol
            and windows.event_window = tests.event_window
            and tests.model = 'market_peers'
            and tests.reason is null
    where listings.is_primary_listing
    group by listings.story, listings.symbol, listings.company
),

-- once each, however many windows of the story it falls into
happened as (
    select distinct
        listings.story,
        listings.symbol,
        confounders.confounder,
        confounders.confounder_date,
        confounders.said
    from {{ ref('int_confounders__of_windows') }} as confounders
    inner join {{ ref('int_events__listings') }} as listings
        on
            confounders.event_id = listings.event_id
            and confounders.symbol = listings.symbol
    inner join {{ source('seeds', 'event_windows') }} as windows
        on
            confounders.event_window = windows.event_window
            and windows.is_primary
),

confounding as (
    select
        story,
        symbol,
        count(*) as reasons,
        {{ joined('said', '; ', 'confounder_date, confounder') }} as confounders
    from happened
    group by story, symbol
),

-- each model's p in words; the market alone speaks for the others where there are no peers
worded as (
    select
        *,
        case
            when p_adjusted is null then 'not testable'
            when p_adjusted < 0.001 then 'p below 0.001'
            else 'p ' || {{ rounded_text('p_adjusted', 3) }}
        end
        || case
            when tests > 1
                then ', ' || {{ rounded_text('p_alone', 3) }} || ' for ' || session_date || ' alone'
            else ''
        end as said
    from {{ ref('int_event_study__stories') }}
),

answered as (
    select
        told.story,
        told.symbol,
        told.company,
        told.event_group,
        told.events,
        told.events_told,
        told.events_testable,
        told.first_event_date,
        told.last_event_date,
        {% for model in models %}
            {% for figure in figures %}
                {{ model }}.{{ figure }} as {{ figure }}_{{ model }},
            {% endfor %}
        {% endfor %}
        confounding.confounders,
        thresholds.significance,
        market_peers.price_vintage,
        case
            when market_sector.strength < coalesce(market_peers.strength, market.strength)
                then 'Not separable from its sector (' || market_sector.said || '): '
            when market_sector.strength > coalesce(market_peers.strength, market.strength)
                then 'Distinguishable from its sector alone (' || market_sector.said || '): '
            else ''
        end
        || case
            when market_peers.strength is null
                then
                    'not testable by market and peers (' || market_peers.reason || ')'
            else
                told.symbol || ' moved '
                || case when market_peers.car >= 0 then '+' else '' end
                || {{ percent('(exp(market_peers.car) - 1)') }}
                || ' beyond market and peers from ' || market_peers.session_date
                || case
                    when market_peers.strength = 2 then ', more than chance explains'
                    when market_peers.strength = 1
                        then
                            ', which would count alone, and cannot be told from chance when '
                            || market_peers.tests || ' tests of the same story are counted'
                    else ', which cannot be told from chance'
                end
                || ' (' || market_peers.said || ')'
        end
        || case
            when market_sector.strength = coalesce(market_peers.strength, market.strength)
                then '; by market and sector ' || market_sector.said
            when market_sector.strength is null and market.strength is not null
                then '; by market and sector not testable'
            else ''
        end
        || case
            when market.strength is not null then '; by market alone ' || market.said
            else ''
        end
        || case
            when market_peers.is_placebo_mute
                then '; there are too few windows before to confirm it'
            else ''
        end
        || case
            when told.events_testable between 1 and told.events_told - 1
                then
                    '; ' || told.events_testable || ' of its ' || told.events_told
                    || ' events could be tested'
            else ''
        end
        || case
            when confounding.reasons > 0
                then
                    '; ' || confounding.reasons || case
                        when confounding.reasons = 1 then ' other reason' else ' other reasons'
                    end || ' for a move in these sessions known'
            else ''
        end
        || '.' as answer
    from told
    cross join {{ ref('stg_seeds__event_study_thresholds') }} as thresholds
    inner join worded as market
        on
            told.story = market.story
            and told.symbol = market.symbol
            and market.model = 'market'
    inner join worded as market_sector
        on
            told.story = market_sector.story
            and told.symbol = market_sector.symbol
            and market_sector.model = 'market_sector'
    inner join worded as market_peers
        on
            told.story = market_peers.story
            and told.symbol = market_peers.symbol
            and market_peers.model = 'market_peers'
    left join confounding
        on
            told.story = confounding.story
            and told.symbol = confounding.symbol
)

select
    story,
    company,
    symbol as ticker,
    event_group,
    events,
    events_told,
    events_testable,
    first_event_date,
    last_event_date,
    verdict_market_peers as verdict,
    upper(left(answer, 1)) || substr(answer, 2) as answer,
    {% for model in models %}
        {% for figure in figures %}
            {{ figure }}_{{ model }},
        {% endfor %}
    {% endfor %}
    tests_market_peers as tests,
    confounders,
    count(p_adjusted_market_peers) over () as stories_tested,
    count(*) filter (where verdict_market_peers = 'distinguishable') over ()
        as stories_distinguishable,
    significance * count(p_adjusted_market_peers) over () as chance_expected,
    price_vintage
from answered
order by first_event_date, story, ticker
