with recursive days as (
    select
        totals.scope_id,
        totals.snapshot_date,
        totals.previous_date,
        row_number() over (partition by totals.scope_id order by totals.snapshot_date) as number,
        coalesce(
            totals.panel_models > 0
            and totals.decreased_models >= thresholds.rollback_share * totals.panel_models,
            false
        ) as has_fallen,
        thresholds.rollback_max_days,
        thresholds.rollback_recovered_share as recovered_share
    from {{ ref('int_snapshot_days__totals') }} as totals
    cross join {{ ref('stg_seeds__day_quality_thresholds') }} as thresholds
),

-- day after day: a fall opens a hold, which ends with recovery or with patience
walked as (
    select
        scope_id,
        number,
        snapshot_date,
        cast(null as date) as base_date,
        cast(null as date) as fall_date,
        cast(null as double) as first_shortfall,
        cast(null as double) as shortfall,
        'none' as state
    from days
    where number = 1

    union all

    select
        days.scope_id,
        days.number,
        days.snapshot_date,
        case
            when walked.state = 'held' then walked.base_date
            when days.has_fallen then days.previous_date
        end as base_date,
        case
            when walked.state = 'held' then walked.fall_date
            when days.has_fallen then days.snapshot_date
        end as fall_date,
        case
            when walked.state = 'held' then walked.first_shortfall
            when days.has_fallen then shortfalls.shortfall
        end as first_shortfall,
        shortfalls.shortfall,
        case
            when walked.state <> 'held' and days.has_fallen then 'held'
            when walked.state <> 'held' then 'none'
            when
                {{ days_between('walked.fall_date', 'days.snapshot_date') }}
                >= days.rollback_max_days
                then 'lasting'
            when shortfalls.shortfall <= days.recovered_share * walked.first_shortfall
                then 'recovered'
            else 'held'
        end as state
    from walked
    inner join days
        on
            walked.scope_id = days.scope_id
            and walked.number + 1 = days.number
    left join {{ ref('int_snapshot_days__shortfalls') }} as shortfalls
        on
            days.snapshot_date = shortfalls.snapshot_date
            and case when walked.state = 'held' then walked.base_date else days.previous_date end
            = shortfalls.base_date
),

outcomes as (
    select
        scope_id,
        fall_date,
        max(case when state = 'lasting' then 1 else 0 end) = 1 as is_lasting
    from walked
    where fall_date is not null
    group by scope_id, fall_date
)

select
    walked.snapshot_date,
    walked.scope_id,
    walked.base_date,
    walked.fall_date,
    walked.first_shortfall,
    walked.shortfall,
    walked.state,
    outcomes.is_lasting
from walked
inner join outcomes
    on
        walked.scope_id = outcomes.scope_id
        and walked.fall_date = outcomes.fall_date
