{{ built_by_repository(
    evidence=['int_models__states', 'int_models__classified', 'int_models__families'],
    seeds=seeds_of_adoption()
) }}
{% set from_day = renewed_from() %}

with states as (
    select *
    from {{ ref('int_models__states') }}
    {{ of_renewed(from_day) }}
),

classes as (
    select
        model_key,
        valid_from,
        valid_to,
        licence_class,
        access_class
    from {{ ref('int_models__classified') }}
    {{ of_renewed(from_day) }}
),

families as (
    select
        model_key,
        valid_from,
        valid_to,
        definition,
        family,
        weight
    from {{ ref('int_models__families') }}
    {{ of_renewed(from_day) }}
),

changes as (
    select
        model_key,
        valid_from
    from states
    union
    select
        model_key,
        valid_from
    from classes
    union
    select
        model_key,
        valid_from
    from families
    union
    select
        model_key,
        valid_to as valid_from
    from families
    where valid_to is not null
),

intervals as (
    select
        model_key,
        valid_from,
        lead(valid_from) over (partition by model_key order by valid_from) as valid_to
    from changes
),

memberships as (
    select
        intervals.model_key,
        intervals.valid_from,
        -- a sum, for its order decides nothing
        {{ sum_of_hashes(['families.definition', 'families.family', 'families.weight']) }} as digest
    from intervals
    inner join families
        on
            intervals.model_key = families.model_key
            and {{ holds_on('families', 'intervals.valid_from') }}
    where families.definition <> 'organisation'
    group by intervals.model_key, intervals.valid_from
),

described as (
    select
        intervals.model_key,
        intervals.valid_from,
        intervals.valid_to,
        {{ hash_of([
            'states.organisation_family', 'states.relation_kind', 'states.country',
            'states.model_kind', 'states.parents > 0', 'classes.licence_class',
            'classes.access_class', 'memberships.digest'
        ]) }} as profile_key
    from intervals
    left join states
        on
            intervals.model_key = states.model_key
            and {{ holds_on('states', 'intervals.valid_from') }}
    left join classes
        on
            intervals.model_key = classes.model_key
            and {{ holds_on('classes', 'intervals.valid_from') }}
    left join memberships
        on
            intervals.model_key = memberships.model_key
            and intervals.valid_from = memberships.valid_from
),

{{ distinct_states_ctes('described', ['profile_key']) }}

select
    model_key,
    valid_from,
    valid_to,
    profile_key
from distinct_states
-- sorted, it takes less room, the same every day, and no more time
order by model_key, valid_from
