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

-- the newest state of what a listing says is that of the last sight
last_cards as (
    select
        sightings.model_key,
        cards.repo_id,
        cards.publisher,
        cards.library_name,
        cards.pipeline_tag,
        publishers.company,
        publishers.family,
        coalesce(publishers.country, 'unknown') as country
    from sightings
    inner join {{ ref('stg_hub__cards') }} as cards
        on
            sightings.model_key = cards.model_key
            and cards.valid_to is null
    left join {{ ref('stg_seeds__publishers') }} as publishers
        on cards.publisher = publishers.publisher
),

last_attributes as (
    select
        sightings.model_key,
        access.gated,
        lineage.base_relation,
        lineage.base_models,
        weights.used_storage_bytes,
        coalesce(weights.safetensors_parameters, weights.gguf_parameters) as parameters,
        coalesce(states.relation_kind, 'undeclared') as relation_kind,
        coalesce(states.is_test_repository, false) as is_test_repository
    from sightings
    left join {{ ref('stg_hub__access') }} as access
        on
            sightings.model_key = access.model_key
            and access.valid_to is null
    left join {{ ref('stg_hub__lineage') }} as lineage
        on
            sightings.model_key = lineage.model_key
            and lineage.valid_to is null
    left join {{ ref('stg_hub__weights') }} as weights
        on
            sightings.model_key = weights.model_key
            and weights.valid_to is null
    left join {{ ref('int_models__states') }} as states
        on
            sightings.model_key = states.model_key
            and sightings.last_seen_date >= states.valid_from
            and (states.valid_to is null or sightings.last_seen_date < states.valid_to)
),

-- of several lineage families the one with the greatest weight, the first in the alphabet of equals
lineage_families as (
    select
        sightings.model_key,
        arg_max(families.family, families.weight order by families.family asc) as family,
        max(families.weight) as weight
    from sightings
    inner join {{ ref('int_model_families') }} as families
        on
            sightings.model_key = families.model_key
            and sightings.last_seen_date >= families.valid_from
            and (families.valid_to is null or sightings.last_seen_date < families.valid_to)
    where families.definition = 'lineage'
    group by sightings.model_key
),

compared_with_parent as (
    select
        counters.model_key,
        bool_or(parents.is_older_than_parent) as is_older_than_parent,
        max(counters.downloads_all_time) as downloads_all_time,
        max(counters.downloads_30d) as downloads_30d,
        max(parent_counters.downloads_all_time) as parent_all_time,
        max(parent_counters.downloads_30d) as parent_30d
    from sightings as counters
    inner join {{ ref('int_models__parents') }} as parents
        on
            counters.model_key = parents.model_key
            and counters.last_seen_date >= parents.valid_from
            and (parents.valid_to is null or counters.last_seen_date < parents.valid_to)
    left join sightings as parent_counters
        on parents.parent_key = parent_counters.model_key
    group by counters.model_key
),

suspects as (
    select compared_with_parent.model_key
    from compared_with_parent
    inner join {{ ref('stg_seeds__growth_thresholds') }} as thresholds
        on thresholds.threshold = 'relation_suspect_ratio'
    where {{ is_relation_suspect('compared_with_parent', 'thresholds.value') }}
),

derived as (
    select
        attributes.model_key,
        attributes.gated,
        attributes.base_relation,
        attributes.base_models,
        attributes.relation_kind,
        attributes.is_test_repository,
        attributes.parameters,
        attributes.used_storage_bytes,
        size_classes.size_class,
        lineage_families.family as lineage_family,
        lineage_families.weight as lineage_weight,
        suspects.model_key is not null as is_relation_suspect
    from last_attributes as attributes
    left join {{ ref('stg_seeds__size_classes') }} as size_classes
        on
            attributes.parameters >= size_classes.min_parameters
            and (
                size_classes.below_parameters is null
                or attributes.parameters < size_classes.below_parameters
            )
    left join lineage_families
        on attributes.model_key = lineage_families.model_key
    left join suspects
        on attributes.model_key = suspects.model_key
)

select
    models.hub_id,
    cards.repo_id,
    cards.publisher,
    cards.company,
    cards.family,
    attributes.lineage_family,
    attributes.lineage_weight,
    coalesce(cards.country, 'unknown') as country,
    counters.downloads_30d,
    counters.downloads_all_time,
    counters.likes,
    1000 * cast(counters.likes as double) / nullif(counters.downloads_all_time, 0)
        as likes_per_1000_downloads,
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
    attributes.gated,
    cards.library_name,
    cards.pipeline_tag,
    attributes.base_relation,
    attributes.base_models,
    attributes.relation_kind,
    attributes.is_relation_suspect,
    drift.hub_id is not null as is_licence_drift,
    attributes.is_test_repository,
    attributes.parameters,
    attributes.size_class,
    attributes.used_storage_bytes,
    models.created_at,
    models.last_modified,
    counters.first_seen_date,
    counters.last_seen_date,
    counters.is_listed,
    counters.is_gone,
    counters.absent_censuses
from sightings as counters
inner join {{ ref('stg_hub__models') }} as models
    on counters.model_key = models.model_key
left join last_cards as cards
    on counters.model_key = cards.model_key
left join derived as attributes
    on counters.model_key = attributes.model_key
left join {{ ref('int_models__classified') }} as classes
    on
        counters.model_key = classes.model_key
        and counters.last_seen_date >= classes.valid_from
        and (classes.valid_to is null or counters.last_seen_date < classes.valid_to)
left join {{ ref('fct_licence_drift') }} as drift
    on models.hub_id = drift.hub_id
order by counters.downloads_30d desc nulls last, models.hub_id asc
