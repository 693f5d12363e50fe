with weeks as (
    select
        registry,
        package,
        {{ week_start('install_date') }} as week_start,
        count(*) as days,
        {{ whole_number('sum(installs)') }} as installs,
        max(as_of) as as_of
    from {{ ref('int_installs__daily') }}
    group by registry, package, {{ week_start('install_date') }}
),

registry_weeks as (
    select distinct
        registry,
        week_start
    from weeks
),

expected as (
    select
        registry_weeks.week_start,
        packages.registry,
        packages.package,
        packages.basket,
        weeks.as_of,
        coalesce(weeks.days, 0) as days,
        case when weeks.days = 7 then weeks.installs end as installs
    from registry_weeks
    inner join {{ source('seeds', 'sdk_packages') }} as packages
        on registry_weeks.registry = packages.registry
    left join weeks
        on
            registry_weeks.week_start = weeks.week_start
            and packages.registry = weeks.registry
            and packages.package = weeks.package
),

complete_weeks as (
    select
        registry,
        week_start
    from expected
    group by registry, week_start
    having count(*) = count(installs)
),

-- the seeded week where it is complete, else the first week that is
base_weeks as (
    select
        complete_weeks.registry,
        coalesce(
            min(complete_weeks.week_start) filter (
                where complete_weeks.week_start = seeded.base_week
            ),
            min(complete_weeks.week_start)
        ) as base_week
    from complete_weeks
    left join {{ source('seeds', 'sdk_base_weeks') }} as seeded
        on complete_weeks.registry = seeded.registry
    group by complete_weeks.registry
)

select
    expected.week_start,
    expected.registry,
    expected.package,
    expected.basket,
    expected.days,
    expected.installs,
    base_weeks.base_week,
    100 * expected.installs / cast(base.installs as double) as installs_index,
    expected.as_of
from expected
left join base_weeks
    on expected.registry = base_weeks.registry
left join expected as base
    on
        base_weeks.base_week = base.week_start
        and expected.registry = base.registry
        and expected.package = base.package
