with sold as (
    select distinct api_model
    from {{ ref('stg_openrouter__tokens') }}
    where not is_other
),

points as (
    select
        api_model,
        date '0001-01-01' as day
    from sold
    union
    select
        api_model,
        valid_from as day
    from {{ ref('int_api_models__evidence') }}
    union
    select
        api_model,
        valid_to as day
    from {{ ref('int_api_models__evidence') }}
    where valid_to is not null
),

in_force as (
    select
        points.api_model,
        points.day,
        evidence.precedence,
        evidence.decided_by,
        evidence.api_class,
        evidence.evidence,
        evidence.seen_date
    from points
    inner join {{ ref('int_api_models__evidence') }} as evidence
        on
            points.api_model = evidence.api_model
            and {{ holds_on('evidence', 'points.day') }}
),

-- evidence of one kind that contradicts itself decides nothing, and hides no weaker kind
by_kind as (
    select
        api_model,
        day,
        precedence,
        decided_by,
        case when min(api_class) = max(api_class) then min(api_class) end as api_class,
        {{ joined('evidence', '; ', 'evidence', distinct=true) }} as evidence,
        min(seen_date) as seen_date
    from in_force
    group by api_model, day, precedence, decided_by
),

decided as (
    select
        points.api_model,
        points.day,
        coalesce(by_kind.api_class, 'unknown') as api_class,
        case when by_kind.api_class is not null then by_kind.decided_by end as decided_by,
        case
            when by_kind.api_class is not null then by_kind.evidence
            when by_kind.evidence is not null then 'contradictory: ' || by_kind.evidence
            else 'nothing says whether the weights are public'
        end as evidence,
        case when by_kind.api_class is not null then by_kind.seen_date end as seen_date
    from points
    left join by_kind
        on
            points.api_model = by_kind.api_model
            and points.day = by_kind.day
    qualify
        row_number() over (
            partition by points.api_model, points.day
            order by by_kind.api_class is null, by_kind.precedence
        ) = 1
),

compared as (
    select
        api_model,
        day,
        api_class,
        decided_by,
        evidence,
        seen_date,
        lag(api_class || coalesce(decided_by, '')) over (partition by api_model order by day)
            as before,
        api_class || coalesce(decided_by, '') as now
    from decided
)

select
    api_model,
    day as valid_from,
    lead(day) over (partition by api_model order by day) as valid_to,
    api_class,
    decided_by,
    evidence,
    seen_date
from compared
where before is null or before <> now
