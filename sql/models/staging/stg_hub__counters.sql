select
    snapshot_date,
    model_key,
    downloads_30d,
    downloads_all_time,
    likes,
    trending_score
from {{ source('raw', 'hub_model_counters') }}
where snapshot_date in (
    select accepted.snapshot_date
    from {{ source('raw', 'hub_snapshots') }} as accepted
    where accepted.is_accepted
)
