select
    size_class,
    name,
    min_parameters,
    below_parameters,
    source
from {{ source('seeds', 'size_classes') }}
