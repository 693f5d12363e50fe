-- totals of one thing do not fall by themselves: what at least was there by a day, was there later
with totals as (
    select
        claim,
        subject_kind,
        subject_name,
        metric,
        definition,
        coalesce(window_end, published_date) as about_date,
        case when is_lower_bound then claimed_value else claimed_value - rounding end
            as at_least,
        case when not is_lower_bound then claimed_value + rounding end as at_most
    from {{ ref('stg_seeds__published_claims') }}
    where
        measure = 'cumulative'
        and kind in ('milestone', 'count')
        and claimed_value is not null
)

select
    earlier.claim,
    later.claim as contradicting_claim,
    earlier.about_date,
    later.about_date as contradicting_about_date,
    earlier.at_least,
    later.at_most as contradicting_at_most,
    case
        when coalesce(earlier.definition, '') <> coalesce(later.definition, '')
            then
                'the later figure is the smaller one; they count by '
                || coalesce(earlier.definition, 'a definition that is not said') || ' and by '
                || coalesce(later.definition, 'a definition that is not said')
        else 'the later figure is the smaller one; neither says by what else it differs'
    end as reason
from totals as earlier
inner join totals as later
    on
        earlier.subject_kind = later.subject_kind
        and earlier.subject_name = later.subject_name
        and earlier.metric = later.metric
        and earlier.claim <> later.claim
        and earlier.about_date <= later.about_date
        and earlier.at_least > later.at_most
order by earlier.claim, later.claim
