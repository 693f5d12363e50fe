-- Growth of the 40 most downloaded families and the 40 most downloaded publishers
with newest as (
    select *
    from fct_family_growth_daily
    qualify activity_date = max(activity_date) over ()
),

largest as (
    select *
    from newest
    qualify row_number() over (partition by kind order by downloads_30d desc, name asc) <= 40
)

select
    largest.activity_date,
    largest.kind,
    largest.name as member,
    coalesce(families.name, largest.name) as name,
    largest.downloads_30d,
    largest.growth_7d_vs_prior_21d,
    largest.growth_30d,
    largest.growth_90d,
    largest.doubling_days,
    largest.is_edge_interpolated
from largest
left join families on largest.kind = 'family' and largest.name = families.family
order by largest.kind asc, largest.downloads_30d desc;
