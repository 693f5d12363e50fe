-- The eight families with the most cumulative downloads by lineage, by each definition
with by_lineage as (
    select
        family,
        arg_max(downloads_all_time, activity_date) as downloads_all_time
    from fct_family_adoption_daily
    where definition = 'lineage'
    group by family
),

largest as (
    select family
    from by_lineage
    order by downloads_all_time desc nulls last
    limit 8
)

select
    adoption.activity_date,
    adoption.family,
    families.name,
    adoption.definition,
    adoption.is_interpolated,
    adoption.downloads_30d,
    adoption.downloads_all_time,
    adoption.models,
    adoption.scope_id
from fct_family_adoption_daily as adoption
inner join largest on adoption.family = largest.family
inner join families on adoption.family = families.family
where adoption.downloads_all_time is not null
order by adoption.definition, adoption.family, adoption.activity_date;
