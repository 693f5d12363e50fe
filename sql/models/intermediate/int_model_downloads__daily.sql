{{ built_by_day('observed_date', judged=true, in_parts=true) }}

-- every count of a model that has a row in the window, also on days when it has none
with shown as (
    select
        snapshot_date,
        model_key
    from {{ ref('int_models__detailed') }}
    where snapshot_date {{ days_to_build() }}
),

shown_models as (
    select distinct model_key
    from shown
),

{{ interval_ctes(days_to_build(), only='shown_models') }},

measured as (
    select
        intervals.model_key,
        intervals.observed_date,
        intervals.last_count,
        intervals.is_birth,
        intervals.start_date,
        intervals.start_count,
        intervals.delta,
        intervals.length_days,
        {{ days_after('intervals.observed_date', -1) }} as last_activity_date
    from intervals
    inner join shown
        on
            intervals.observed_date = shown.snapshot_date
            and intervals.model_key = shown.model_key
),

spread as (
    select
        {{ each_day('coalesce(start_date, last_activity_date)', 'last_activity_date') }}
            as activity_date,
        model_key,
        observed_date,
        last_count,
        is_birth,
        start_date,
        start_count,
        delta,
        length_days,
        last_activity_date
    from measured
),

placed as (
    select
        activity_date,
        model_key,
        observed_date,
        last_count,
        is_birth,
        start_count,
        cast(delta as double) as delta,
        length_days,
        coalesce({{ days_between('start_date', 'activity_date') }} + 1, 1) as days_from_start,
        {{ days_between('activity_date', 'last_activity_date') }} as days_to_end
    from spread
)

select
    activity_date,
    model_key,
    observed_date,
    case
        when days_to_end = 0 then cast(last_count as double)
        else start_count + delta * days_from_start / length_days
    end as cumulative,
    case when delta > 0 then delta / length_days when delta <= 0 then 0 end as gross,
    case when delta < 0 then delta / length_days when delta >= 0 then 0 end as correction,
    delta / length_days as net,
    least(days_from_start, days_to_end) as days_to_observation,
    length_days > 1 as is_interpolated,
    is_birth
from placed
order by activity_date, model_key
