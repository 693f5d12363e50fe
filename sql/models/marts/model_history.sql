{{ config(materialized='view') }}
select
    cards.repo_id,
    counters.snapshot_date as day,
    {{ days_after('counters.snapshot_date', -1) }} as activity_date,
    models.hub_id,
    cards.publisher,
    cards.library_name,
    cards.pipeline_tag,
    cards.tags,
    days.status as day_status,
    days.usable as is_usable_day,
    counters.downloads_30d,
    counters.downloads_all_time,
    downloads.gross,
    downloads.correction,
    downloads.net,
    downloads.is_interpolated,
    downloads.is_birth,
    counters.likes,
    counters.trending_score,
    access.gated,
    coalesce(classes.access_class, 'unknown') as access_class,
    classes.licence_ids,
    classes.licence_id,
    coalesce(classes.licence_class, 'L0') as licence_class,
    classes.licence_name,
    classes.licence_evidence,
    classes.licence_link,
    classes.is_open_weights,
    classes.is_open_commercial,
    classes.is_osi_licence,
    lineage.base_relation,
    lineage.base_models,
    weights.used_storage_bytes,
    coalesce(weights.safetensors_parameters, weights.gguf_parameters) as parameters,
    models.created_at
from {{ ref('int_models__detailed') }} as detailed
inner join {{ ref('stg_hub__counters') }} as counters
    on
        detailed.snapshot_date = counters.snapshot_date
        and detailed.model_key = counters.model_key
inner join {{ ref('stg_hub__models') }} as models
    on counters.model_key = models.model_key
inner join {{ ref('fct_snapshot_days') }} as days
    on counters.snapshot_date = days.snapshot_date
left join {{ ref('int_model_downloads__daily') }} as downloads
    on
        counters.model_key = downloads.model_key
        and {{ days_after('counters.snapshot_date', -1) }} = downloads.activity_date
left join {{ ref('stg_hub__cards') }} as cards
    on
        counters.model_key = cards.model_key
        and {{ holds_on('cards', 'counters.snapshot_date') }}
left join {{ ref('stg_hub__access') }} as access
    on
        counters.model_key = access.model_key
        and {{ holds_on('access', 'counters.snapshot_date') }}
left join {{ ref('stg_hub__lineage') }} as lineage
    on
        counters.model_key = lineage.model_key
        and {{ holds_on('lineage', 'counters.snapshot_date') }}
left join {{ ref('stg_hub__weights') }} as weights
    on
        counters.model_key = weights.model_key
        and {{ holds_on('weights', 'counters.snapshot_date') }}
left join {{ ref('int_models__classified') }} as classes
    on
        counters.model_key = classes.model_key
        and {{ holds_on('classes', 'counters.snapshot_date') }}
