select
    states.model_key,
    states.first_seen as valid_from,
    ends.valid_to,
    states.repo_id,
    states.publisher,
    states.library_name,
    states.pipeline_tag,
    states.tags
from {{ source('raw', 'hub_model_cards') }} as states
left join {{ ref('stg_hub__ends') }} as ends
    on
        states.model_key = ends.model_key
        and states.first_seen = ends.valid_from
        and ends.attributes = 'cards'
