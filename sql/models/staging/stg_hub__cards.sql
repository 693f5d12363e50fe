select
    model_key,
    first_seen as valid_from,
    lead(first_seen) over (partition by model_key order by first_seen) as valid_to,
    repo_id,
    publisher,
    library_name,
    pipeline_tag,
    tags
from {{ source('raw', 'hub_model_cards') }}
