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

compared as (
    select
        intervals.model_key,
        intervals.observed_date,
        intervals.net,
        ended.downloads_all_time
        - case when intervals.is_birth then 0 else started.downloads_all_time end as difference
    from intervals
    left join {{ ref('stg_hub__counters') }} as ended
        on
            intervals.model_key = ended.model_key
            and intervals.observed_date = ended.snapshot_date
    left join {{ ref('stg_hub__counters') }} as started
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
