{{ config(materialized='view') }}
select
    cube.snapshot_date,
    cube.activity_date,
    cube.definition,
    cube.family,
    cube.licence_class,
    cube.access_class,
    cube.relation_kind,
    cube.is_relation_suspect,
    cube.country,
    cube.base_country,
    cube.model_kind,
    cube.models,
    cube.weighted_models,
    cube.new_models,
    cube.weighted_new_models,
    cube.downloads_30d,
    cube.downloads_all_time,
    case when shown.scope is null or shown.scope = observed.scope then cube.net end as net
from {{ ref('int_adoption_cube__daily') }} as cube
inner join {{ ref('stg_hub__snapshots') }} as observed
    on cube.snapshot_date = observed.snapshot_date
left join {{ ref('stg_hub__snapshots') }} as shown
    on cube.activity_date = shown.activity_date
where cube.usable
