-- Each story with its verdict after all its tests, and the event that it rests on; headlines first
select
    stories.story,
    stories.company,
    stories.ticker,
    stories.first_event_date,
    stories.last_event_date,
    stories.tests,
    stories.verdict,
    stories.answer,
    stories.event_id_market_peers as event_id,
    study.session_date,
    study.car,
    study.car_lower,
    study.car_upper,
    study.verdict_reason,
    stories.p_alone_market_peers,
    stories.p_adjusted_market_peers,
    stories.p_adjusted_market_sector,
    stories.p_adjusted_market,
    stories.confounders,
    stories.stories_tested,
    stories.stories_distinguishable,
    stories.chance_expected,
    stories.price_vintage,
    events.kind,
    events.event_date,
    events.claim
from fct_story_verdicts as stories
inner join dim_events as events
    on stories.event_id_market_peers = events.event_id
left join fct_event_study as study
    on
        stories.event_id_market_peers = study.event_id
        and stories.ticker = study.ticker
        and study.is_primary
order by
    events.is_decisive desc, events.kind in ('headline', 'report') desc,
    stories.last_event_date desc, stories.story asc, stories.ticker asc;
