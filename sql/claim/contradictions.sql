-- Published claims that cannot be true together with this one
select
    others.claim,
    others.publisher,
    coalesce(others.published_date, others.window_end) as said_date,
    others.value,
    others.metric,
    others.is_lower_bound,
    pairs.reason
from fct_claim_contradictions as pairs
inner join published_claims as others
    on others.claim = case when pairs.claim = $claim then pairs.contradicting_claim else pairs.claim end
where pairs.claim = $claim or pairs.contradicting_claim = $claim
order by said_date, others.claim
