-- what else happened between the last close before a window and the end of it
select distinct
    cases.event_id,
    cases.symbol,
    cases.event_window,
    confounders.confounder,
    confounders.confounder_date,
    confounders.confounder_date || ' ' || confounders.what
    || case when confounders.verified then '' else ' (not verified)' end as said
from {{ ref('int_event_study__cases') }} as cases
inner join {{ ref('int_companies__listings') }} as listings
    on cases.symbol = listings.symbol
inner join {{ source('seeds', 'confounders') }} as confounders
    on
        cases.session_date_before < confounders.confounder_date
        and cases.last_session_date >= confounders.confounder_date
        and coalesce(listings.company = confounders.affected_company, true)
        and coalesce(listings.country = confounders.affected_country, true)
