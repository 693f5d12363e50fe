select
    model_key,
    first_seen as valid_from,
    lead(first_seen) over (partition by model_key order by first_seen) as valid_to,
    gated
from {{ source('raw', 'hub_model_access') }}
