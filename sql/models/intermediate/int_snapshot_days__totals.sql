{{ built_by_day(seeds=['day_quality_thresholds'], in_parts=true) }}

with followed as (
    select
        snapshot_date,
        scope_id,
        row_count,
        lag(snapshot_date) over (partition by scope_id order by snapshot_date) as previous_date
    from {{ ref('stg_hub__snapshots') }}
),

snapshots as (
    select
        snapshot_date,
        scope_id,
        row_count,
        previous_date
    from followed
    where snapshot_date {{ days_to_build() }}
),

previous as (
    select
        snapshots.snapshot_date,
        counters.model_key,
        counters.downloads_30d,
        counters.downloads_all_time
    from snapshots
    inner join {{ ref('stg_hub__counters') }} as counters
        on snapshots.previous_date = counters.snapshot_date
),

compared as (
    select
        today.snapshot_date,
        today.downloads_30d,
        today.downloads_all_time,
        previous.downloads_30d as previous_30d,
        previous.model_key is not null as is_in_panel,
        cast(today.downloads_all_time as double) - previous.downloads_all_time as delta,
        today.downloads_30d = previous.downloads_30d as is_unchanged_30d
    from snapshots
    inner join {{ ref('stg_hub__counters') }} as today
        on snapshots.snapshot_date = today.snapshot_date
    left join previous
        on
            today.snapshot_date = previous.snapshot_date
            and today.model_key = previous.model_key
),

totals as (
    select
        compared.snapshot_date,
        count(compared.downloads_all_time) as counted_models,
        count(compared.delta) as panel_models,
        cast(
            sum(case when compared.is_in_panel then compared.downloads_30d end) as double
        ) as panel_downloads_30d,
        cast(sum(compared.previous_30d) as double) as previous_downloads_30d,
        sum(case when compared.delta > 0 then compared.delta when compared.delta <= 0 then 0 end)
            as increase,
        sum(case when compared.delta < 0 then -compared.delta when compared.delta >= 0 then 0 end)
            as decrease,
        count(case when compared.delta < 0 then 1 end) as decreased_models,
        count(
            case
                when compared.previous_30d >= thresholds.frozen_big_downloads_30d
                    then compared.delta
            end
        ) as big_models,
        count(
            case
                when
                    compared.previous_30d >= thresholds.frozen_big_downloads_30d
                    and compared.delta = 0
                    then 1
            end
        ) as big_unchanged_models,
        count(compared.is_unchanged_30d) as panel_models_30d,
        count(case when compared.is_unchanged_30d then 1 end) as unchanged_models_30d,
        count(
            case
                when
                    compared.previous_30d > 0
                    and compared.downloads_30d
                    <= (1 - thresholds.panel_max_difference) * compared.previous_30d
                    then 1
            end
        ) as fallen_models_30d
    from compared
    cross join {{ ref('stg_seeds__day_quality_thresholds') }} as thresholds
    group by compared.snapshot_date
)

select
    snapshots.snapshot_date,
    snapshots.scope_id,
    snapshots.previous_date,
    {{ days_between('snapshots.previous_date', 'snapshots.snapshot_date') }} as gap_days,
    snapshots.row_count,
    coalesce(totals.counted_models, 0) as counted_models,
    coalesce(totals.panel_models, 0) as panel_models,
    totals.panel_downloads_30d,
    totals.previous_downloads_30d,
    totals.increase,
    totals.decrease,
    coalesce(totals.decreased_models, 0) as decreased_models,
    coalesce(totals.big_models, 0) as big_models,
    coalesce(totals.big_unchanged_models, 0) as big_unchanged_models,
    coalesce(totals.panel_models_30d, 0) as panel_models_30d,
    coalesce(totals.unchanged_models_30d, 0) as unchanged_models_30d,
    coalesce(totals.fallen_models_30d, 0) as fallen_models_30d
from snapshots
left join totals
    on snapshots.snapshot_date = totals.snapshot_date
order by snapshots.snapshot_date
