-- How does a new model compare, at the same age, with the tenth best of its size class?
select
    repo_id,
    size_class,
    age_days,
    cast(downloads_at_age as bigint) as downloads_at_age,
    round(relative_adoption, 3) as relative_adoption,
    reason,
    rank_at_age_so_far || ' of ' || models_at_age_so_far as rank_so_far,
    round(relative_adoption_so_far, 3) as relative_adoption_so_far
from fct_relative_adoption
where created_date >= (select max(reached_date) - 90 from fct_relative_adoption)
order by size_class, age_days, downloads_at_age desc nulls last;
