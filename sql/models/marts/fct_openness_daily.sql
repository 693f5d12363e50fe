{{ built_by_day(seeds=seeds_of_adoption(), judged=true) }}

-- only what the day's own snapshot said: a later one may fill the day in, which would restate it
with cells as (
    select
        cube.snapshot_date,
        cube.activity_date,
        snapshots.scope,
        snapshots.scope_id,
        cube.access_class,
        cube.licence_class,
        {{ whole_number('sum(cube.models)') }} as models,
        {{ whole_number('sum(cube.downloads_30d)') }} as downloads_30d,
        {{ whole_number('sum(cube.listed_all_time)') }} as downloads_all_time,
        sum(cube.net) as net_1d
    from {{ ref('int_adoption_cube__daily') }} as cube
    inner join {{ ref('stg_hub__snapshots') }} as snapshots
        on cube.snapshot_date = snapshots.snapshot_date
    where
        cube.snapshot_date {{ days_to_build() }}
        and cube.activity_date = {{ days_after('cube.snapshot_date', -1) }}
        and cube.definition = 'organisation'
    group by all
    having sum(cube.models) > 0
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
