select
    fetched_at,
    as_of,
    token_date,
    model_permaslug,
    total_tokens,
    unreadable_text,
    split_part(model_permaslug, ':', 1) as api_model,
    model_permaslug = 'other' as is_other,
    model_permaslug like '%:free' as is_free
from {{ source('raw', 'openrouter_tokens') }}
