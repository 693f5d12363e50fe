{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook="{{ open_window('observed_date', days='int_snapshot_days__judged') }}",
    post_hook="{{ close_window(days='int_snapshot_days__judged') }}"
) }}

{% set first_day = first_day_to_build(days='int_snapshot_days__judged') if is_incremental()
    else "date '0001-01-01'" %}

-- what a frozen, fallen or cut listing says is no observation: its interval goes on to the next
with snapshots as (
    select
        snapshots.snapshot_date,
        snapshots.captured_at
    from {{ ref('stg_hub__snapshots') }} as snapshots
    inner join {{ ref('int_snapshot_days__judged') }} as judged
        on snapshots.snapshot_date = judged.snapshot_date
    where judged.is_counted
),

first_snapshot as (
    select
        snapshot_date,
        captured_at
    from snapshots
    where snapshot_date = (select min(earliest.snapshot_date) from snapshots as earliest)
),

new_observations as (
    select
        counters.snapshot_date,
        counters.model_key,
        counters.downloads_all_time
    from {{ ref('stg_hub__counters') }} as counters
    inner join snapshots
        on counters.snapshot_date = snapshots.snapshot_date
    where
        counters.downloads_all_time is not null
        and counters.snapshot_date >= {{ first_day }}
),

{% if is_incremental() %}
    previous_snapshot as (
        select max(snapshot_date) as snapshot_date
        from snapshots
        where snapshot_date < {{ first_day }}
    ),

    previous_observations as (
        select
            counters.snapshot_date,
            counters.model_key,
            counters.downloads_all_time
        from {{ ref('stg_hub__counters') }} as counters
        inner join previous_snapshot
            on counters.snapshot_date = previous_snapshot.snapshot_date
        where counters.downloads_all_time is not null
    ),

    -- history is searched only for the few models that the previous snapshot does not show and
    -- that are old enough to have been seen before it
    absent_models as (
        select distinct new_observations.model_key
        from new_observations
        inner join {{ ref('stg_hub__models') }} as models
            on new_observations.model_key = models.model_key
        cross join previous_snapshot
        left join previous_observations
            on new_observations.model_key = previous_observations.model_key
        where
            previous_observations.model_key is null
            and (
                models.created_at is null
                or cast(models.created_at as date) <= previous_snapshot.snapshot_date
            )
    ),

    last_sights as (
        select
            counters.model_key,
            max(counters.snapshot_date) as snapshot_date
        from {{ ref('stg_hub__counters') }} as counters
        inner join absent_models
            on counters.model_key = absent_models.model_key
        inner join snapshots
            on counters.snapshot_date = snapshots.snapshot_date
        where
            counters.downloads_all_time is not null
            and counters.snapshot_date < {{ first_day }}
        group by counters.model_key
    ),

    earlier_observations as (
        select
            counters.snapshot_date,
            counters.model_key,
            counters.downloads_all_time
        from {{ ref('stg_hub__counters') }} as counters
        inner join last_sights
            on
                counters.model_key = last_sights.model_key
                and counters.snapshot_date = last_sights.snapshot_date
    ),
{% endif %}

observations as (
    select
        snapshot_date,
        model_key,
        downloads_all_time
    from new_observations
    {% if is_incremental() %}
        union all
        select
            snapshot_date,
            model_key,
            downloads_all_time
        from previous_observations
        union all
        select
            snapshot_date,
            model_key,
            downloads_all_time
        from earlier_observations
    {% endif %}
),

followed as (
    select
        model_key,
        snapshot_date as observed_date,
        downloads_all_time as last_count,
        lag(snapshot_date) over by_model as previous_date,
        lag(downloads_all_time) over by_model as previous_count
    from observations
    window by_model as (partition by model_key order by snapshot_date)
),

born as (
    select
        followed.model_key,
        followed.observed_date,
        followed.last_count,
        followed.previous_date,
        followed.previous_count,
        first_snapshot.snapshot_date as first_date,
        cast(models.created_at as date) as created_date,
        followed.previous_date is null
        and followed.observed_date > first_snapshot.snapshot_date
        and coalesce(models.created_at > first_snapshot.captured_at, false) as is_birth
    from followed
    inner join {{ ref('stg_hub__models') }} as models
        on followed.model_key = models.model_key
    cross join first_snapshot
    where followed.observed_date >= {{ first_day }}
),

-- the snapshot that the interval starts from: for a birth the last one that cannot show the model,
-- or, when it was created in the night before its first snapshot, the one before
intervals as (
    select
        model_key,
        observed_date,
        last_count,
        is_birth,
        case
            when is_birth
                then
                    least(
                        greatest(first_date, {{ days_after('created_date', -1) }}),
                        {{ days_after('observed_date', -1) }}
                    )
            else previous_date
        end as start_date,
        case when is_birth then 0 else previous_count end as start_count
    from born
),

measured as (
    select
        model_key,
        observed_date,
        last_count,
        is_birth,
        start_date,
        start_count,
        last_count - start_count as delta,
        coalesce({{ days_between('start_date', 'observed_date') }}, 1) as length_days,
        {{ days_after('observed_date', -1) }} as last_activity_date
    from intervals
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
