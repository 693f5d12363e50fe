{{ published_view() }}
with newest as (
    select max(activity_date) as activity_date
    from {{ ref('fct_family_growth_daily') }}
),

growth as (
    select
        growth.kind,
        growth.name,
        growth.activity_date,
        growth.downloads_30d,
        growth.net_30d,
        growth.growth_7d_vs_prior_21d,
        growth.growth_30d,
        growth.growth_90d,
        growth.doubling_days,
        growth.is_edge_interpolated,
        case growth.kind when 'family' then families.company else publishers.company end as company,
        case growth.kind when 'family' then families.country_group else publishers.country_group end
            as country_group
    from {{ ref('fct_family_growth_daily') }} as growth
    inner join newest
        on growth.activity_date = newest.activity_date
    left join {{ ref('dim_families') }} as families
        on
            growth.kind = 'family'
            and growth.name = families.family
    left join {{ ref('dim_publishers') }} as publishers
        on
            growth.kind = 'publisher'
            and growth.name = publishers.publisher
),

-- a company grows as its accounts do together: what they had before follows from their growth
companies as (
    select
        'company' as kind,
        company as name,
        max(activity_date) as activity_date,
        sum(downloads_30d) as downloads_30d,
        sum(net_30d) filter (where growth_30d is not null) as net_30d,
        sum(net_30d / nullif(1 + growth_30d, 0)) filter (where growth_30d is not null)
            as net_30d_before,
        bool_or(is_edge_interpolated) as is_edge_interpolated,
        company,
        max(country_group) as country_group
    from growth
    where
        kind = 'publisher'
        and company is not null
    group by company
)

select
    kind,
    name,
    company,
    country_group,
    activity_date as as_of,
    cast(downloads_30d as double) as downloads_30d,
    growth_7d_vs_prior_21d as growth_7d,
    growth_30d,
    growth_90d,
    doubling_days,
    case
        when growth_30d is null
            then 'growth is not known: too few requests or days, or a counting rule changed'
        when is_edge_interpolated then 'an end of the week lies in a gap between snapshots'
        else 'requests by the cumulative counter, corrections included'
    end as how_sure
from growth
union all
select
    kind,
    name,
    company,
    country_group,
    activity_date as as_of,
    cast(downloads_30d as double) as downloads_30d,
    cast(null as double) as growth_7d,
    net_30d / nullif(net_30d_before, 0) - 1 as growth_30d,
    cast(null as double) as growth_90d,
    cast(null as double) as doubling_days,
    case
        when net_30d_before is null
            then 'growth is not known: too few requests or days, or a counting rule changed'
        else 'of those of its accounts whose growth is known'
    end as how_sure
from companies
