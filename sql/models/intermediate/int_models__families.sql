{{ built_by_repository(
    evidence=['int_models__states', 'int_models__parents'],
    also='descendants_of_renewed',
    seeds=[
        'publishers', 'families', 'curated_models', 'libraries', 'pipeline_kinds',
        'test_repo_patterns', 'growth_thresholds'
    ]
) }}
{% set always = "date '9999-12-31'" %}
{% set from_day = renewed_from() %}

with recursive
{% if from_day != all_evidence() %}
    -- the way down to a model begins with the topmost of its ancestors
    on_the_way as (
        select model_key
        from renewed
        union
        select parents.parent_key as model_key
        from on_the_way
        inner join {{ ref('int_models__parents') }} as parents
            on on_the_way.model_key = parents.model_key
        where parents.parent_key is not null
    ),
{% endif %}

states as (
    select
        model_key,
        valid_from,
        coalesce(valid_to, {{ always }}) as valid_to,
        organisation_family,
        root_family,
        curated_family,
        parents,
        is_test_repository
    from {{ ref('int_models__states') }}
    {% if from_day != all_evidence() %}
        where model_key in (select on_the_way.model_key from on_the_way)
    {% endif %}
),

edges as (
    select
        states.model_key,
        greatest(states.valid_from, parents.valid_from) as valid_from,
        least(states.valid_to, parents.valid_to) as valid_to,
        states.root_family,
        parents.parent_key,
        parents.parent_name,
        1 / cast(parents.parents as double) as weight
    from states
    inner join {{ ref('int_models__parents') }} as parents
        on
            states.model_key = parents.model_key
            and states.valid_from < coalesce(parents.valid_to, {{ always }})
            and states.valid_to > parents.valid_from
),

unseen as (
    select distinct parent_name
    from edges
    where parent_key is null
),

-- a parent that was never seen is known by its name and the account in it, if at all
unseen_names as (
    select
        unseen.parent_name,
        coalesce(min(families.family), min(publishers.family)) as family
    from unseen
    left join {{ source('seeds', 'publishers') }} as publishers
        on
            unseen.parent_name like '%/%'
            and split_part(unseen.parent_name, '/', 1) = publishers.publisher
    left join {{ source('seeds', 'families') }} as families
        on {{ matches('lower(unseen.parent_name)', 'families.extra_root_pattern') }}
    group by unseen.parent_name
),

-- downwards from the topmost root with a known family; equal parts of one step are added up, or
-- merges of merges would multiply
descents as (
    select
        model_key,
        valid_from,
        valid_to,
        root_family as family,
        cast(1 as double) as weight,
        0 as depth
    from states
    where parents = 0
    union all
    select
        edges.model_key,
        edges.valid_from,
        edges.valid_to,
        coalesce(unseen_names.family, edges.root_family) as family,
        sum(edges.weight) as weight,
        case when unseen_names.family is null then 0 else 1 end as depth
    from edges
    inner join unseen_names
        on edges.parent_name = unseen_names.parent_name
    where edges.parent_key is null
    group by all
    union all
    select
        edges.model_key,
        greatest(edges.valid_from, descents.valid_from) as valid_from,
        least(edges.valid_to, descents.valid_to) as valid_to,
        coalesce(descents.family, edges.root_family) as family,
        {{ sum_in_step('edges.weight * descents.weight') }} as weight,
        case when descents.family is null then 0 else descents.depth + 1 end as depth
    from descents
    inner join edges
        on
            descents.model_key = edges.parent_key
            and descents.valid_from < edges.valid_to
            and descents.valid_to > edges.valid_from
    where
        descents.depth < (
            select thresholds.lineage_max_depth
            from {{ ref('stg_seeds__growth_thresholds') }} as thresholds
        )
    {{ group_in_step() }}
),

contributions as (
    select
        model_key,
        family,
        valid_from,
        valid_to,
        sum(weight) as weight
    from descents
    where family is not null
    group by model_key, family, valid_from, valid_to
),

-- nearly all have one weight in a family over all their time
several as (
    select
        model_key,
        family
    from contributions
    group by model_key, family
    having count(*) > 1
),

crossing as (
    select contributions.*
    from contributions
    inner join several
        on
            contributions.model_key = several.model_key
            and contributions.family = several.family
),

points as (
    select
        model_key,
        family,
        valid_from
    from crossing
    union
    select
        model_key,
        family,
        valid_to as valid_from
    from crossing
),

spans as (
    select
        model_key,
        family,
        valid_from,
        lead(valid_from) over (partition by model_key, family order by valid_from) as valid_to
    from points
),

lineage as (
    select
        contributions.model_key,
        contributions.family,
        contributions.valid_from,
        contributions.valid_to,
        least(contributions.weight, 1) as weight
    from contributions
    left join several
        on
            contributions.model_key = several.model_key
            and contributions.family = several.family
    where several.model_key is null
    union all
    select
        spans.model_key,
        spans.family,
        spans.valid_from,
        spans.valid_to,
        least(sum(crossing.weight), 1) as weight
    from spans
    inner join crossing
        on
            spans.model_key = crossing.model_key
            and spans.family = crossing.family
            and spans.valid_from >= crossing.valid_from
            and spans.valid_from < crossing.valid_to
    group by spans.model_key, spans.family, spans.valid_from, spans.valid_to
),

-- test repositories by the names that they have over time
clean as (
    select
        lineage.model_key,
        lineage.family,
        greatest(lineage.valid_from, states.valid_from) as valid_from,
        least(lineage.valid_to, states.valid_to) as valid_to,
        lineage.weight
    from lineage
    inner join states
        on
            lineage.model_key = states.model_key
            and lineage.valid_from < states.valid_to
            and lineage.valid_to > states.valid_from
    where not states.is_test_repository
),

memberships as (
    select
        'organisation' as definition,
        model_key,
        organisation_family as family,
        valid_from,
        valid_to,
        cast(1 as double) as weight
    from states
    where organisation_family is not null
    union all
    select
        'lineage' as definition,
        model_key,
        family,
        valid_from,
        valid_to,
        weight
    from lineage
    union all
    select
        'lineage_clean' as definition,
        model_key,
        family,
        valid_from,
        valid_to,
        weight
    from clean
    union all
    select
        'curated' as definition,
        model_key,
        curated_family as family,
        valid_from,
        valid_to,
        cast(1 as double) as weight
    from states
    where curated_family is not null
)

select
    definition,
    model_key,
    family,
    valid_from,
    nullif(valid_to, {{ always }}) as valid_to,
    weight
from memberships
{{ of_renewed(from_day) }}
-- sorted, it takes less room, the same every day, and no more time
order by model_key, valid_from
