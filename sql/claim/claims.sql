-- What others published of the family, with our figure for the same day or window beside each
with ours as (
    select
        definition,
        activity_date,
        downloads_all_time,
        models,
        derivatives
    from fct_family_adoption_daily
    where family = $family and downloads_all_time is not null
),

claims as (
    select
        claim,
        publisher,
        published_date,
        measure,
        metric,
        value,
        is_lower_bound,
        window_start,
        window_end,
        scope
    from published_claims
    where family = $family
),

measured as (
    select
        claims.claim,
        ours.definition,
        max(ours.activity_date) filter (where ours.activity_date <= claims.window_end) as to_date,
        arg_max(
            case claims.metric
                when 'models' then ours.models
                when 'derivatives' then ours.derivatives
                else ours.downloads_all_time
            end,
            ours.activity_date
        ) filter (where ours.activity_date <= claims.window_end) as at_end,
        max(ours.activity_date) filter (where ours.activity_date < claims.window_start)
            as from_date,
        arg_max(ours.downloads_all_time, ours.activity_date)
            filter (where ours.activity_date < claims.window_start) as at_start
    from claims
    cross join ours
    group by claims.claim, ours.definition
)

select
    claims.publisher,
    coalesce(claims.published_date, claims.window_end) as said_date,
    claims.measure,
    claims.metric,
    claims.value,
    claims.is_lower_bound,
    claims.window_start,
    claims.window_end,
    claims.scope,
    measured.definition,
    measured.from_date,
    measured.to_date,
    cast(
        case claims.measure
            when 'window' then measured.at_end - measured.at_start
            else measured.at_end
        end as bigint
    ) as ours
from claims
left join measured on claims.claim = measured.claim
order by said_date, claims.publisher, claims.metric, measured.definition
