select
    claim,
    family,
    published_date,
    publisher,
    measure,
    metric,
    value,
    is_lower_bound,
    window_start,
    window_end,
    scope,
    source
from {{ source('seeds', 'published_claims') }}
