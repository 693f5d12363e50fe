-- What the story did to the company's share, in one sentence
select
    verdicts.story,
    verdicts.ticker,
    verdicts.tests,
    verdicts.verdict,
    verdicts.answer,
    verdicts.stories_tested,
    verdicts.stories_distinguishable,
    verdicts.chance_expected
from fct_story_verdicts as verdicts
where
    verdicts.company = $company
    and verdicts.event_group <> 'release'
    and verdicts.first_event_date <= $day + 7
    and verdicts.last_event_date >= $day - 7
order by verdicts.event_group <> 'headline', abs(verdicts.last_event_date - $day), verdicts.story
