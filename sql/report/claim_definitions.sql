-- Families that somebody published a figure about: cumulative downloads by each definition
with claimed as (
    select distinct family
    from published_claims
    where
        metric = 'downloads'
        and family is not null
        and value is not null
        and not_comparable is null
)

select
    adoption.activity_date,
    adoption.family,
    families.name,
    adoption.definition,
    adoption.is_interpolated,
    adoption.downloads_all_time
from fct_family_adoption_daily as adoption
inner join claimed on adoption.family = claimed.family
inner join families on adoption.family = families.family
where adoption.downloads_all_time is not null
order by adoption.family, adoption.definition, adoption.activity_date;
