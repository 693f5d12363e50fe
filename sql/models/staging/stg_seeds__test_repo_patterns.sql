select
    pattern,
    meaning,
    source
from {{ source('seeds', 'test_repo_patterns') }}
