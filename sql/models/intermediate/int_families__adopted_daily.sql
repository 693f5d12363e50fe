{% set counted = {
    'finetunes': 'finetune', 'adapters': 'adapter', 'merges': 'merge',
    'quantisations': 'quantized', 'conversions': 'conversion'
} %}

with levels as (
    select
        activity_date,
        definition,
        family,
        {{ whole_number('sum(models)') }} as models,
        {{ whole_number('sum(new_models)') }} as new_models,
        cast(coalesce(sum(models) filter (where relation_kind <> 'undeclared'), 0) as bigint)
            as derivatives,
        cast(coalesce(sum(new_models) filter (where relation_kind <> 'undeclared'), 0) as bigint)
            as new_derivatives,
        {% for column, kind in counted.items() %}
            cast(coalesce(sum(models) filter (where relation_kind = '{{ kind }}'), 0) as bigint)
                as {{ adapter.quote(column) }},
        {% endfor %}
        {{ whole_number('coalesce(sum(models) filter (where is_relation_suspect), 0)') }}
            as suspect_models,
        sum(downloads_30d) as downloads_30d,
        sum(downloads_all_time) as downloads_all_time,
        coalesce(sum(downloads_all_time) filter (where is_relation_suspect), 0)
            as downloads_all_time_suspect
    from {{ ref('int_adoption_cube__daily') }}
    where
        family is not null
        and usable
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
    from {{ ref('int_adoption_cube__daily') }}
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
        levels.{{ adapter.quote('merges') }},
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

-- what a snapshot adds may lie on days before it, as what a weekly census adds does
added as (
    select
        snapshot_date,
        definition,
        family,
        sum(net) as net
    from {{ ref('int_adoption_cube__daily') }}
    where
        family is not null
        and net is not null
    group by snapshot_date, definition, family
),

observed as (
    select
        levels.activity_date,
        levels.definition,
        levels.family,
        levels.downloads_all_time
        - lag(levels.downloads_all_time) over by_family
        - coalesce(added.net, 0)
            as scope_change
    from levels
    left join added
        on
            {{ days_after('levels.activity_date', 1) }} = added.snapshot_date
            and levels.definition = added.definition
            and levels.family = added.family
    where levels.downloads_all_time is not null
    window by_family as (
        partition by levels.definition, levels.family order by levels.activity_date
    )
)

select
    combined.activity_date,
    combined.definition,
    combined.family,
    combined.net_1d,
    combined.net_1d_suspect,
    combined.downloads_30d,
    combined.downloads_all_time,
    combined.downloads_all_time_suspect,
    combined.models,
    combined.derivatives,
    combined.finetunes,
    combined.adapters,
    combined.{{ adapter.quote('merges') }},
    combined.quantisations,
    combined.conversions,
    combined.new_models,
    combined.new_derivatives,
    combined.suspect_models,
    observed.scope_change
from combined
left join observed
    on
        combined.activity_date = observed.activity_date
        and combined.definition = observed.definition
        and combined.family = observed.family
