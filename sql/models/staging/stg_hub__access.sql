select
    states.model_key,
    states.first_seen as valid_from,
    ends.valid_to,
    states.gated
from {{ source('raw', 'hub_model_access') }} as states
left join {{ ref('stg_hub__ends') }} as ends
    on
        states.model_key = ends.model_key
        and states.first_seen = ends.valid_from
        and ends.attributes = 'access'
