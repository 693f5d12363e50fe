select
    states.model_key,
    states.first_seen as valid_from,
    ends.valid_to,
    states.base_relation,
    states.base_models
from {{ source('raw', 'hub_model_lineage') }} as states
left join {{ ref('stg_hub__ends') }} as ends
    on
        states.model_key = ends.model_key
        and states.first_seen = ends.valid_from
        and ends.attributes = 'lineage'
