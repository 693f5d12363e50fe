-- depends_on: {{ source('seeds', 'test_repo_patterns') }}
{% set root_pattern = any_pattern('families', 'extra_root_pattern') %}
{% set test_pattern = any_pattern('test_repo_patterns', 'pattern') %}

with changes as (
    select
        model_key,
        valid_from
    from {{ ref('stg_hub__cards') }}
    union
    select
        model_key,
        valid_from
    from {{ ref('int_models__parents') }}
    union
    select
        model_key,
        valid_to as valid_from
    from {{ ref('int_models__parents') }}
    where valid_to is not null
),

intervals as (
    select
        model_key,
        valid_from,
        lead(valid_from) over (partition by model_key order by valid_from) as valid_to
    from changes
),

repositories as (
    select distinct repo_id
    from {{ ref('stg_hub__cards') }}
    where regexp_matches(lower(repo_id), {{ root_pattern }})
),

-- copies and old names that are roots of a family although no account of it owns them
extra_roots as (
    select
        repositories.repo_id,
        min(families.family) as family
    from repositories
    inner join {{ source('seeds', 'families') }} as families
        on regexp_matches(lower(repositories.repo_id), families.extra_root_pattern)
    group by repositories.repo_id
),

-- nearly all have one parent, which is no group
relations as (
    select
        model_key,
        valid_from,
        valid_to,
        {{ array_of("coalesce(relation, 'unstated')") }} as relations,
        parents
    from {{ ref('int_models__parents') }}
    where parents = 1
    union all
    select
        model_key,
        valid_from,
        valid_to,
        list(distinct coalesce(relation, 'unstated')) as relations,
        max(parents) as parents
    from {{ ref('int_models__parents') }}
    where parents > 1
    group by model_key, valid_from, valid_to
)

select
    intervals.model_key,
    intervals.valid_from,
    intervals.valid_to,
    cards.valid_from as card_from,
    publishers.family as organisation_family,
    coalesce(extra_roots.family, publishers.family) as root_family,
    coalesce(publishers.country, 'unknown') as country,
    {{ relation_kind('relations.relations', 'libraries.library_kind') }} as relation_kind,
    coalesce(relations.parents, 0) as parents,
    coalesce(pipeline_kinds.model_kind, 'unknown') as model_kind,
    regexp_matches(lower(cards.repo_id), {{ test_pattern }}) as is_test_repository
from intervals
inner join {{ ref('stg_hub__cards') }} as cards
    on
        intervals.model_key = cards.model_key
        and {{ holds_on('cards', 'intervals.valid_from') }}
left join {{ source('seeds', 'publishers') }} as publishers
    on cards.publisher = publishers.publisher
left join {{ source('seeds', 'libraries') }} as libraries
    on lower(cards.library_name) = libraries.library_name
left join {{ source('seeds', 'pipeline_kinds') }} as pipeline_kinds
    on cards.pipeline_tag = pipeline_kinds.pipeline_tag
left join extra_roots
    on cards.repo_id = extra_roots.repo_id
left join relations
    on
        intervals.model_key = relations.model_key
        and {{ holds_on('relations', 'intervals.valid_from') }}
-- sorted, it takes less room, the same every day, and no more time
order by intervals.model_key, intervals.valid_from
