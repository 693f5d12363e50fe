{{ built_by_repository(also='children_of_new_holders') }}
{% set always = "date '9999-12-31'" %}
{% set from_day = renewed_from() %}

with tagged as (
    select
        model_key,
        valid_from,
        valid_to,
        {{ parent_tags('tags') }} as parent_tags
    from {{ ref('stg_hub__cards') }}
    {{ of_renewed(from_day) }}
),

lineages as (
    select
        model_key,
        valid_from,
        valid_to,
        base_relation,
        base_models
    from {{ ref('stg_hub__lineage') }}
    {{ of_renewed(from_day) }}
),

changes as (
    select
        model_key,
        valid_from
    from lineages
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
        lineages.base_relation,
        lineages.base_models,
        case when lineages.base_models is null then tagged.parent_tags end as parent_tags
    from intervals
    left join lineages
        on
            intervals.model_key = lineages.model_key
            and {{ holds_on('lineages', 'intervals.valid_from') }}
    left join tagged
        on
            intervals.model_key = tagged.model_key
            and {{ holds_on('tagged', 'intervals.valid_from') }}
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
    -- of base_models as well: a day that an earlier version loaded may have anything
    where {{ matches_whole('parent_name', "'" ~ repository_id() ~ "'") }}
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

followed as (
    select
        parent_name,
        holder_key,
        held_from,
        lag(holder_key) over (
            partition by parent_name order by held_from, holder_key nulls first
        ) as former_key
    from sightings
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
    from followed
    where holder_key is null or holder_key is distinct from former_key
)

select
    named.model_key,
    greatest(named.valid_from, held.held_from) as valid_from,
    nullif(least(named.valid_to, held.held_to), {{ always }}) as valid_to,
    named.parent_name,
    held.holder_key as parent_key,
    named.relation,
    coalesce(children.created_at < parents.created_at, false) as is_older_than_parent,
    coalesce(
        children.created_at < parents.created_at
        or (
            children.created_at is not distinct from parents.created_at
            and named.model_key < held.holder_key
        )
        or (children.created_at is null and parents.created_at is not null),
        false
    ) as is_before_parent
from named
inner join held
    on
        named.parent_name = held.parent_name
        and named.valid_from < held.held_to
        and named.valid_to > held.held_from
left join {{ ref('stg_hub__models') }} as children
    on named.model_key = children.model_key
left join {{ ref('stg_hub__models') }} as parents
    on held.holder_key = parents.model_key
where held.held_from < held.held_to
