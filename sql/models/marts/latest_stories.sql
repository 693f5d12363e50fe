{{ published_view() }}
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
    'of ' || cast(stories_tested as string) || ' stories tested '
    || cast(stories_distinguishable as string) || ' stand out, where chance alone gives up to '
    || {{ rounded_text('chance_expected', 1) }} as how_sure
from {{ ref('fct_story_verdicts') }}
