with bounds as (
    select
        registry,
        package,
        min(install_date) as first_day
    from {{ ref('int_installs__daily') }}
    group by registry, package
),

newest as (
    select
        registry,
        max(install_date) as last_day
    from {{ ref('int_installs__daily') }}
    group by registry
),

expected as (
    select
        bounds.registry,
        bounds.package,
        {{ each_day('bounds.first_day', 'newest.last_day') }} as install_date
    from bounds
    inner join newest
        on bounds.registry = newest.registry
)

select
    expected.install_date,
    expected.registry,
    expected.package,
    packages.basket,
    counted.installs,
    counted.installs is null as is_missing,
    case
        when counted.installs is null then 'no count, or 0, which the registry says of lost days'
    end as reason,
    counted.as_of,
    {{ cited('sources.attribution', 'counted.as_of') }} as source
from expected
inner join {{ source('seeds', 'sdk_packages') }} as packages
    on
        expected.registry = packages.registry
        and expected.package = packages.package
left join {{ ref('int_installs__daily') }} as counted
    on
        expected.registry = counted.registry
        and expected.package = counted.package
        and expected.install_date = counted.install_date
left join {{ source('seeds', 'data_sources') }} as sources
    on sources.data_source = expected.registry || '_installs'
order by expected.install_date, expected.registry, expected.package
