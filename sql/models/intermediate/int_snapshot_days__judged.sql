{{ config(materialized='view') }}
with days as (
    select
        snapshot_date,
        usable,
        usable and status <> 'no_counter' as is_counted,
        load_id || case when usable then ' usable' else ' held' end as load_id
    from {{ ref('fct_snapshot_days') }}
    where accepted
),

-- what a pass over cards saw holds from its day on: a day is classified by all passes up to it
passes as (
    select
        days.snapshot_date,
        max(cast(cards.snapshot_date as varchar) || ' ' || cards.crawl) as newest
    from days
    inner join {{ ref('stg_hub__licence_card_passes') }} as cards
        on days.snapshot_date >= cards.snapshot_date
    group by days.snapshot_date
)

select
    days.snapshot_date,
    days.usable,
    days.is_counted,
    days.load_id || coalesce(' cards ' || passes.newest, '') as load_id
from days
left join passes
    on days.snapshot_date = passes.snapshot_date
