{{ built_by_day(seeds=['day_quality_thresholds']) }}

with -- only a day on which many models fell can open a rollback; there is seldom any
falls as (
    select
        totals.scope_id,
        totals.snapshot_date as fall_date,
        totals.previous_date as base_date,
        {{ days_after('totals.snapshot_date', 'thresholds.rollback_max_days') }} as last_date
    from {{ ref('int_snapshot_days__totals') }} as totals
    cross join {{ ref('stg_seeds__day_quality_thresholds') }} as thresholds
    where
        totals.panel_models > 0
        and totals.decreased_models >= thresholds.rollback_share * totals.panel_models
),

pairs as (
    select
        totals.snapshot_date,
        falls.base_date
    from falls
    inner join {{ ref('int_snapshot_days__totals') }} as totals
        on
            falls.scope_id = totals.scope_id
            and totals.snapshot_date between falls.fall_date and falls.last_date
    where totals.snapshot_date {{ days_to_build() }}
),

deltas as (
    select
        pairs.snapshot_date,
        pairs.base_date,
        cast(today.downloads_all_time as double) - base.downloads_all_time as delta
    from pairs
    inner join {{ ref('stg_hub__counters') }} as base
        on pairs.base_date = base.snapshot_date
    inner join {{ ref('stg_hub__counters') }} as today
        on
            pairs.snapshot_date = today.snapshot_date
            and base.model_key = today.model_key
)

select
    snapshot_date,
    base_date,
    sum(case when delta < 0 then -delta else 0 end) as shortfall,
    sum(case when delta > 0 then delta else 0 end) as increase
from deltas
where delta is not null
group by snapshot_date, base_date
order by snapshot_date, base_date
