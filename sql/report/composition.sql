-- What the shares of countries and of openness rest on: the largest family, and suspect relations
select
    composition.activity_date,
    composition.population,
    composition.share_of,
    composition.subject,
    composition.measure,
    composition.share,
    composition.share_without_suspect,
    coalesce(families.name, composition.largest_family) as largest_family,
    composition.largest_family_suspect_share,
    composition.share_without_largest_family
from fct_share_composition_daily as composition
left join families on composition.largest_family = families.family
where composition.share_of <> 'family'
qualify composition.activity_date = max(composition.activity_date) over ()
order by all;
