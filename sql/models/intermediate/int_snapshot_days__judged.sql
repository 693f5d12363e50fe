{{ config(materialized='view') }}
select
    snapshot_date,
    usable,
    usable and status <> 'no_counter' as is_counted,
    load_id || case when usable then ' usable' else ' held' end as load_id
from {{ ref('fct_snapshot_days') }}
where accepted
