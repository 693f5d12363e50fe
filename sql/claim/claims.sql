-- What others published of the family, with our figure of the claim's own day or window beside each
select
    claims.claim,
    claims.publisher,
    coalesce(claims.published_date, claims.window_end) as said_date,
    claims.measure,
    claims.metric,
    claims.is_lower_bound,
    checks.claimed_value as claimed,
    checks.definition,
    checks.value,
    checks.is_floor,
    checks.verdict
from published_claims as claims
inner join fct_claim_checks as checks using (claim)
where
    claims.family = $family
    and claims.value is not null
    and claims.not_comparable is null
    and checks.is_of_claim_day
order by said_date, claims.publisher, claims.metric, claims.claim, checks.definition
