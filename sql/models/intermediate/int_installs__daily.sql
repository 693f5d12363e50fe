select
    registry,
    package,
    install_date,
    installs,
    fetched_at as as_of
from {{ ref('stg_registries__installs') }}
where installs is not null
qualify
    row_number() over (
        partition by registry, package, install_date
        order by fetched_at desc
    ) = 1
