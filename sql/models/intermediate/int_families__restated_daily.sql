with newest_snapshot as (
    select max(snapshot_date) as snapshot_date
    from {{ ref('int_adoption_cube_daily') }}
),

members as (
    select
        families.definition,
        families.family,
        families.model_key,
        families.weight
    from {{ ref('int_model_families') }} as families
    inner join newest_snapshot
        on
            families.valid_from <= newest_snapshot.snapshot_date
            and (
                families.valid_to is null or families.valid_to > newest_snapshot.snapshot_date
            )
),

newest_counts as (
    select
        cube.definition,
        cube.family,
        sum(cube.downloads_all_time) as downloads_all_time
    from {{ ref('int_adoption_cube_daily') }} as cube
    inner join newest_snapshot
        on cube.snapshot_date = newest_snapshot.snapshot_date
    where cube.family is not null
    group by cube.definition, cube.family
),

-- the first day of the history has no flow, but a count at its end
days as (
    select
        newest_counts.definition,
        newest_counts.family,
        newest_counts.downloads_all_time,
        snapshots.activity_date
    from newest_counts
    cross join {{ ref('stg_hub__snapshots') }} as snapshots
),

flows as (
    select
        downloads.activity_date,
        members.definition,
        members.family,
        sum(downloads.net * members.weight) as net
    from {{ ref('int_model_downloads__daily') }} as downloads
    inner join members
        on downloads.model_key = members.model_key
    where downloads.net is not null
    group by downloads.activity_date, members.definition, members.family
),

placed as (
    select
        coalesce(days.activity_date, flows.activity_date) as activity_date,
        coalesce(days.definition, flows.definition) as definition,
        coalesce(days.family, flows.family) as family,
        flows.net
    from days
    full outer join flows
        on
            days.activity_date = flows.activity_date
            and days.definition = flows.definition
            and days.family = flows.family
)

select
    placed.activity_date,
    placed.definition,
    placed.family,
    newest_counts.downloads_all_time - coalesce(
        sum(placed.net) over (
            partition by placed.definition, placed.family
            order by placed.activity_date
            rows between 1 following and unbounded following
        ),
        0
    ) as restated
from placed
inner join newest_counts
    on
        placed.definition = newest_counts.definition
        and placed.family = newest_counts.family
