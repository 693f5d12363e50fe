select
    confounder,
    confounder_date,
    affected_company,
    affected_country,
    what,
    verified,
    source
from {{ ref('stg_seeds__confounders') }}
order by confounder_date, confounder
