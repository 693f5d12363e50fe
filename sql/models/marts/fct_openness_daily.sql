{{ built_by_day(seeds=seeds_of_adoption(), judged=true, in_parts=true) }}

with snapshots as (
    select
        snapshot_date,
        activity_date,
        scope,
        scope_id
    from {{ ref('stg_hub__snapshots') }}
    where snapshot_date {{ days_to_build() }}
),

listed as (
    select
        snapshots.snapshot_date,
        snapshots.activity_date,
        snapshots.scope,
        snapshots.scope_id,
        counters.model_key,
        counters.downloads_30d,
        counters.downloads_all_time
    from snapshots
    inner join {{ ref('stg_hub__counters') }} as counters
        on snapshots.snapshot_date = counters.snapshot_date
),

{{ interval_ctes(days_to_build()) }},

-- only what the day's own snapshot said: a later one may fill the day in, which would restate it
flows as (
    select
        observed_date,
        model_key,
        cast(delta as double) / length_days as net
    from intervals
    where delta is not null
),

classified as (
    select
        listed.snapshot_date,
        listed.activity_date,
        listed.scope,
        listed.scope_id,
        listed.downloads_30d,
        listed.downloads_all_time,
        flows.net,
        coalesce(classes.access_class, 'unknown') as access_class,
        coalesce(classes.licence_class, 'L0') as licence_class
    from listed
    left join {{ ref('int_models__classified') }} as classes
        on
            listed.model_key = classes.model_key
            and {{ holds_on('classes', 'listed.snapshot_date') }}
    left join flows
        on
            listed.snapshot_date = flows.observed_date
            and listed.model_key = flows.model_key
),

cells as (
    select
        snapshot_date,
        activity_date,
        scope,
        scope_id,
        access_class,
        licence_class,
        count(*) as models,
        cast(sum(downloads_30d) as bigint) as downloads_30d,
        cast(sum(downloads_all_time) as bigint) as downloads_all_time,
        sum(net) as net_1d
    from classified
    group by snapshot_date, activity_date, scope, scope_id, access_class, licence_class
),

totals as (
    select
        snapshot_date,
        cast(sum(models) as double) as models,
        cast(sum(downloads_30d) as double) as downloads_30d
    from cells
    group by snapshot_date
)

select
    cells.snapshot_date,
    cells.activity_date,
    cells.scope,
    cells.scope_id,
    cells.access_class,
    cells.licence_class,
    cells.models,
    cells.downloads_30d,
    cells.downloads_all_time,
    cells.net_1d,
    cells.models / totals.models as share_models,
    cells.downloads_30d / nullif(totals.downloads_30d, 0) as share_downloads_30d
from cells
inner join totals
    on cells.snapshot_date = totals.snapshot_date
order by cells.snapshot_date, cells.access_class, cells.licence_class
