-- Followed publishers with downloads, each with a page of its own
select
    publisher as key,
    publisher as name,
    family,
    company,
    downloads_30d as downloads
from dim_publishers
where is_followed and downloads_30d is not null
order by downloads desc, key asc;
