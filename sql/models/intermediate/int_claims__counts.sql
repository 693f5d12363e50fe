with followed as (
    select
        family,
        bool_and(follow_all) as is_followed
    from {{ source('seeds', 'publishers') }}
    where family is not null
    group by family
),

families as (
    select
        members.claim,
        members.side,
        members.subject_name,
        adopted.definition,
        adopted.activity_date,
        adopted.models is not null as is_observed,
        adopted.net_1d,
        adopted.downloads_30d,
        adopted.downloads_all_time,
        adopted.models,
        adopted.derivatives,
        adopted.quantisations,
        adopted.new_models,
        adopted.new_derivatives,
        adopted.definition = 'organisation' and coalesce(followed.is_followed, false) as is_whole
    from {{ ref('int_claims__members') }} as members
    inner join {{ ref('int_families__adopted_daily') }} as adopted
        on members.family = adopted.family
    left join followed
        on members.family = followed.family
),

-- a repository by its present name
repositories as (
    select
        members.claim,
        members.side,
        members.subject_name,
        max(cards.model_key) as model_key
    from {{ ref('int_claims__members') }} as members
    inner join {{ ref('stg_hub__cards') }} as cards
        on
            members.subject_name = cards.repo_id
            and cards.valid_to is null
    where members.subject_kind = 'model'
    group by members.claim, members.side, members.subject_name
),

seen as (
    select
        repositories.claim,
        repositories.side,
        repositories.subject_name,
        {{ days_after('counters.snapshot_date', -1) }} as activity_date,
        counters.downloads_30d,
        counters.downloads_all_time
    from repositories
    inner join {{ ref('stg_hub__counters') }} as counters
        on repositories.model_key = counters.model_key
    inner join {{ ref('int_snapshot_days__judged') }} as judged
        on counters.snapshot_date = judged.snapshot_date
    where judged.usable
),

counted as (
    select *
    from families
    union all
    select
        claim,
        side,
        subject_name,
        'repository' as definition,
        activity_date,
        true as is_observed,
        cast(
            downloads_all_time - lag(downloads_all_time) over (
                partition by claim, side, subject_name order by activity_date
            ) as double
        ) as net_1d,
        cast(downloads_30d as double) as downloads_30d,
        cast(downloads_all_time as double) as downloads_all_time,
        cast(null as bigint) as models,
        cast(null as bigint) as derivatives,
        cast(null as bigint) as quantisations,
        cast(null as bigint) as new_models,
        cast(null as bigint) as new_derivatives,
        true as is_whole
    from seen
),

wanted as (
    select
        claim,
        side,
        count(distinct subject_name) as members
    from {{ ref('int_claims__members') }}
    group by claim, side
)

select
    counted.claim,
    counted.side,
    counted.definition,
    counted.activity_date,
    snapshots.scope,
    bool_and(counted.is_observed) as is_observed,
    -- a top lists the followed accounts whole, of others what is large enough
    coalesce(snapshots.scope, 'none') <> 'census'
    and (coalesce(snapshots.scope, 'none') <> 'top' or not bool_and(counted.is_whole)) as is_floor,
    count(distinct counted.subject_name) < wanted.members as lacks_members,
    sum(counted.net_1d) as net,
    sum(counted.downloads_30d) as downloads_30d,
    sum(counted.downloads_all_time) as downloads_all_time,
    sum(counted.models) as models,
    sum(counted.derivatives) as derivatives,
    sum(counted.quantisations) as quantisations,
    sum(counted.new_models) as new_models,
    sum(counted.new_derivatives) as new_derivatives
from counted
inner join wanted
    on
        counted.claim = wanted.claim
        and counted.side = wanted.side
left join {{ ref('stg_hub__snapshots') }} as snapshots
    on counted.activity_date = snapshots.activity_date
group by
    counted.claim, counted.side, counted.definition, counted.activity_date, snapshots.scope,
    wanted.members
