{{ published_view() }}
with listed as (
    select
        counters.snapshot_date,
        counters.model_key,
        models.hub_id,
        models.created_at,
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
        counters.trending_score
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
)

select
    cards.repo_id,
    listed.snapshot_date as day,
    {{ days_after('listed.snapshot_date', -1) }} as activity_date,
    listed.hub_id,
    cards.publisher,
    cards.library_name,
    cards.pipeline_tag,
    cards.tags,
    listed.day_status,
    listed.is_usable_day,
    listed.downloads_30d,
    listed.downloads_all_time,
    listed.gross,
    listed.correction,
    listed.net,
    listed.is_interpolated,
    listed.is_birth,
    listed.likes,
    listed.trending_score,
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
    listed.created_at
from listed
left join {{ ref('stg_hub__cards') }} as cards
    on
        listed.model_key = cards.model_key
        and {{ holds_on('cards', 'listed.snapshot_date') }}
left join {{ ref('stg_hub__access') }} as access
    on
        listed.model_key = access.model_key
        and {{ holds_on('access', 'listed.snapshot_date') }}
left join {{ ref('stg_hub__lineage') }} as lineage
    on
        listed.model_key = lineage.model_key
        and {{ holds_on('lineage', 'listed.snapshot_date') }}
left join {{ ref('stg_hub__weights') }} as weights
    on
        listed.model_key = weights.model_key
        and {{ holds_on('weights', 'listed.snapshot_date') }}
left join {{ ref('int_models__classified') }} as classes
    on
        listed.model_key = classes.model_key
        and {{ holds_on('classes', 'listed.snapshot_date') }}
