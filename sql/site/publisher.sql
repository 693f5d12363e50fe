-- The account now, and how it grows
select
    publishers.publisher,
    publishers.company,
    publishers.family,
    publishers.country,
    publishers.listed_models,
    publishers.derivatives,
    publishers.likes,
    publishers.downloads_30d,
    publishers.downloads_all_time,
    publishers.last_seen_date,
    growth.growth_30d,
    growth.growth_90d
from dim_publishers as publishers
left join fct_family_growth_daily as growth
    on
        publishers.publisher = growth.name
        and growth.kind = 'publisher'
        and publishers.last_seen_date = growth.snapshot_date
where publishers.publisher = $key;
