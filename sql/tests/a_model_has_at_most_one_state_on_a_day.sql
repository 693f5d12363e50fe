-- a state that starts where another one of the model holds would count the model twice
select
    earlier.model_key,
    earlier.valid_from,
    later.valid_from as next_valid_from
from {{ ref('int_models__classified') }} as earlier
inner join {{ ref('int_models__classified') }} as later
    on
        earlier.model_key = later.model_key
        and earlier.valid_from < later.valid_from
        and (earlier.valid_to is null or earlier.valid_to > later.valid_from)
