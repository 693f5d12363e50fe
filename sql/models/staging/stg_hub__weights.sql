select
    states.model_key,
    states.first_seen as valid_from,
    ends.valid_to,
    states.used_storage_bytes,
    states.safetensors_parameters,
    states.gguf_parameters
from {{ source('raw', 'hub_model_weights') }} as states
left join {{ ref('stg_hub__ends') }} as ends
    on
        states.model_key = ends.model_key
        and states.first_seen = ends.valid_from
        and ends.attributes = 'weights'
