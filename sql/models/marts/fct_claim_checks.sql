with measured as (
    select *
    from {{ ref('int_claims__totals') }}
    union all
    select *
    from {{ ref('int_claims__windows') }}
    union all
    select *
    from {{ ref('int_claims__shares') }}
),

-- a claim of which no snapshot says anything is a row of its own
checked as (
    select
        claims.claim,
        claims.kind,
        claims.subject_kind,
        claims.definition as claimed_definition,
        claims.metric,
        claims.claimed_value,
        claims.rounding,
        claims.is_lower_bound,
        claims.window_start,
        claims.window_end,
        claims.not_comparable,
        claims.is_compared,
        measured.definition,
        measured.activity_date,
        measured.scope,
        coalesce(measured.is_of_claim_day, true) as is_of_claim_day,
        coalesce(measured.is_floor, false) as is_floor,
        coalesce(measured.lacks_members, false) as lacks_members,
        measured.value,
        measured.lower_bound,
        measured.upper_bound,
        measured.compared_value,
        measured.compared_lower_bound,
        measured.compared_upper_bound,
        measured.first_date,
        measured.last_date,
        case
            when claims.is_compared then measured.compared_upper_bound
            else claims.claimed_value
        end as passed_from,
        case
            when claims.is_compared then measured.compared_lower_bound
            when claims.is_lower_bound then claims.claimed_value
            else claims.claimed_value - claims.rounding
        end as short_below,
        measured.value
        / nullif(coalesce(measured.compared_value, claims.claimed_value), 0) - 1 as difference
    from {{ ref('stg_seeds__published_claims') }} as claims
    left join measured
        on claims.claim = measured.claim
),

judged as (
    select
        *,
        case
            when not_comparable is not null then 'not comparable'
            when definition is null then 'cannot be told'
            when claimed_definition <> definition and subject_kind <> 'model' then 'not comparable'
            when lacks_members then 'cannot be told'
            when
                (is_lower_bound or is_compared)
                and lower_bound >= passed_from
                and (not is_compared or lower_bound > passed_from)
                then 'passed'
            when
                metric <> 'downloads'
                and scope <> 'census'
                then 'not comparable'
            when upper_bound < short_below then 'short by'
            when is_lower_bound or is_compared then 'cannot be told'
            when lower_bound > claimed_value + rounding then 'above by'
            when lower_bound >= short_below and upper_bound <= claimed_value + rounding
                then 'passed'
            else 'cannot be told'
        end as verdict,
        case
            when not_comparable is not null or lacks_members then false
            when is_compared then value > compared_value
            when is_lower_bound then value >= claimed_value
            else abs(value - claimed_value) <= rounding
        end as holds
    from checked
),

reasoned as (
    select
        *,
        case
            when not_comparable is not null then not_comparable
            when definition is null
                then
                    'no usable snapshot counts it; '
                    || case
                        when window_start is null then ''
                        else
                            'one of ' || cast({{ days_after('window_start', -1) }} as string)
                            || ' or before and '
                    end
                    || 'one of ' || coalesce(cast(window_end as string), 'the day of the claim')
                    || ' would be needed'
            when verdict = 'not comparable' and claimed_definition <> definition
                then 'the claim counts by the definition ' || claimed_definition
            when verdict = 'not comparable'
                then
                    'the snapshot does not list all models, the claim counts all; '
                    || 'a census (HUB_SCOPE=census) would be needed'
            when lacks_members then 'not everything that it names has a count in the snapshots'
            when verdict = 'cannot be told' and lower_bound is null
                then
                    'the nearest snapshot is about ' || cast(first_date as string)
                    || '; one about ' || cast(window_end as string) || ' would be needed'
            when verdict = 'cannot be told' and upper_bound is null
                then
                    'the snapshots do not reach around the period; one about '
                    || coalesce(
                        cast({{ days_after('window_start', -1) }} as string)
                        || ' or before and one about ',
                        ''
                    )
                    || cast(window_end as string) || ' or later would be needed'
            when verdict = 'cannot be told' and kind in ('share', 'share_of_derivatives')
                then
                    'what is not known of the models leaves it between '
                    || {{ percent('lower_bound') }} || ' and ' || {{ percent('upper_bound') }}
            when verdict = 'cannot be told'
                then
                    'it may have come true between the snapshots about '
                    || cast(first_date as string) || ' and ' || cast(last_date as string)
                    || '; one nearer to the claim would be needed'
            when verdict = 'passed' and not is_lower_bound and not is_compared
                then 'as claimed, to the last digit that is said'
            when verdict = 'short by'
                then
                    {{ percent('-difference') }} || ' below'
                    || case
                        when is_floor
                            then ', on a count that is a floor: smaller models are not listed'
                        else ''
                    end
            else {{ percent('difference') }} || ' above'
        end as verdict_reason
    from judged
),

-- of each claim and definition, the days on which it held
held as (
    select
        claim,
        definition,
        min(activity_date) filter (where holds) as first_held_date,
        max(activity_date) filter (where holds) as last_held_date
    from judged
    group by claim, definition
)

select
    reasoned.claim,
    reasoned.definition,
    reasoned.activity_date,
    reasoned.kind,
    reasoned.scope,
    reasoned.is_of_claim_day,
    reasoned.value,
    reasoned.lower_bound,
    reasoned.upper_bound,
    reasoned.is_floor,
    reasoned.claimed_value,
    reasoned.compared_value,
    reasoned.difference,
    reasoned.verdict,
    reasoned.verdict_reason,
    held.first_held_date,
    held.last_held_date,
    reasoned.first_date,
    reasoned.last_date
from reasoned
left join held
    on
        reasoned.claim = held.claim
        and reasoned.definition = held.definition
order by reasoned.claim, reasoned.definition, reasoned.activity_date
