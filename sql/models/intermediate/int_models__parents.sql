{% set always = "date '9999-12-31'" %}

with recursive tagged as (
    select
        model_key,
        valid_from,
        valid_to,
        {{ parent_tags('tags') }} as parent_tags
    from {{ ref('stg_hub__cards') }}
),

changes as (
    select
        model_key,
        valid_from
    from {{ ref('stg_hub__lineage') }}
    union
    select
        model_key,
        valid_from
    from tagged
),

intervals as (
    select
        model_key,
        valid_from,
        coalesce(
            lead(valid_from) over (partition by model_key order by valid_from), {{ always }}
        ) as valid_to
    from changes
),

declared as (
    select
        intervals.model_key,
        intervals.valid_from,
        intervals.valid_to,
        lineage.base_relation,
        lineage.base_models,
        case when lineage.base_models is null then tagged.parent_tags end as parent_tags
    from intervals
    left join {{ ref('stg_hub__lineage') }} as lineage
        on
            intervals.model_key = lineage.model_key
            and intervals.valid_from >= lineage.valid_from
            and (lineage.valid_to is null or intervals.valid_from < lineage.valid_to)
    left join tagged
        on
            intervals.model_key = tagged.model_key
            and intervals.valid_from >= tagged.valid_from
            and (tagged.valid_to is null or intervals.valid_from < tagged.valid_to)
),

each_tag as (
    select
        model_key,
        valid_from,
        valid_to,
        {{ each_element('parent_tags') }} as parent_tag
    from declared
),

named as (
    select
        model_key,
        valid_from,
        valid_to,
        base_relation as relation,
        {{ each_element('base_models') }} as parent_name
    from declared
    union all
    select
        model_key,
        valid_from,
        valid_to,
        split_part(parent_tag, ':', 2) as relation,
        split_part(parent_tag, ':', 3) as parent_name
    from each_tag
),

wanted_names as (
    select distinct parent_name
    from named
),

-- a name belongs to the repository that was seen under it last, also after that one was renamed
-- or deleted, until another one is seen under it; before the first sight it belongs to nobody
sightings as (
    select
        parent_name,
        cast(null as integer) as holder_key,
        date '0001-01-01' as held_from
    from wanted_names
    union all
    select
        wanted_names.parent_name,
        cards.model_key as holder_key,
        cards.valid_from as held_from
    from wanted_names
    inner join {{ ref('stg_hub__cards') }} as cards
        on wanted_names.parent_name = cards.repo_id
),

held as (
    select
        parent_name,
        holder_key,
        held_from,
        coalesce(
            lead(held_from)
                over (partition by parent_name order by held_from, holder_key nulls first),
            {{ always }}
        ) as held_to
    from sightings
),

resolved as (
    select
        named.model_key,
        named.parent_name,
        held.holder_key as parent_key,
        named.relation,
        greatest(named.valid_from, held.held_from) as valid_from,
        least(named.valid_to, held.held_to) as valid_to
    from named
    inner join held
        on
            named.parent_name = held.parent_name
            and named.valid_from < held.held_to
            and named.valid_to > held.held_from
    where
        held.holder_key is distinct from named.model_key
        and held.held_from < held.held_to
),

aged as (
    select
        resolved.model_key,
        resolved.parent_name,
        resolved.parent_key,
        resolved.relation,
        resolved.valid_from,
        resolved.valid_to,
        coalesce(children.created_at < parents.created_at, false) as is_older_than_parent,
        coalesce(
            children.created_at < parents.created_at
            or (
                children.created_at is not distinct from parents.created_at
                and resolved.model_key < resolved.parent_key
            )
            or (children.created_at is null and parents.created_at is not null),
            false
        ) as is_before_parent
    from resolved
    left join {{ ref('stg_hub__models') }} as children
        on resolved.model_key = children.model_key
    left join {{ ref('stg_hub__models') }} as parents
        on resolved.parent_key = parents.model_key
),

-- every cycle has an edge whose child comes before its parent (by creation, else by key), so only
-- those are followed upwards
climbs as (
    select
        model_key,
        parent_key,
        valid_from as edge_from,
        parent_key as ancestor_key,
        valid_from,
        valid_to
    from aged
    where is_before_parent
    union
    select
        climbs.model_key,
        climbs.parent_key,
        climbs.edge_from,
        resolved.parent_key as ancestor_key,
        greatest(climbs.valid_from, resolved.valid_from) as valid_from,
        least(climbs.valid_to, resolved.valid_to) as valid_to
    from climbs
    inner join resolved
        on
            climbs.ancestor_key = resolved.model_key
            and climbs.valid_from < resolved.valid_to
            and climbs.valid_to > resolved.valid_from
    where
        resolved.parent_key is not null
        and climbs.ancestor_key <> climbs.model_key
),

-- from the day that the cycle was seen, and not before: the past is not restated
closing as (
    select
        model_key,
        parent_key,
        edge_from,
        min(valid_from) as closed_from
    from climbs
    where ancestor_key = model_key
    group by model_key, parent_key, edge_from
),

live as (
    select
        aged.model_key,
        aged.parent_name,
        aged.parent_key,
        aged.relation,
        aged.valid_from,
        least(aged.valid_to, coalesce(closing.closed_from, {{ always }})) as valid_to,
        aged.is_older_than_parent
    from aged
    left join closing
        on
            aged.model_key = closing.model_key
            and aged.parent_key = closing.parent_key
            and aged.valid_from = closing.edge_from
    where aged.valid_from < coalesce(closing.closed_from, {{ always }})
),

points as (
    select
        model_key,
        valid_from
    from live
    union
    select
        model_key,
        valid_to as valid_from
    from live
),

spans as (
    select
        model_key,
        valid_from,
        lead(valid_from) over (partition by model_key order by valid_from) as valid_to
    from points
),

-- one parent may be declared under two of its names
edges as (
    select
        spans.model_key,
        spans.valid_from,
        spans.valid_to,
        live.parent_key,
        min(live.parent_name) as parent_name,
        min(live.relation) as relation,
        bool_or(live.is_older_than_parent) as is_older_than_parent
    from spans
    inner join live
        on
            spans.model_key = live.model_key
            and spans.valid_from >= live.valid_from
            and spans.valid_from < live.valid_to
    group by
        spans.model_key, spans.valid_from, spans.valid_to, live.parent_key,
        case when live.parent_key is null then live.parent_name end
)

select
    model_key,
    valid_from,
    nullif(valid_to, {{ always }}) as valid_to,
    parent_name,
    parent_key,
    relation,
    is_older_than_parent,
    count(*) over (partition by model_key, valid_from) as parents
from edges
