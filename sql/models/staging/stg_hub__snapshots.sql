select
    snapshot_date,
    {{ days_after('snapshot_date', -1) }} as activity_date,
    scope,
    scope_id,
    row_count,
    lacks,
    provenance,
    origin,
    coalesce(captured_at, cast(snapshot_date as timestamp)) as captured_at,
    load_id
from {{ source('raw', 'hub_snapshots') }}
where is_accepted
