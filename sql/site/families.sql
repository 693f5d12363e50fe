-- Families with downloads, each with a page of its own
select
    family as key,
    coalesce(name, family) as name,
    family,
    company,
    downloads_30d_lineage as downloads
from dim_families
where downloads_30d_lineage is not null or downloads_30d_organisation is not null
order by downloads desc nulls last, key asc;
