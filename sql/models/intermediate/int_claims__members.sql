with named as (
    select
        claim,
        trim(part) as subject
    from (
        select
            claim,
            {{ each_element(split_by('against', ';')) }} as part
        from {{ ref('stg_seeds__published_claims') }}
        where against is not null
    ) as parts
),

sides as (
    select
        claim,
        'subject' as side,
        subject_kind,
        subject_name
    from {{ ref('stg_seeds__published_claims') }}
    union all
    select
        claim,
        'against' as side,
        split_part(subject, ':', 1) as subject_kind,
        substr(subject, length(split_part(subject, ':', 1)) + 2) as subject_name
    from named
),

families as (
    select
        'family' as subject_kind,
        family as subject_name,
        family
    from {{ source('seeds', 'families') }}
    union all
    select
        'publisher' as subject_kind,
        company as subject_name,
        family
    from {{ source('seeds', 'families') }}
    union all
    select
        'country' as subject_kind,
        country as subject_name,
        family
    from {{ ref('int_families__countries') }}
)

-- a company and a country count by all their families
select
    sides.claim,
    sides.side,
    sides.subject_kind,
    sides.subject_name,
    families.family
from sides
left join families
    on
        sides.subject_kind = families.subject_kind
        and sides.subject_name = families.subject_name
