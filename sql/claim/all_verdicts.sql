-- What our counts say of every published claim on its own day, by each definition
select
    claim,
    definition,
    difference,
    is_floor,
    verdict,
    verdict_reason
from fct_claim_checks
where is_of_claim_day
order by claim asc, value desc nulls last, definition asc
