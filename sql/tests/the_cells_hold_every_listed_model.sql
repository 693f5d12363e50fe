{{ config(meta={'dagster': {'ref': {'name': 'fct_openness_daily'}}}) }}
-- a model that no cell counts would still leave shares that sum to 1
with counted as (
    select
        snapshot_date,
        sum(models) as models
    from {{ ref('fct_openness_daily') }}
    group by snapshot_date
),

listed as (
    select
        snapshot_date,
        count(*) as models
    from {{ ref('stg_hub__counters') }}
    where
        snapshot_date >= {{ first_day_of_window('fct_openness_daily') }}
    group by snapshot_date
)

select
    listed.snapshot_date,
    listed.models as listed_models,
    counted.models as counted_models
from listed
left join counted
    on listed.snapshot_date = counted.snapshot_date
where counted.models is distinct from listed.models
