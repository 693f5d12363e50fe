-- what each usable snapshot says of a claim about totals, and what the snapshots around the claim's
-- own day leave open
with claims as (
    select
        claims.claim,
        claims.measure,
        claims.metric,
        claims.window_end,
        claims.is_compared,
        thresholds.claim_days_apart
    from {{ ref('stg_seeds__published_claims') }} as claims
    cross join {{ ref('stg_seeds__share_thresholds') }} as thresholds
    where
        claims.measure <> 'window'
        and claims.kind not in ('share', 'share_of_derivatives')
),

counted as (
    select
        claims.claim,
        claims.window_end,
        claims.is_compared,
        claims.measure = 'cumulative' as is_total,
        -- requests so far only grow; models go, and the last 30 days are others each day
        claims.measure = 'cumulative' and claims.metric = 'downloads' as is_growing,
        abs({{ days_between('claims.window_end', 'counts.activity_date') }})
        <= claims.claim_days_apart as is_near,
        counts.side,
        counts.definition,
        counts.activity_date,
        counts.scope,
        counts.is_floor,
        counts.lacks_members,
        case
            when claims.metric = 'models' then counts.models
            when claims.metric = 'derivatives' then counts.derivatives
            when claims.metric = 'quantisations' then counts.quantisations
            when claims.measure = 'rolling_30d' then counts.downloads_30d
            else counts.downloads_all_time
        end as figure
    from claims
    inner join {{ ref('int_claims__counts') }} as counts
        on claims.claim = counts.claim
    where counts.is_observed
),

paired as (
    select
        subject.claim,
        subject.window_end,
        subject.is_total,
        subject.is_growing,
        subject.is_near,
        subject.definition,
        subject.activity_date,
        subject.scope,
        subject.is_floor or coalesce(against.is_floor, false) as is_floor,
        subject.lacks_members or coalesce(against.lacks_members, subject.is_compared)
            as lacks_members,
        subject.figure,
        against.figure as compared_figure
    from counted as subject
    left join counted as against
        on
            subject.claim = against.claim
            and subject.definition = against.definition
            and subject.activity_date = against.activity_date
            and against.side = 'against'
    where
        subject.side = 'subject'
        and subject.figure is not null
),

neighbours as (
    select
        *,
        lead(activity_date) over by_day as next_date,
        lead(figure) over by_day as next_figure,
        lead(compared_figure) over by_day as next_compared_figure,
        row_number() over by_day as number,
        count(*) filter (where activity_date <= window_end) over (
            partition by claim, definition
        ) as days_before
    from paired
    window by_day as (partition by claim, definition order by activity_date)
),

-- the last snapshot up to the claim's day answers it; without one, the first after it
answering as (
    select
        *,
        number = greatest(days_before, 1) as is_of_claim_day
    from neighbours
)

select
    claim,
    definition,
    activity_date,
    scope,
    is_floor,
    lacks_members,
    is_of_claim_day,
    {% for figure, prefix in {'figure': '', 'compared_figure': 'compared_'}.items() %}
        {{ figure }} as {{ prefix }}value,
        case
            when
                not is_of_claim_day
                or (is_near and not is_growing)
                or (is_total and activity_date <= window_end)
                then {{ figure }}
        end as {{ prefix }}lower_bound,
        case
            when not is_of_claim_day or (is_near and not is_growing) then {{ figure }}
            when is_growing and activity_date < window_end then next_{{ figure }}
            when is_growing then {{ figure }}
        end as {{ prefix }}upper_bound,
    {% endfor %}
    activity_date as first_date,
    case
        when is_of_claim_day and is_growing and activity_date < window_end then next_date
        else activity_date
    end as last_date
from answering
