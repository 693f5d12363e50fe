with newest_snapshot as (
    select max(snapshot_date) as snapshot_date
    from {{ ref('int_adoption_cube__daily') }}
    where usable
),

first_states as (
    select
        model_key,
        min(valid_from) as valid_from
    from {{ ref('int_models__states') }}
    group by model_key
)

-- a model moved unless each of its memberships held from its first day to the newest
select distinct families.model_key
from {{ ref('int_models__families') }} as families
inner join first_states
    on families.model_key = first_states.model_key
cross join newest_snapshot
where
    families.valid_from > first_states.valid_from
    or families.valid_to <= newest_snapshot.snapshot_date
