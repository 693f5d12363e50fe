{{ published_view() }}
with answers as (
    select
        claim,
        kind,
        verdict,
        verdict_reason,
        coalesce({{ joined('definition', ', ', 'definition') }} || ': ', '') || verdict
        || ' (' || verdict_reason || ')' as answer,
        verdict <> 'not comparable' as is_comparable,
        max(activity_date) as activity_date,
        max(value) as most,
        min(value) as least,
        bool_or(is_floor) as is_floor
    from {{ ref('fct_claim_checks') }}
    where is_of_claim_day
    group by claim, kind, verdict, verdict_reason
),

-- definitions that compare say what is true; where none does, that is the verdict
verdicts as (
    select
        claim,
        kind,
        max(activity_date) as activity_date,
        count(distinct verdict) filter (where is_comparable) as verdicts,
        coalesce(min(verdict) filter (where is_comparable), 'not comparable') as verdict,
        max(most) filter (where is_comparable) as most,
        min(least) filter (where is_comparable) as least,
        {{ joined('answer', '; ', 'answer') }} as answer,
        coalesce(bool_or(is_floor) filter (where is_comparable), false) as is_floor
    from answers
    group by claim, kind
),

contradictions as (
    select
        claim,
        {{ joined('contradicting_claim', ', ', 'contradicting_claim') }} as contradicted_by
    from (
        select
            claim,
            contradicting_claim
        from {{ ref('fct_claim_contradictions') }}
        union all
        select
            contradicting_claim as claim,
            claim as contradicting_claim
        from {{ ref('fct_claim_contradictions') }}
    ) as pairs
    group by claim
)

select
    claims.claim,
    claims.publisher as said_by,
    verdicts.kind,
    coalesce(claims.published_date, claims.window_end) as as_of,
    case when verdicts.verdicts < 2 then verdicts.verdict else 'depends on the definition' end
        as verdict,
    verdicts.answer,
    coalesce(cast(claims.value as double), claims.share) as claimed,
    verdicts.least as ours_at_least,
    verdicts.most as ours_at_most,
    contradictions.contradicted_by,
    claims.unsaid,
    case
        when verdicts.activity_date is null then 'no snapshot tells'
        when verdicts.is_floor
            then
                'by the snapshot about ' || cast(verdicts.activity_date as string)
                || ', a floor: smaller models are not listed'
        else 'by the snapshot about ' || cast(verdicts.activity_date as string)
    end as how_sure
from {{ source('seeds', 'published_claims') }} as claims
inner join verdicts
    on claims.claim = verdicts.claim
left join contradictions
    on claims.claim = contradictions.claim
