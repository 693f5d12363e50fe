with snapshots as (
    select
        activity_date,
        scope,
        scope_id
    from {{ ref('stg_hub__snapshots') }}
)

select
    adopted.activity_date,
    adopted.definition,
    adopted.family,
    snapshots.scope,
    snapshots.scope_id,
    adopted.models is null as is_interpolated,
    adopted.net_1d,
    adopted.net_1d_suspect,
    adopted.downloads_30d,
    adopted.downloads_all_time,
    adopted.downloads_all_time_suspect,
    adopted.scope_change,
    restated.restated,
    adopted.models,
    adopted.derivatives,
    adopted.finetunes,
    adopted.adapters,
    adopted.{{ adapter.quote('merges') }},
    adopted.finetunes + adopted.adapters + adopted.{{ adapter.quote('merges') }} as adapted,
    adopted.quantisations,
    adopted.conversions,
    adopted.quantisations + adopted.conversions as replicated,
    adopted.new_models,
    adopted.new_derivatives,
    adopted.suspect_models
from {{ ref('int_families__adopted_daily') }} as adopted
left join snapshots
    on adopted.activity_date = snapshots.activity_date
left join {{ ref('int_families__restated_daily') }} as restated
    on
        adopted.activity_date = restated.activity_date
        and adopted.definition = restated.definition
        and adopted.family = restated.family
order by adopted.activity_date, adopted.definition, adopted.family
