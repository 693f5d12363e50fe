with newest_snapshot as (
    select max(snapshot_date) as snapshot_date
    from {{ ref('int_adoption_cube__daily') }}
    where usable
),

newest_counts as (
    select
        cube.definition,
        cube.family,
        sum(cube.downloads_all_time) as downloads_all_time
    from {{ ref('int_adoption_cube__daily') }} as cube
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

-- membership as of each day, which for all but a few models is that of today
flows_then as (
    select
        activity_date,
        definition,
        family,
        sum(net) as net
    from {{ ref('int_adoption_cube__daily') }}
    where
        family is not null
        and net is not null
    group by activity_date, definition, family
),

moved as (
    select model_key
    from {{ ref('int_families__moved_models') }}
),

{{ interval_ctes(">= date '0001-01-01'", only='moved') }},

moved_flows as (
    select
        model_key,
        observed_date,
        start_date,
        cast(delta as double) / length_days as net
    from intervals
    where delta <> 0
),

corrections as (
    select
        flows.observed_date,
        flows.start_date,
        families.definition,
        families.family,
        flows.net * families.weight as net
    from moved_flows as flows
    cross join newest_snapshot
    inner join {{ ref('int_models__families') }} as families
        on
            flows.model_key = families.model_key
            and {{ holds_on('families', 'newest_snapshot.snapshot_date') }}
    union all
    select
        flows.observed_date,
        flows.start_date,
        families.definition,
        families.family,
        -flows.net * families.weight as net
    from moved_flows as flows
    inner join {{ ref('int_models__families') }} as families
        on
            flows.model_key = families.model_key
            and {{ holds_on('families', 'flows.observed_date') }}
),

correction_sums as (
    select
        observed_date,
        start_date,
        definition,
        family,
        sum(net) as net
    from corrections
    group by observed_date, start_date, definition, family
),

flows_moved as (
    select
        {{ each_day('start_date', days_after('observed_date', -1)) }} as activity_date,
        definition,
        family,
        net
    from correction_sums
),

flows as (
    select
        activity_date,
        definition,
        family,
        sum(net) as net
    from (
        select
            activity_date,
            definition,
            family,
            net
        from flows_then
        union all
        select
            activity_date,
            definition,
            family,
            net
        from flows_moved
    ) as combined
    group by activity_date, definition, family
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
