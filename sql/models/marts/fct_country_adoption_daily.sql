with counted as (
    select
        snapshot_date,
        activity_date,
        'publisher' as country_of,
        country,
        relation_kind,
        is_relation_suspect,
        weighted_models,
        weighted_new_models,
        downloads_30d,
        net
    from {{ ref('int_adoption_cube__in_scope') }}
    where definition = 'organisation'
    union all
    select
        snapshot_date,
        activity_date,
        'base_model' as country_of,
        base_country as country,
        relation_kind,
        is_relation_suspect,
        weighted_models,
        weighted_new_models,
        downloads_30d,
        net
    from {{ ref('int_adoption_cube__in_scope') }}
    where definition = 'lineage'
),

cells as (
    select
        counted.snapshot_date,
        counted.activity_date,
        counted.country_of,
        coalesce(countries.country_group, 'unknown') as country_group,
        counted.relation_kind,
        counted.is_relation_suspect,
        counted.weighted_models,
        counted.weighted_new_models,
        counted.downloads_30d,
        counted.net
    from counted
    left join {{ source('seeds', 'countries') }} as countries
        on counted.country = countries.country
),

flows as (
    select
        activity_date,
        country_of,
        country_group,
        sum(net) as net_1d
    from cells
    group by activity_date, country_of, country_group
),

levels as (
    select
        activity_date,
        country_of,
        country_group,
        sum(weighted_models) as models,
        sum(weighted_new_models) as new_models,
        coalesce(sum(weighted_models) filter (where relation_kind <> 'undeclared'), 0)
            as derivatives,
        coalesce(sum(weighted_new_models) filter (where relation_kind <> 'undeclared'), 0)
            as new_derivatives,
        sum(downloads_30d) as downloads_30d,
        coalesce(sum(downloads_30d) filter (where not is_relation_suspect), 0)
            as downloads_30d_without_suspect
    from cells
    where activity_date = {{ days_after('snapshot_date', -1) }}
    group by activity_date, country_of, country_group
),

combined as (
    select
        levels.activity_date,
        levels.country_of,
        levels.country_group,
        flows.net_1d,
        levels.downloads_30d,
        levels.downloads_30d_without_suspect,
        levels.models,
        levels.new_models,
        levels.derivatives,
        levels.new_derivatives
    from levels
    left join flows
        on
            levels.activity_date = flows.activity_date
            and levels.country_of = flows.country_of
            and levels.country_group = flows.country_group
),

totals as (
    select
        activity_date,
        country_of,
        sum(net_1d) as net_1d,
        sum(downloads_30d) as downloads_30d,
        sum(downloads_30d_without_suspect) as downloads_30d_without_suspect,
        sum(new_models) as new_models,
        sum(derivatives) as derivatives
    from combined
    group by activity_date, country_of
)

select
    combined.activity_date,
    snapshots.scope,
    snapshots.scope_id,
    combined.country_of,
    combined.country_group,
    combined.net_1d,
    combined.downloads_30d,
    combined.models,
    combined.new_models,
    combined.derivatives,
    combined.new_derivatives,
    case when totals.net_1d > 0 then combined.net_1d / totals.net_1d end as share_net_1d,
    combined.downloads_30d / nullif(totals.downloads_30d, 0) as share_downloads_30d,
    combined.downloads_30d_without_suspect / nullif(totals.downloads_30d_without_suspect, 0)
        as share_downloads_30d_without_suspect,
    combined.new_models / nullif(totals.new_models, 0) as share_new_models,
    combined.derivatives / nullif(totals.derivatives, 0) as share_derivatives
from combined
inner join totals
    on
        combined.activity_date = totals.activity_date
        and combined.country_of = totals.country_of
inner join {{ ref('stg_hub__snapshots') }} as snapshots
    on combined.activity_date = snapshots.activity_date
order by combined.activity_date, combined.country_of, combined.country_group
