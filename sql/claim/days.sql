-- The days that the page rests on
select
    snapshot_date,
    provenance,
    status,
    usable,
    reason,
    rows,
    scope_id
from fct_snapshot_days
where status <> 'missing' and snapshot_date - 1 <= $last_day
order by snapshot_date
