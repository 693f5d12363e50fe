-- Which days can be trusted, and where each came from
select
    snapshot_date,
    status,
    usable,
    is_provisional,
    accepted,
    provenance,
    scope,
    rows as models,
    ratio,
    reason
from fct_snapshot_days
order by snapshot_date;
