with derivatives as (
    select
        snapshot_date,
        activity_date,
        coalesce(family, 'unknown') as family,
        relation_kind,
        is_relation_suspect,
        models,
        weighted_models,
        new_models,
        downloads_30d,
        net
    from {{ ref('int_adoption_cube__in_scope') }}
    where
        definition = 'lineage'
        and relation_kind <> 'undeclared'
),

flows as (
    select
        activity_date,
        family,
        relation_kind,
        sum(net) as net_1d
    from derivatives
    group by activity_date, family, relation_kind
),

levels as (
    select
        activity_date,
        family,
        relation_kind,
        {{ whole_number('sum(models)') }} as models,
        sum(weighted_models) as weighted_models,
        {{ whole_number('sum(new_models)') }} as new_models,
        {{ whole_number('coalesce(sum(models) filter (where is_relation_suspect), 0)') }}
            as suspect_models,
        sum(downloads_30d) as downloads_30d,
        sum(downloads_30d) filter (where not is_relation_suspect) as downloads_30d_without_suspect
    from derivatives
    where activity_date = {{ days_after('snapshot_date', -1) }}
    group by activity_date, family, relation_kind
)

select
    levels.activity_date,
    snapshots.scope,
    snapshots.scope_id,
    levels.family,
    levels.relation_kind,
    levels.models,
    levels.weighted_models,
    levels.new_models,
    levels.suspect_models,
    levels.downloads_30d,
    levels.downloads_30d_without_suspect,
    flows.net_1d
from levels
inner join {{ ref('stg_hub__snapshots') }} as snapshots
    on levels.activity_date = snapshots.activity_date
left join flows
    on
        levels.activity_date = flows.activity_date
        and levels.family = flows.family
        and levels.relation_kind = flows.relation_kind
order by levels.activity_date, levels.family, levels.relation_kind
