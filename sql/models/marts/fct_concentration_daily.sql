{{ built_by_day(seeds=seeds_of_adoption(), judged=true) }}

with snapshots as (
    select
        snapshots.snapshot_date,
        snapshots.activity_date,
        snapshots.scope,
        snapshots.scope_id,
        {{ days_after('snapshots.activity_date', -27) }} as window_start
    from {{ ref('stg_hub__snapshots') }} as snapshots
    inner join {{ ref('int_snapshot_days__judged') }} as judged
        on snapshots.snapshot_date = judged.snapshot_date
    where
        judged.usable
        and snapshots.snapshot_date {{ days_to_build() }}
),

history as (
    select min(activity_date) as first_activity_date
    from {{ ref('int_adoption_cube__daily') }}
    where net is not null
),

-- a census in the window brings flows of models that the tops around it do not list
window_scopes as (
    select
        today.snapshot_date,
        {{ joined('observed.scope_id', ', ', 'observed.scope_id', distinct=true) }} as window_scopes
    from snapshots as today
    inner join {{ ref('stg_hub__snapshots') }} as observed
        on
            today.window_start <= observed.activity_date
            and today.snapshot_date >= observed.snapshot_date
    group by today.snapshot_date
),

daily as (
    select
        'publisher' as grouped_by,
        snapshot_date,
        activity_date,
        cast(publisher_key as string) as member,
        net
    from {{ ref('int_publisher_downloads__daily') }}
    union all
    select
        'family_' || definition as grouped_by,
        snapshot_date,
        activity_date,
        family as member,
        sum(net) as net
    from {{ ref('int_adoption_cube__daily') }}
    where
        definition in ('organisation', 'lineage')
        and family is not null
        and net is not null
    group by definition, snapshot_date, activity_date, family
),

windows as (
    select
        snapshots.snapshot_date,
        daily.grouped_by,
        daily.member,
        greatest(sum(daily.net), 0) as net_28d
    from snapshots
    cross join history
    inner join daily
        on
            snapshots.window_start <= daily.activity_date
            and snapshots.activity_date >= daily.activity_date
            and snapshots.snapshot_date >= daily.snapshot_date
    where snapshots.window_start >= history.first_activity_date
    group by snapshots.snapshot_date, daily.grouped_by, daily.member
),

ranked as (
    select
        snapshot_date,
        grouped_by,
        net_28d,
        net_28d / nullif(sum(net_28d) over (partition by snapshot_date, grouped_by), 0) as share,
        row_number() over (
            partition by snapshot_date, grouped_by order by net_28d desc, member asc
        ) as size_rank
    from windows
)

select
    ranked.snapshot_date,
    snapshots.activity_date,
    snapshots.scope,
    snapshots.scope_id,
    window_scopes.window_scopes,
    ranked.grouped_by,
    count(*) filter (where ranked.net_28d > 0) as members,
    sum(ranked.net_28d) as net_28d,
    sum(ranked.share * ranked.share) as hhi,
    sum(ranked.share) filter (where ranked.size_rank = 1) as share_top_1,
    sum(ranked.share) filter (where ranked.size_rank <= 10) as share_top_10,
    sum(ranked.share) filter (where ranked.size_rank <= 100) as share_top_100
from ranked
inner join snapshots
    on ranked.snapshot_date = snapshots.snapshot_date
inner join window_scopes
    on ranked.snapshot_date = window_scopes.snapshot_date
group by
    ranked.snapshot_date, snapshots.activity_date, snapshots.scope, snapshots.scope_id,
    window_scopes.window_scopes, ranked.grouped_by
order by ranked.snapshot_date, ranked.grouped_by
