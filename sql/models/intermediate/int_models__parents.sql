{{ built_by_repository(
    evidence=['int_models__declared_parents'], also='children_before_parents'
) }}
{% set always = "date '9999-12-31'" %}
{% set from_day = renewed_from() %}

with recursive resolved as (
    select
        model_key,
        parent_name,
        parent_key,
        relation,
        valid_from,
        coalesce(valid_to, {{ always }}) as valid_to,
        is_older_than_parent,
        is_before_parent
    from {{ ref('int_models__declared_parents') }}
    where parent_key is distinct from model_key
),

aged as (
    select
        model_key,
        parent_name,
        parent_key,
        relation,
        valid_from,
        valid_to,
        is_older_than_parent,
        is_before_parent
    from resolved
    {{ of_renewed(from_day) }}
),

-- every cycle has an edge whose child comes before its parent, so only those are followed upwards
climbs as (
    select
        model_key,
        parent_key,
        valid_from as edge_from,
        parent_key as ancestor_key,
        valid_from,
        valid_to{{ first_step() }}
    from aged
    where is_before_parent
    {{ union_of_steps() }}
    select
        climbs.model_key,
        climbs.parent_key,
        climbs.edge_from,
        resolved.parent_key as ancestor_key,
        greatest(climbs.valid_from, resolved.valid_from) as valid_from,
        least(climbs.valid_to, resolved.valid_to) as valid_to{{ next_step('climbs') }}
    from climbs
    inner join resolved
        on
            climbs.ancestor_key = resolved.model_key
            and climbs.valid_from < resolved.valid_to
            and climbs.valid_to > resolved.valid_from
    where
        resolved.parent_key is not null
        and climbs.ancestor_key <> climbs.model_key
        and {{ is_step_left('climbs') }}
),

closed as (
    select distinct
        model_key,
        parent_key,
        edge_from,
        valid_from,
        valid_to
    from climbs
    where ancestor_key = model_key
),

-- from the day that the cycle was seen, for as long as it holds: the past is not restated
closing as (
    select
        model_key,
        parent_key,
        edge_from,
        valid_from as closed_from,
        valid_to as closed_to,
        coalesce(
            max(valid_to) over (
                partition by model_key, parent_key, edge_from
                order by valid_from, valid_to nulls last
                rows between unbounded preceding and 1 preceding
            ),
            edge_from
        ) as open_from
    from closed
),

open_spans as (
    select
        model_key,
        parent_key,
        edge_from,
        open_from,
        closed_from as open_to
    from closing
    union all
    select
        model_key,
        parent_key,
        edge_from,
        max(closed_to) as open_from,
        {{ always }} as open_to
    from closing
    group by model_key, parent_key, edge_from
),

live as (
    select
        aged.model_key,
        aged.parent_name,
        aged.parent_key,
        aged.relation,
        coalesce(open_spans.open_from, aged.valid_from) as valid_from,
        least(aged.valid_to, coalesce(open_spans.open_to, {{ always }})) as valid_to,
        aged.is_older_than_parent
    from aged
    left join open_spans
        on
            aged.model_key = open_spans.model_key
            and aged.parent_key = open_spans.parent_key
            and aged.valid_from = open_spans.edge_from
    where
        coalesce(open_spans.open_from, aged.valid_from)
        < least(aged.valid_to, coalesce(open_spans.open_to, {{ always }}))
),

-- all but few models declare one parent once
several as (
    select model_key
    from live
    group by model_key
    having count(*) > 1
),

crossing as (
    select live.*
    from live
    inner join several
        on live.model_key = several.model_key
),

points as (
    select
        model_key,
        valid_from
    from crossing
    union
    select
        model_key,
        valid_to as valid_from
    from crossing
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
        crossing.parent_key,
        min(crossing.parent_name) as parent_name,
        min(crossing.relation) as relation,
        bool_or(crossing.is_older_than_parent) as is_older_than_parent
    from spans
    inner join crossing
        on
            spans.model_key = crossing.model_key
            and spans.valid_from >= crossing.valid_from
            and spans.valid_from < crossing.valid_to
    group by
        spans.model_key, spans.valid_from, spans.valid_to, crossing.parent_key,
        case when crossing.parent_key is null then crossing.parent_name end
),

counted as (
    select
        live.model_key,
        live.valid_from,
        live.valid_to,
        live.parent_name,
        live.parent_key,
        live.relation,
        live.is_older_than_parent,
        cast(1 as bigint) as parents
    from live
    left join several
        on live.model_key = several.model_key
    where several.model_key is null
    union all
    select
        model_key,
        valid_from,
        valid_to,
        parent_name,
        parent_key,
        relation,
        is_older_than_parent,
        count(*) over (partition by model_key, valid_from) as parents
    from edges
)

select
    model_key,
    valid_from,
    nullif(valid_to, {{ always }}) as valid_to,
    parent_name,
    parent_key,
    relation,
    is_older_than_parent,
    parents
from counted
