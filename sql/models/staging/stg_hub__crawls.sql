select
    snapshot_date,
    scope,
    scope_id,
    pages,
    row_count,
    coalesce(is_complete, true) as is_complete,
    is_accepted,
    reasons,
    provenance,
    captured_at,
    odd_values,
    odd_value_count,
    left_out,
    load_id
from {{ source('raw', 'hub_snapshots') }}
