select
    provider,
    model_id,
    first_seen as valid_from,
    lead(first_seen) over (partition by provider, model_id order by first_seen) as valid_to,
    is_listed,
    name,
    open_weights,
    release_date,
    input_price_usd,
    output_price_usd,
    context_tokens
from {{ source('raw', 'models_dev_catalogue') }}
