-- what was requested in the period of a claim: the intervals between snapshots that lie inside it,
-- those that touch it, and a straight line between
with claims as (
    select
        claim,
        metric,
        window_start,
        window_end,
        is_compared
    from {{ ref('stg_seeds__published_claims') }}
    where
        measure = 'window'
        and kind not in ('share', 'share_of_derivatives')
),

counts as (
    select
        claims.claim,
        claims.window_start,
        claims.window_end,
        counts.side,
        counts.definition,
        counts.activity_date,
        counts.scope,
        counts.is_floor,
        counts.lacks_members,
        counts.is_observed
        and (claims.metric <> 'downloads' or counts.downloads_all_time is not null) as is_end,
        case
            when claims.metric = 'downloads' then counts.net
            when claims.metric = 'models' then counts.new_models
            when claims.metric = 'derivatives' then counts.new_derivatives
        end as net
    from claims
    inner join {{ ref('int_claims__counts') }} as counts
        on claims.claim = counts.claim
),

-- a count of the day before the period ends what came before it
ends as (
    select
        claim,
        side,
        definition,
        window_start,
        window_end,
        max(activity_date) filter (where activity_date < window_start) as last_before,
        min(activity_date) filter (where activity_date >= {{ days_after('window_start', -1) }})
            as first_inside,
        max(activity_date) filter (where activity_date <= window_end) as last_inside,
        min(activity_date) filter (where activity_date >= window_end) as first_after
    from counts
    where is_end
    group by claim, side, definition, window_start, window_end
),

summed as (
    select
        ends.claim,
        ends.side,
        ends.definition,
        ends.last_before,
        ends.first_inside,
        ends.last_inside,
        ends.first_after,
        bool_or(counts.is_floor) as is_floor,
        bool_and(counts.lacks_members) as lacks_members,
        {{ value_at_greatest('counts.scope', 'counts.activity_date') }} as scope,
        sum(counts.net) filter (
            where counts.activity_date between ends.window_start and ends.window_end
        ) as value,
        coalesce(sum(counts.net) filter (
            where
            counts.activity_date > ends.first_inside
            and counts.activity_date <= ends.last_inside
        ), 0) as inside,
        coalesce(sum(counts.net) filter (
            where
            counts.activity_date > ends.last_before
            and counts.activity_date <= ends.first_after
        ), 0) as touching
    from ends
    inner join counts
        on
            ends.claim = counts.claim
            and ends.side = counts.side
            and ends.definition = counts.definition
    group by
        ends.claim, ends.side, ends.definition, ends.last_before, ends.first_inside,
        ends.last_inside, ends.first_after
),

bounded as (
    select
        summed.claim,
        summed.side,
        summed.definition,
        summed.scope,
        summed.is_floor,
        summed.lacks_members,
        summed.value,
        least(summed.inside, summed.touching) as lower_bound,
        case
            when summed.last_before is not null and summed.first_after is not null
                then greatest(summed.inside, summed.touching)
        end as upper_bound,
        coalesce(summed.last_before, summed.first_inside) as first_date,
        coalesce(summed.first_after, summed.last_inside) as last_date
    from summed
)

select
    subject.claim,
    subject.definition,
    coalesce(subject.last_date, subject.first_date) as activity_date,
    subject.scope,
    subject.is_floor or coalesce(against.is_floor, false) as is_floor,
    subject.lacks_members or coalesce(against.lacks_members, claims.is_compared) as lacks_members,
    true as is_of_claim_day,
    subject.value,
    subject.lower_bound,
    subject.upper_bound,
    against.value as compared_value,
    against.lower_bound as compared_lower_bound,
    against.upper_bound as compared_upper_bound,
    subject.first_date,
    subject.last_date
from bounded as subject
inner join claims
    on subject.claim = claims.claim
left join bounded as against
    on
        subject.claim = against.claim
        and subject.definition = against.definition
        and against.side = 'against'
where subject.side = 'subject'
