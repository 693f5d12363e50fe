-- Published claims, each with a page of its own
select
    claims.claim as key,
    claims.family,
    claims.publisher,
    claims.published_date,
    claims.window_end,
    claims.source,
    latest.verdict,
    coalesce(claims.published_date, claims.window_end) as said_date
from published_claims as claims
left join latest_claims as latest on claims.claim = latest.claim
order by said_date desc, key asc;
