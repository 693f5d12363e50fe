select
    model_key,
    hub_id,
    created_at,
    last_modified
from {{ source('raw', 'hub_models') }}
