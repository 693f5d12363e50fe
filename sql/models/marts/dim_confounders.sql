select
    confounder,
    confounder_date,
    affected_company,
    affected_country,
    what,
    verified,
    source
from {{ source('seeds', 'confounders') }}
order by confounder_date, confounder
