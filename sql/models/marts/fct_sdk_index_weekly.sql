with packages as (
    select
        week_start,
        registry,
        basket,
        package,
        days,
        installs,
        base_week,
        installs_index,
        as_of
    from {{ ref('int_sdk_packages__weekly') }}
),

-- each package against the base week of its own registry, so that both may stand in one mean
scopes as (
    select
        week_start,
        registry,
        basket,
        installs_index,
        base_week,
        as_of
    from packages
    union all
    select
        week_start,
        'all' as registry,
        basket,
        installs_index,
        base_week,
        as_of
    from packages
),

seeded as (
    select
        registry,
        basket,
        count(*) as packages
    from {{ source('seeds', 'sdk_packages') }}
    group by registry, basket
    union all
    select
        'all' as registry,
        basket,
        count(*) as packages
    from {{ source('seeds', 'sdk_packages') }}
    group by basket
),

baskets as (
    select
        scopes.week_start,
        scopes.registry,
        scopes.basket,
        max(seeded.packages) as packages,
        count(scopes.installs_index) as complete_packages,
        exp(avg(ln(scopes.installs_index))) as mean_index,
        case when min(scopes.base_week) = max(scopes.base_week) then min(scopes.base_week) end
            as base_week,
        max(scopes.as_of) as as_of
    from scopes
    inner join seeded
        on
            scopes.registry = seeded.registry
            and scopes.basket = seeded.basket
    group by scopes.week_start, scopes.registry, scopes.basket
)

select
    week_start,
    'package' as level,
    registry,
    basket,
    package,
    installs,
    installs_index,
    base_week,
    cast(1 as bigint) as packages,
    cast(case when installs is null then 0 else 1 end as bigint) as complete_packages,
    case
        when installs is null
            then 'only ' || cast(days as string) || ' days of the week are counted'
        when installs_index is null then 'no week has every package of the registry complete'
    end as reason,
    as_of
from packages
union all
select
    week_start,
    'basket' as level,
    registry,
    basket,
    null as package,
    null as installs,
    case when complete_packages = packages then mean_index end as installs_index,
    base_week,
    packages,
    complete_packages,
    case
        when complete_packages < packages
            then
                'only ' || cast(complete_packages as string) || ' of '
                || cast(packages as string) || ' packages have a complete week'
    end as reason,
    as_of
from baskets
order by week_start, level, registry, basket, package
