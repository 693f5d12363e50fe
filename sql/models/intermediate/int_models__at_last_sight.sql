with sightings as (
    select
        model_key,
        first_seen_date,
        last_seen_date,
        is_listed,
        is_gone,
        absent_censuses,
        downloads_30d,
        downloads_all_time,
        likes
    from {{ ref('int_models__sightings') }}
),

memberships as (
    select
        sightings.model_key,
        families.family,
        families.weight
    from sightings
    inner join {{ ref('int_models__families') }} as families
        on
            sightings.model_key = families.model_key
            and {{ holds_on('families', 'sightings.last_seen_date') }}
    where families.definition = 'lineage'
),

-- of several lineage families the one with the greatest weight, the first in the alphabet of equals
lineage_families as (
    select
        model_key,
        max(weight) as weight,
        {{ value_at_least('family', tuple_of(['-weight', 'family'])) }} as family
    from memberships
    group by model_key
),

with_parents as (
    select
        counters.model_key,
        counters.downloads_all_time,
        counters.downloads_30d,
        parents.parents,
        parents.is_older_than_parent,
        parent_counters.downloads_all_time as parent_all_time,
        parent_counters.downloads_30d as parent_30d
    from sightings as counters
    inner join {{ ref('int_models__parents') }} as parents
        on
            counters.model_key = parents.model_key
            and {{ holds_on('parents', 'counters.last_seen_date') }}
    left join sightings as parent_counters
        on parents.parent_key = parent_counters.model_key
),

-- nearly all have one parent, which is no group
compared_with_parent as (
    select
        model_key,
        is_older_than_parent,
        downloads_all_time,
        downloads_30d,
        parent_all_time,
        parent_30d
    from with_parents
    where parents = 1
    union all
    select
        model_key,
        bool_or(is_older_than_parent) as is_older_than_parent,
        max(downloads_all_time) as downloads_all_time,
        max(downloads_30d) as downloads_30d,
        max(parent_all_time) as parent_all_time,
        max(parent_30d) as parent_30d
    from with_parents
    where parents > 1
    group by model_key
),

suspects as (
    select compared_with_parent.model_key
    from compared_with_parent
    cross join {{ ref('stg_seeds__growth_thresholds') }} as thresholds
    where {{ is_relation_suspect('compared_with_parent', 'thresholds.relation_suspect_ratio') }}
),

sizes as (
    select distinct parameters
    from {{ ref('int_models__classified') }}
),

size_limits as (
    select
        sizes.parameters,
        size_classes.size_class
    from sizes
    inner join {{ source('seeds', 'size_classes') }} as size_classes
        on
            sizes.parameters >= size_classes.min_parameters
            and (
                size_classes.below_parameters is null
                or sizes.parameters < size_classes.below_parameters
            )
)

select
    sightings.model_key,
    lineage_families.family as lineage_family,
    lineage_families.weight as lineage_weight,
    sightings.downloads_30d,
    sightings.downloads_all_time,
    sightings.likes,
    coalesce(classes.access_class, 'unknown') as access_class,
    classes.licence_id,
    classes.licence_ids,
    coalesce(classes.licence_class, 'L0') as licence_class,
    classes.licence_name,
    classes.licence_evidence,
    classes.licence_link,
    classes.is_open_weights,
    classes.is_open_commercial,
    classes.is_osi_licence,
    classes.gated,
    coalesce(states.relation_kind, 'undeclared') as relation_kind,
    suspects.model_key is not null as is_relation_suspect,
    coalesce(states.model_kind, 'unknown') as model_kind,
    coalesce(states.is_test_repository, false) as is_test_repository,
    classes.parameters,
    size_limits.size_class,
    classes.used_storage_bytes,
    sightings.first_seen_date,
    sightings.last_seen_date,
    sightings.is_listed,
    sightings.is_gone,
    sightings.absent_censuses
from sightings
left join {{ ref('int_models__states') }} as states
    on
        sightings.model_key = states.model_key
        and {{ holds_on('states', 'sightings.last_seen_date') }}
left join {{ ref('int_models__classified') }} as classes
    on
        sightings.model_key = classes.model_key
        and {{ holds_on('classes', 'sightings.last_seen_date') }}
left join size_limits
    on classes.parameters = size_limits.parameters
left join lineage_families
    on sightings.model_key = lineage_families.model_key
left join suspects
    on sightings.model_key = suspects.model_key
