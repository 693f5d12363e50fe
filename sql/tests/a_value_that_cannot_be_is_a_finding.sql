{{ config(severity='warn') }}
-- it is NULL for its model, or the item is left out, and never costs the day
select
    snapshot_date,
    odd_values,
    left_out,
    odd_values_detail
from {{ ref('fct_snapshot_days') }}
where
    odd_values > 0
    and snapshot_date = (
        select max(newest.snapshot_date)
        from {{ ref('fct_snapshot_days') }} as newest
    )
