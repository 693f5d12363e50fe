-- What our counts say of the published claim on its own day, by each definition
select
    checks.claim,
    claims.unsaid,
    checks.kind,
    checks.definition,
    checks.activity_date,
    checks.value,
    checks.lower_bound,
    checks.upper_bound,
    checks.compared_value,
    checks.difference,
    checks.is_floor,
    checks.verdict,
    checks.verdict_reason,
    checks.first_held_date,
    checks.last_held_date,
    checks.first_date,
    checks.last_date
from fct_claim_checks as checks
inner join published_claims as claims on checks.claim = claims.claim
where checks.claim = $claim and checks.is_of_claim_day
order by checks.value desc nulls last, checks.definition
