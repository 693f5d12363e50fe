{{ built_by_day(judged=true, in_parts=true) }}

with followed as (
    select
        'listed' as kind,
        snapshot_date,
        lag(snapshot_date) over (partition by scope_id order by snapshot_date) as previous_date
    from {{ ref('stg_hub__snapshots') }}
    union all
    select
        'counted' as kind,
        snapshot_date,
        lag(snapshot_date) over (partition by scope_id order by snapshot_date) as previous_date
    from ({{ counted_days() }}) as counted_days
),

steps as (
    select
        kind,
        snapshot_date,
        previous_date
    from followed
    where
        previous_date is not null
        and snapshot_date {{ days_to_build() }}
),

present as (
    select
        steps.kind,
        counters.snapshot_date,
        counters.model_key
    from {{ ref('stg_hub__counters') }} as counters
    inner join steps
        on counters.snapshot_date = steps.snapshot_date
    where
        counters.snapshot_date {{ days_to_build() }}
        and (steps.kind = 'listed' or counters.downloads_all_time is not null)
)

select
    steps.kind,
    steps.snapshot_date,
    counters.model_key,
    steps.previous_date as last_date,
    counters.downloads_30d,
    counters.downloads_all_time,
    counters.likes
from {{ ref('stg_hub__counters') }} as counters
inner join steps
    on counters.snapshot_date = steps.previous_date
left join present
    on
        steps.kind = present.kind
        and steps.snapshot_date = present.snapshot_date
        and counters.model_key = present.model_key
where
    present.model_key is null
    and (steps.kind = 'listed' or counters.downloads_all_time is not null)
order by steps.snapshot_date, steps.kind, counters.model_key
