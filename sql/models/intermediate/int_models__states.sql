{{ built_by_repository(
    evidence=['stg_hub__cards', 'int_models__parents'],
    seeds=[
        'publishers', 'families', 'curated_models', 'libraries', 'pipeline_kinds',
        'test_repo_patterns'
    ]
) }}
{% set from_day = renewed_from() %}
{% set root_pattern = any_pattern('families', 'extra_root_pattern') %}
{% set test_pattern = any_pattern('test_repo_patterns', 'pattern') %}
{% set said = [
    'organisation_family', 'root_family', 'curated_family', 'country', 'relation_kind', 'parents',
    'model_kind', 'is_test_repository'
] %}

with cards as (
    select
        model_key,
        valid_from,
        valid_to,
        repo_id,
        publisher,
        library_name,
        pipeline_tag
    from {{ ref('stg_hub__cards') }}
    {{ of_renewed(from_day) }}
),

parents as (
    select
        model_key,
        valid_from,
        valid_to,
        relation,
        parents
    from {{ ref('int_models__parents') }}
    {{ of_renewed(from_day) }}
),

changes as (
    select
        model_key,
        valid_from
    from cards
    union
    select
        model_key,
        valid_from
    from parents
    union
    select
        model_key,
        valid_to as valid_from
    from parents
    where valid_to is not null
),

intervals as (
    select
        model_key,
        valid_from,
        lead(valid_from) over (partition by model_key order by valid_from) as valid_to
    from changes
),

-- copies and old names that are roots of a family although no account of it owns them
extra_roots as (
    select
        repositories.repo_id,
        min(families.family) as family
    from (
        select distinct cards.repo_id
        from cards
        where {{ matches('lower(cards.repo_id)', root_pattern) }}
    ) as repositories
    inner join {{ source('seeds', 'families') }} as families
        on {{ matches('lower(repositories.repo_id)', 'families.extra_root_pattern') }}
    group by repositories.repo_id
),

curated_names as (
    select
        listed_names.repo_id,
        patterns.family
    from (
        select distinct cards.repo_id
        from cards
        inner join {{ source('seeds', 'publishers') }} as publishers
            on cards.publisher = publishers.publisher
    ) as listed_names
    inner join {{ source('seeds', 'curated_models') }} as patterns
        on {{ matches('listed_names.repo_id', 'patterns.repo_pattern') }}
    where patterns.is_included
),

left_out_names as (
    select
        curated_names.repo_id,
        curated_names.family
    from curated_names
    inner join {{ source('seeds', 'curated_models') }} as patterns
        on
            (patterns.family = '*' or curated_names.family = patterns.family)
            and {{ matches('curated_names.repo_id', 'patterns.repo_pattern') }}
    where not patterns.is_included
),

-- a name that two patterns claim counts once, for the first family
curated as (
    select
        curated_names.repo_id,
        min(curated_names.family) as family
    from curated_names
    left join left_out_names
        on
            curated_names.repo_id = left_out_names.repo_id
            and curated_names.family = left_out_names.family
    where left_out_names.repo_id is null
    group by curated_names.repo_id
),

names as (
    select
        coalesce(extra_roots.repo_id, curated.repo_id) as repo_id,
        extra_roots.family as extra_root_family,
        curated.family as curated_family
    from extra_roots
    full outer join curated
        on extra_roots.repo_id = curated.repo_id
),

-- nearly all have one parent, which is no group
relations as (
    select
        model_key,
        valid_from,
        valid_to,
        {{ array_of("coalesce(relation, 'unstated')") }} as relations,
        parents
    from parents
    where parents = 1
    union all
    select
        model_key,
        valid_from,
        valid_to,
        {{ distinct_array("coalesce(relation, 'unstated')") }} as relations,
        max(parents) as parents
    from parents
    where parents > 1
    group by model_key, valid_from, valid_to
),

described as (
    select
        intervals.model_key,
        intervals.valid_from,
        intervals.valid_to,
        publishers.family as organisation_family,
        coalesce(names.extra_root_family, publishers.family) as root_family,
        names.curated_family,
        coalesce(publishers.country, 'unknown') as country,
        {{ relation_kind('relations.relations', 'libraries.library_kind') }} as relation_kind,
        coalesce(relations.parents, 0) as parents,
        coalesce(pipeline_kinds.model_kind, 'unknown') as model_kind,
        {{ matches('lower(cards.repo_id)', test_pattern) }} as is_test_repository
    from intervals
    inner join cards
        on
            intervals.model_key = cards.model_key
            and {{ holds_on('cards', 'intervals.valid_from') }}
    left join {{ source('seeds', 'publishers') }} as publishers
        on cards.publisher = publishers.publisher
    left join {{ source('seeds', 'libraries') }} as libraries
        on lower(cards.library_name) = libraries.library_name
    left join {{ source('seeds', 'pipeline_kinds') }} as pipeline_kinds
        on cards.pipeline_tag = pipeline_kinds.pipeline_tag
    left join names
        on cards.repo_id = names.repo_id
    left join relations
        on
            intervals.model_key = relations.model_key
            and {{ holds_on('relations', 'intervals.valid_from') }}
),

{{ distinct_states_ctes('described', said) }}

select
    model_key,
    valid_from,
    valid_to,
    {{ said | join(',\n    ') }}
from distinct_states
-- sorted, it takes less room, the same every day, and no more time
order by model_key, valid_from
