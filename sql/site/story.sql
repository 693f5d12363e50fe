-- What the story did to the share, and the events that it is made of
select
    stories.*,
    (
        select list({event_date: events.event_date, claim: events.claim, source: events.source}
            order by events.event_date, events.event_id)
        from dim_events as events
        where events.story = stories.story
    ) as told
from fct_story_verdicts as stories
where stories.story || '-' || stories.ticker = $key;
