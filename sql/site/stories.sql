-- Stories about a share, each with a page of its own
select
    story || '-' || ticker as key,
    company,
    ticker,
    verdict,
    last_event_date
from fct_story_verdicts
order by last_event_date desc, key asc;
