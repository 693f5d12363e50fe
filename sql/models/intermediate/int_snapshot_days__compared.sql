-- the day on which a rollback ends is measured against the last good snapshot, not the fallen one
with measured as (
    select
        totals.snapshot_date,
        totals.scope_id,
        totals.previous_date,
        totals.row_count,
        totals.counted_models,
        totals.panel_models,
        totals.panel_downloads_30d,
        totals.decreased_models,
        totals.big_models,
        totals.big_unchanged_models,
        totals.panel_models_30d,
        totals.unchanged_models_30d,
        -- days are missing in the 30-day counters from a fall of most of them and of their
        -- sum to its rise, and never for longer than the three days that it has lasted at most
        max(
            case
                when
                    totals.fallen_models_30d
                    >= thresholds.short_30d_share * totals.panel_models_30d
                    and totals.panel_downloads_30d
                    <= (1 - thresholds.panel_max_difference) * totals.previous_downloads_30d
                    and totals.panel_models_30d >= thresholds.frozen_30d_min_models
                    then totals.snapshot_date
            end
        ) over (
            partition by totals.scope_id order by totals.snapshot_date
            rows between 2 preceding and current row
        ) as fall_date_30d,
        max(
            case
                when
                    totals.previous_downloads_30d
                    <= (1 - thresholds.panel_max_difference) * totals.panel_downloads_30d
                    then totals.snapshot_date
            end
        ) over (
            partition by totals.scope_id order by totals.snapshot_date
            rows between 2 preceding and current row
        ) as rise_date_30d,
        rollbacks.base_date,
        rollbacks.fall_date,
        coalesce(rollbacks.state, 'none') as rollback_state,
        coalesce(rollbacks.is_lasting, false) as is_lasting_correction,
        rollbacks.shortfall / nullif(rollbacks.first_shortfall, 0) as shortfall_share,
        case
            when rollbacks.state = 'recovered'
                then
                    shortfalls.increase
                    / {{ days_between('rollbacks.base_date', 'totals.snapshot_date') }}
            else totals.increase / totals.gap_days
        end as total_delta_per_day,
        lag(totals.row_count) over (partition by totals.scope_id order by totals.snapshot_date)
            as previous_row_count
    from {{ ref('int_snapshot_days__totals') }} as totals
    cross join {{ ref('stg_seeds__day_quality_thresholds') }} as thresholds
    left join {{ ref('int_snapshot_days__rollbacks') }} as rollbacks
        on totals.snapshot_date = rollbacks.snapshot_date
    left join {{ ref('int_snapshot_days__shortfalls') }} as shortfalls
        on
            rollbacks.snapshot_date = shortfalls.snapshot_date
            and rollbacks.base_date = shortfalls.base_date
),

neighbours as (
    select
        today.snapshot_date,
        others.snapshot_date as other_date,
        thresholds.median_min_days,
        others.row_count,
        others.panel_downloads_30d,
        others.total_delta_per_day,
        -- totals over panels of different size say nothing about each other
        greatest(today.panel_downloads_30d, others.panel_downloads_30d)
        < (1 + thresholds.panel_max_difference)
        * least(today.panel_downloads_30d, others.panel_downloads_30d)
        -- and those of fallen days are not of all models
        and (others.rollback_state <> 'held' or others.is_lasting_correction) as is_comparable
    from measured as today
    cross join {{ ref('stg_seeds__day_quality_thresholds') }} as thresholds
    inner join measured as others
        on
            today.scope_id = others.scope_id
            and others.snapshot_date
            between {{ days_after('today.snapshot_date', '-thresholds.median_window_days') }}
            and {{ days_after('today.snapshot_date', 'thresholds.median_window_days') }}
),

medians as (
    select
        snapshot_date,
        count(case when is_comparable then total_delta_per_day end) as median_days,
        {{ median_of('case when is_comparable then total_delta_per_day end') }}
            as median_delta_per_day,
        {{ median_of('panel_downloads_30d') }} as median_panel_downloads_30d,
        {{ median_of('case when other_date < snapshot_date then row_count end') }} as rows_before,
        case when count(*) >= max(median_min_days) then {{ median_of('row_count') }} end
            as rows_around
    from neighbours
    group by snapshot_date
)

select
    measured.snapshot_date,
    measured.scope_id,
    measured.previous_date,
    measured.counted_models,
    measured.panel_models,
    measured.big_models,
    measured.panel_models_30d,
    measured.base_date,
    measured.fall_date,
    measured.rollback_state,
    measured.is_lasting_correction,
    measured.shortfall_share,
    -- the days before say how many rows there are; where most days around have fewer, those before
    -- were the large ones
    case
        when measured.previous_row_count is not null
            then
                measured.row_count
                / nullif(
                    cast(
                        least(
                            coalesce(medians.rows_before, measured.previous_row_count),
                            medians.rows_around
                        ) as double
                    ),
                    0
                )
    end as rows_share,
    measured.total_delta_per_day,
    medians.median_days,
    medians.median_delta_per_day,
    case
        when medians.median_days >= thresholds.median_min_days
            then measured.total_delta_per_day / nullif(medians.median_delta_per_day, 0)
    end as ratio,
    measured.panel_downloads_30d / nullif(medians.median_panel_downloads_30d, 0) - 1
        as panel_difference,
    coalesce(measured.fall_date_30d > coalesce(measured.rise_date_30d, date '0001-01-01'), false)
        as is_30d_short,
    measured.decreased_models / nullif(cast(measured.panel_models as double), 0)
        as decreased_share,
    measured.big_unchanged_models / nullif(cast(measured.big_models as double), 0)
        as frozen_share,
    measured.unchanged_models_30d / nullif(cast(measured.panel_models_30d as double), 0)
        as unchanged_share_30d
from measured
cross join {{ ref('stg_seeds__day_quality_thresholds') }} as thresholds
inner join medians
    on measured.snapshot_date = medians.snapshot_date
