-- What others published of the family within a quarter of the day, and what our counts say of each
select
    claims.*,
    checks.definition as counted_by,
    checks.value as counted,
    checks.difference,
    checks.is_floor,
    checks.verdict,
    checks.verdict_reason
from published_claims as claims
inner join fct_claim_checks as checks on claims.claim = checks.claim
where
    claims.family = $family
    and checks.is_of_claim_day
    and abs(coalesce(claims.published_date, claims.window_end) - $day) <= 92
order by
    coalesce(claims.published_date, claims.window_end), claims.claim, checks.value desc nulls last
