select
    data_source,
    name,
    licence,
    terms,
    terms_url,
    attribution,
    source
from {{ source('seeds', 'data_sources') }}
