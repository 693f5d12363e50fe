{{ config(materialized='view') }}
select
    story,
    company,
    ticker,
    event_group,
    last_event_date as as_of,
    verdict,
    answer,
    confounders,
    tests,
    p_adjusted_market_peers as p_adjusted,
    'of ' || cast(stories_tested as varchar) || ' stories tested '
    || cast(stories_distinguishable as varchar) || ' stand out, where chance alone gives up to '
    || cast(round(chance_expected, 1) as varchar) as how_sure
from {{ ref('fct_story_verdicts') }}
