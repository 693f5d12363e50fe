select
    author,
    company,
    country,
    models_dev_provider,
    source
from {{ source('seeds', 'api_authors') }}
