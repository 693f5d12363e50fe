{% set groups = openness_groups() %}

with cells as (
    select
        activity_date,
        licence_class,
        access_class,
        is_relation_suspect,
        models,
        downloads_30d,
        net
    from {{ ref('int_adoption_cube__in_scope') }}
    where definition = 'organisation'
),

counted as (
    select
        activity_date,
        'all' as relations,
        licence_class,
        access_class,
        models,
        downloads_30d,
        net
    from cells
    union all
    select
        activity_date,
        'without_suspect' as relations,
        licence_class,
        access_class,
        models,
        downloads_30d,
        net
    from cells
    where not is_relation_suspect
),

totals as (
    select
        activity_date,
        relations,
        {{ whole_number('sum(models)') }} as models,
        sum(downloads_30d) as downloads_30d,
        sum(net) as net_1d
    from counted
    group by activity_date, relations
),

named as (
    {% for name, condition in groups.items() %}
        select
            activity_date,
            relations,
            '{{ name }}' as openness_group,
            models,
            downloads_30d,
            net
        from counted
        where {{ condition }}
        {% if not loop.last %}
            union all
        {% endif %}
    {% endfor %}
),

summed as (
    select
        activity_date,
        relations,
        openness_group,
        {{ whole_number('sum(models)') }} as models,
        sum(downloads_30d) as downloads_30d,
        sum(net) as net_1d
    from named
    group by activity_date, relations, openness_group
),

shares as (
    select
        summed.activity_date,
        snapshots.scope,
        snapshots.scope_id,
        snapshots.lacks,
        summed.relations,
        summed.openness_group,
        summed.models,
        summed.downloads_30d,
        summed.net_1d,
        summed.models / cast(nullif(totals.models, 0) as double) as share_models,
        summed.downloads_30d / nullif(totals.downloads_30d, 0) as share_downloads_30d,
        case when totals.net_1d > 0 then summed.net_1d / totals.net_1d end as share_net_1d
    from summed
    inner join totals
        on
            summed.activity_date = totals.activity_date
            and summed.relations = totals.relations
    inner join {{ ref('stg_hub__snapshots') }} as snapshots
        on summed.activity_date = snapshots.activity_date
    where totals.models > 0
)

select
    today.activity_date,
    today.scope,
    today.scope_id,
    today.relations,
    today.openness_group,
    today.models,
    today.downloads_30d,
    today.net_1d,
    today.share_models,
    today.share_downloads_30d,
    today.share_net_1d,
    today.share_downloads_30d - before.share_downloads_30d as share_downloads_30d_change_28d,
    today.share_net_1d - before.share_net_1d as share_net_1d_change_28d
from shares as today
left join shares as before
    on
        {{ days_after('today.activity_date', -28) }} = before.activity_date
        and today.relations = before.relations
        and today.openness_group = before.openness_group
        and today.scope_id = before.scope_id
        -- to learn what was unknown is no move
        and today.lacks = before.lacks
order by today.activity_date, today.relations, today.openness_group
