-- of falls, those that a hold opens: not one while a former fall is held
with days as (
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

falls as (
    select
        days.scope_id,
        days.snapshot_date as fall_date,
        days.previous_date as base_date,
        days.number as first_number,
        shortfalls.shortfall as first_shortfall
    from days
    left join {{ ref('int_snapshot_days__shortfalls') }} as shortfalls
        on
            days.snapshot_date = shortfalls.snapshot_date
            and days.previous_date = shortfalls.base_date
    -- the first day of a scope falls from nothing
    where days.has_fallen and days.number > 1
),

-- what each day says of a fall before it, were it held until then
held as (
    select
        falls.scope_id,
        falls.fall_date,
        falls.base_date,
        falls.first_number,
        falls.first_shortfall,
        days.number,
        days.snapshot_date,
        shortfalls.shortfall,
        case
            when days.number = falls.first_number then 'held'
            when
                {{ days_between('falls.fall_date', 'days.snapshot_date') }}
                >= days.rollback_max_days
                then 'lasting'
            when shortfalls.shortfall <= days.recovered_share * falls.first_shortfall
                then 'recovered'
            else 'held'
        end as state
    from falls
    inner join days
        on
            falls.scope_id = days.scope_id
            and falls.first_number <= days.number
    left join {{ ref('int_snapshot_days__shortfalls') }} as shortfalls
        on
            days.snapshot_date = shortfalls.snapshot_date
            and falls.base_date = shortfalls.base_date
),

-- a hold ends with recovery or with patience
spans as (
    select
        scope_id,
        first_number,
        coalesce(min(case when state <> 'held' then number end), max(number)) as last_number
    from held
    group by scope_id, first_number
),

opened as (
    select
        scope_id,
        {{ each_element(spans_apart('first_number', 'last_number')) }} as span
    from spans
    group by scope_id
),

walked as (
    select
        held.scope_id,
        held.snapshot_date,
        held.base_date,
        held.fall_date,
        held.first_shortfall,
        held.shortfall,
        held.state
    from opened
    inner join held
        on
            opened.scope_id = held.scope_id
            and opened.span.first_number = held.first_number
            and opened.span.last_number >= held.number
),

outcomes as (
    select
        scope_id,
        fall_date,
        max(case when state = 'lasting' then 1 else 0 end) = 1 as is_lasting
    from walked
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
