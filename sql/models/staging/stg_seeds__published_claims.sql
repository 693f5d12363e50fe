with filled as (
    select
        claim,
        coalesce(
            kind,
            case
                when measure = 'window' then 'window'
                when metric = 'downloads' then 'milestone'
                else 'count'
            end
        ) as kind,
        coalesce(subject, 'family:' || family) as subject,
        against,
        definition,
        coalesce(population, 'all') as population,
        measure,
        metric,
        coalesce(cast(value as double), share) as claimed_value,
        -- half a unit of the last digit that is said
        case
            when value is not null
                then
                    power(
                        10,
                        length(cast(value as string))
                        - length({{ replaced('cast(value as string)', '0+$', '') }})
                    ) / 2
            when share is not null
                then power(10, -length(split_part(cast(share as string), '.', 2))) / 2
        end as rounding,
        is_lower_bound,
        window_start,
        window_end,
        published_date,
        publisher,
        not_comparable
    from {{ source('seeds', 'published_claims') }}
)

select
    claim,
    kind,
    split_part(subject, ':', 1) as subject_kind,
    substr(subject, length(split_part(subject, ':', 1)) + 2) as subject_name,
    against,
    definition,
    population,
    measure,
    metric,
    claimed_value,
    coalesce(rounding, 0) as rounding,
    is_lower_bound,
    window_start,
    window_end,
    published_date,
    publisher,
    not_comparable,
    against is not null as is_compared
from filled
