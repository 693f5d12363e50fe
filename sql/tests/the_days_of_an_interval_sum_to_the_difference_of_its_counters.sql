{{ config(meta={'dagster': {'ref': {'name': 'int_model_downloads__daily'}}}) }}
-- Σ net = last count − first count, which is 0 for a birth: nothing is lost or invented in a gap
with intervals as (
    select
        model_key,
        observed_date,
        is_birth,
        min(activity_date) as start_date,
        sum(net) as net
    from {{ ref('int_model_downloads__daily') }}
    where
        net is not null
        and observed_date >= {{ first_day_of_window('int_model_downloads__daily') }}
    group by model_key, observed_date, is_birth
),

-- of a year of counters, those of the window and of the days before it
counters as (
    select
        snapshot_date,
        model_key,
        downloads_all_time
    from {{ ref('stg_hub__counters') }}
    where
        snapshot_date >= (select min(earliest.start_date) from intervals as earliest)
        and (
            snapshot_date in (select starting.start_date from intervals as starting)
            or snapshot_date in (select ending.observed_date from intervals as ending)
        )
),

compared as (
    select
        intervals.model_key,
        intervals.observed_date,
        intervals.net,
        ended.downloads_all_time
        - case when intervals.is_birth then 0 else started.downloads_all_time end as difference
    from intervals
    left join counters as ended
        on
            intervals.model_key = ended.model_key
            and intervals.observed_date = ended.snapshot_date
    left join counters as started
        on
            intervals.model_key = started.model_key
            and intervals.start_date = started.snapshot_date
)

select
    model_key,
    observed_date,
    net,
    difference
from compared
where
    difference is null
    or abs(net - difference) > 1e-9 * greatest(abs(difference), 1)
