{{ config(materialized='view') }}
select
    days.snapshot_date,
    days.load_id || ' ' || ages.edition as load_id
from {{ ref('stg_hub__evidence_days') }} as days
cross join {{ ref('int_models__ages') }} as ages
