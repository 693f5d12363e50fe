-- The family now, by each definition
select
    families.*,
    latest.as_of,
    latest.how_sure
from dim_families as families
left join latest_families as latest on families.family = latest.family
where families.family = $key;
