-- The claim, as the seed published_claims has it, and the verdict on it
select
    claims.*,
    latest.verdict
from published_claims as claims
left join latest_claims as latest on claims.claim = latest.claim
where claims.claim = $claim;
