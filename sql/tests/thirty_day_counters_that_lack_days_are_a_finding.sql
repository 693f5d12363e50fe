{{ config(severity='warn') }}
-- the cumulative counter may be right all the same; shares by 30-day downloads are of fewer days
select
    snapshot_date,
    reason
from {{ ref('fct_snapshot_days') }}
where
    is_30d_short
    and snapshot_date = (
        select max(newest.snapshot_date)
        from {{ ref('fct_snapshot_days') }} as newest
    )
