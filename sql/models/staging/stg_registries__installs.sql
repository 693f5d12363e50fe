with counted as (
    select
        'npm' as registry,
        package,
        install_date,
        fetched_at,
        downloads
    from {{ source('raw', 'npm_installs') }}
    union all
    select
        'pypi' as registry,
        package,
        install_date,
        fetched_at,
        downloads
    from {{ source('raw', 'pypi_installs') }}
)

-- both registries answer 0 for days that they have not counted yet, or have lost
select
    registry,
    package,
    install_date,
    fetched_at,
    nullif(downloads, 0) as installs
from counted
