with sightings as (
    select
        model_key,
        min(snapshot_date) as first_seen_date,
        max(snapshot_date) as last_seen_date
    from {{ ref('stg_hub__counters') }}
    group by model_key
),

newest_snapshot as (
    select max(snapshot_date) as snapshot_date
    from {{ ref('stg_hub__snapshots') }}
),

last_counters as (
    select
        sightings.model_key,
        sightings.first_seen_date,
        sightings.last_seen_date,
        sightings.last_seen_date = newest_snapshot.snapshot_date as is_listed,
        counters.downloads_30d,
        counters.downloads_all_time,
        counters.likes
    from sightings
    cross join newest_snapshot
    inner join {{ ref('stg_hub__counters') }} as counters
        on
            sightings.model_key = counters.model_key
            and sightings.last_seen_date = counters.snapshot_date
),

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
            and sightings.last_seen_date >= cards.valid_from
            and (cards.valid_to is null or sightings.last_seen_date < cards.valid_to)
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
        coalesce(weights.safetensors_parameters, weights.gguf_parameters) as parameters
    from sightings
    left join {{ ref('stg_hub__access') }} as access
        on
            sightings.model_key = access.model_key
            and sightings.last_seen_date >= access.valid_from
            and (access.valid_to is null or sightings.last_seen_date < access.valid_to)
    left join {{ ref('stg_hub__lineage') }} as lineage
        on
            sightings.model_key = lineage.model_key
            and sightings.last_seen_date >= lineage.valid_from
            and (lineage.valid_to is null or sightings.last_seen_date < lineage.valid_to)
    left join {{ ref('stg_hub__weights') }} as weights
        on
            sightings.model_key = weights.model_key
            and sightings.last_seen_date >= weights.valid_from
            and (weights.valid_to is null or sightings.last_seen_date < weights.valid_to)
)

select
    models.hub_id,
    cards.repo_id,
    cards.publisher,
    cards.company,
    cards.family,
    coalesce(cards.country, 'unknown') as country,
    counters.downloads_30d,
    counters.downloads_all_time,
    counters.likes,
    coalesce(classes.access_class, 'unknown') as access_class,
    classes.licence_id,
    classes.licence_ids,
    coalesce(classes.licence_class, 'L0') as licence_class,
    classes.is_open_weights,
    classes.is_open_commercial,
    classes.is_osi_licence,
    attributes.gated,
    cards.library_name,
    cards.pipeline_tag,
    attributes.base_relation,
    attributes.base_models,
    attributes.parameters,
    attributes.used_storage_bytes,
    models.created_at,
    models.last_modified,
    counters.first_seen_date,
    counters.last_seen_date,
    counters.is_listed
from last_counters as counters
inner join {{ ref('stg_hub__models') }} as models
    on counters.model_key = models.model_key
left join last_cards as cards
    on counters.model_key = cards.model_key
left join last_attributes as attributes
    on counters.model_key = attributes.model_key
left join {{ ref('int_models__classified') }} as classes
    on
        counters.model_key = classes.model_key
        and counters.last_seen_date >= classes.valid_from
        and (classes.valid_to is null or counters.last_seen_date < classes.valid_to)
order by counters.downloads_30d desc nulls last, models.hub_id asc
