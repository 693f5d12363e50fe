{% set counted = {
    'finetunes': 'finetune', 'adapters': 'adapter', 'merges': 'merge',
    'quantisations': 'quantized', 'conversions': 'conversion'
} %}

with levels as (
    select
        activity_date,
        definition,
        family,
        cast(sum(models) as bigint) as models,
        cast(sum(new_models) as bigint) as new_models,
        cast(coalesce(sum(models) filter (where relation_kind <> 'undeclared'), 0) as bigint)
            as derivatives,
        cast(coalesce(sum(new_models) filter (where relation_kind <> 'undeclared'), 0) as bigint)
            as new_derivatives,
        {% for column, kind in counted.items() %}
            cast(coalesce(sum(models) filter (where relation_kind = '{{ kind }}'), 0) as bigint)
                as "{{ column }}",
        {% endfor %}
        cast(coalesce(sum(models) filter (where is_relation_suspect), 0) as bigint)
            as suspect_models,
        sum(downloads_30d) as downloads_30d,
        sum(downloads_all_time) as downloads_all_time,
        coalesce(sum(downloads_all_time) filter (where is_relation_suspect), 0)
            as downloads_all_time_suspect
    from {{ ref('int_adoption_cube_daily') }}
    where
        family is not null
        and activity_date = {{ days_after('snapshot_date', -1) }}
    group by activity_date, definition, family
),

flows as (
    select
        activity_date,
        definition,
        family,
        sum(net) as net_1d,
        coalesce(sum(net) filter (where is_relation_suspect), 0) as net_1d_suspect
    from {{ ref('int_adoption_cube_daily') }}
    where
        family is not null
        and net is not null
    group by activity_date, definition, family
),

combined as (
    select
        coalesce(levels.activity_date, flows.activity_date) as activity_date,
        coalesce(levels.definition, flows.definition) as definition,
        coalesce(levels.family, flows.family) as family,
        flows.net_1d,
        flows.net_1d_suspect,
        levels.downloads_30d,
        levels.downloads_all_time,
        levels.downloads_all_time_suspect,
        levels.models,
        levels.derivatives,
        levels.finetunes,
        levels.adapters,
        levels."merges",
        levels.quantisations,
        levels.conversions,
        levels.new_models,
        levels.new_derivatives,
        levels.suspect_models
    from levels
    full outer join flows
        on
            levels.activity_date = flows.activity_date
            and levels.definition = flows.definition
            and levels.family = flows.family
),

followed as (
    select
        activity_date,
        definition,
        family,
        net_1d,
        net_1d_suspect,
        downloads_30d,
        downloads_all_time,
        downloads_all_time_suspect,
        models,
        derivatives,
        finetunes,
        adapters,
        "merges",
        quantisations,
        conversions,
        new_models,
        new_derivatives,
        suspect_models,
        sum(net_1d) over (
            partition by definition, family
            order by activity_date
            rows unbounded preceding
        ) as net_so_far
    from combined
),

observed as (
    select
        activity_date,
        definition,
        family,
        downloads_all_time
        - lag(downloads_all_time) over by_family
        - (coalesce(net_so_far, 0) - coalesce(lag(net_so_far) over by_family, 0))
            as scope_change
    from followed
    where downloads_all_time is not null
    window by_family as (partition by definition, family order by activity_date)
),

snapshots as (
    select
        activity_date,
        scope,
        scope_id
    from {{ ref('stg_hub__snapshots') }}
)

select
    followed.activity_date,
    followed.definition,
    followed.family,
    snapshots.scope,
    snapshots.scope_id,
    followed.models is null as is_interpolated,
    followed.net_1d,
    followed.net_1d_suspect,
    followed.downloads_30d,
    followed.downloads_all_time,
    followed.downloads_all_time_suspect,
    observed.scope_change,
    restated.restated,
    followed.models,
    followed.derivatives,
    followed.finetunes,
    followed.adapters,
    followed."merges",
    followed.finetunes + followed.adapters + followed."merges" as adapted,
    followed.quantisations,
    followed.conversions,
    followed.quantisations + followed.conversions as replicated,
    followed.new_models,
    followed.new_derivatives,
    followed.suspect_models
from followed
left join snapshots
    on followed.activity_date = snapshots.activity_date
left join observed
    on
        followed.activity_date = observed.activity_date
        and followed.definition = observed.definition
        and followed.family = observed.family
left join {{ ref('int_families__restated_daily') }} as restated
    on
        followed.activity_date = restated.activity_date
        and followed.definition = restated.definition
        and followed.family = restated.family
order by followed.activity_date, followed.definition, followed.family
