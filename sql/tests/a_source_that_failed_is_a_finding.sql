{{ config(severity='warn') }}
-- freshness policies are looked at only while a daemon runs; this says the same after every build
select
    snapshot_date,
    data_source,
    statuses,
    detail
from {{ ref('fct_source_status_daily') }}
where
    not is_ok
    and snapshot_date = (
        select max(newest.snapshot_date)
        from {{ ref('fct_source_status_daily') }} as newest
    )
