-- Downloads of the family by day and definition, as counted: no day between two snapshots is guessed
select
    activity_date,
    definition,
    downloads_30d,
    downloads_all_time
from fct_family_adoption_daily
where family = $key and not is_interpolated
order by definition, activity_date;
