select
    permaslug_pattern,
    api_class,
    since_date,
    source
from {{ source('seeds', 'api_model_classes') }}
