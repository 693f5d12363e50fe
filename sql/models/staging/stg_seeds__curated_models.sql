select
    family,
    repo_pattern,
    is_included,
    source
from {{ source('seeds', 'curated_models') }}
