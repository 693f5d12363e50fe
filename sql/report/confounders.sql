-- What else happened around the events
select
    confounder_date,
    affected_company,
    affected_country,
    what,
    verified,
    source
from dim_confounders
order by confounder_date, what;
