{{ published_view() }}
-- texts are joined where they are read: kept twice they would be half of the warehouse; the newest
-- of what a listing says is that of the last sight
select
    models.hub_id,
    cards.repo_id,
    cards.publisher,
    publishers.company,
    publishers.family,
    last_sight.lineage_family,
    last_sight.lineage_weight,
    coalesce(publishers.country, 'unknown') as country,
    last_sight.downloads_30d,
    last_sight.downloads_all_time,
    last_sight.likes,
    1000 * cast(last_sight.likes as double) / nullif(last_sight.downloads_all_time, 0)
        as likes_per_1000_downloads,
    last_sight.access_class,
    last_sight.licence_id,
    last_sight.licence_ids,
    last_sight.licence_class,
    last_sight.licence_name,
    last_sight.licence_evidence,
    last_sight.licence_link,
    last_sight.is_open_weights,
    last_sight.is_open_commercial,
    last_sight.is_osi_licence,
    last_sight.gated,
    cards.library_name,
    cards.pipeline_tag,
    last_sight.model_kind,
    lineage.base_relation,
    lineage.base_models,
    last_sight.relation_kind,
    last_sight.is_relation_suspect,
    drift.hub_id is not null as is_licence_drift,
    last_sight.is_test_repository,
    last_sight.parameters,
    last_sight.size_class,
    last_sight.used_storage_bytes,
    models.created_at,
    models.last_modified,
    last_sight.first_seen_date,
    last_sight.last_seen_date,
    last_sight.is_listed,
    last_sight.is_gone,
    last_sight.absent_censuses
from {{ ref('int_models__at_last_sight') }} as last_sight
inner join {{ ref('stg_hub__models') }} as models
    on last_sight.model_key = models.model_key
left join {{ ref('stg_hub__cards') }} as cards
    on
        last_sight.model_key = cards.model_key
        and cards.valid_to is null
left join {{ ref('stg_hub__lineage') }} as lineage
    on
        last_sight.model_key = lineage.model_key
        and lineage.valid_to is null
left join {{ source('seeds', 'publishers') }} as publishers
    on cards.publisher = publishers.publisher
left join {{ ref('fct_licence_drift') }} as drift
    on models.hub_id = drift.hub_id
