-- The publication, and where its days came from
select
    about.snapshot_date,
    about.provenance,
    about.published_at,
    about.versions,
    about.scope_id,
    split_part(days.provenance, ':', 1) as origin,
    count(days.snapshot_date) as days,
    min(days.snapshot_date) as first_day,
    max(days.snapshot_date) as last_day
from about
left join fct_snapshot_days as days on days.accepted
group by all
order by first_day;
