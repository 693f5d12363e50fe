{{ config(materialized='view') }}
with days as (
    select
        snapshots.snapshot_date,
        snapshots.load_id,
        coalesce(statuses.usable, false) as usable,
        coalesce(statuses.usable and statuses.status <> 'no_counter', false) as is_counted
    from {{ ref('stg_hub__snapshots') }} as snapshots
    left join {{ ref('int_snapshot_days__statuses') }} as statuses
        on snapshots.snapshot_date = statuses.snapshot_date
),

-- what a pass over cards saw holds from its day on: a day is classified by all passes up to it
passes as (
    select
        days.snapshot_date,
        max(cast(cards.snapshot_date as string) || ' ' || cards.crawl) as newest
    from days
    inner join {{ ref('stg_hub__licence_card_passes') }} as cards
        on days.snapshot_date >= cards.snapshot_date
    group by days.snapshot_date
)

select
    days.snapshot_date,
    days.usable,
    days.is_counted,
    days.load_id || case when days.usable then ' usable' else ' held' end
    || coalesce(' cards ' || passes.newest, '') as load_id
from days
left join passes
    on days.snapshot_date = passes.snapshot_date
