{% set measures = ['downloads_30d', 'net_1d', 'models', 'new_models', 'derivatives'] %}
{% set populations = {'all': 'true', 'language_models': 'is_language_model'} %}

-- added up by what is asked for: a quarter of the cube's rows
with cells as (
    select
        cube.activity_date,
        cube.definition,
        cube.family,
        coalesce(countries.country_group, 'unknown') as country_group,
        case when cube.definition = 'organisation' then cube.access_class end as access_class,
        case when cube.definition = 'organisation' then cube.licence_class end as licence_class,
        cube.model_kind = 'language_model' as is_language_model,
        cube.is_relation_suspect,
        sum(cube.downloads_30d) as downloads_30d,
        sum(cube.net) as net_1d,
        sum(cube.weighted_models) as models,
        sum(cube.weighted_new_models) as new_models,
        sum(case when cube.relation_kind = 'undeclared' then 0 else cube.weighted_models end)
            as derivatives
    from {{ ref('int_adoption_cube__in_scope') }} as cube
    left join {{ source('seeds', 'countries') }} as countries
        on
            countries.country
            = case cube.definition when 'lineage' then cube.base_country else cube.country end
    where
        cube.definition in ('organisation', 'lineage')
        and {{ computed_once() }}
    group by all
),

-- each with the definition whose models, of no family too, are the whole of it
subjects as (
    select
        *,
        case definition when 'lineage' then 'base_model_country' else 'publisher_country' end
            as share_of,
        country_group as subject
    from cells
    {% for group, condition in openness_groups().items() %}
        union all
        select
            *,
            'openness' as share_of,
            '{{ group }}' as subject
        from cells
        where definition = 'organisation' and ({{ condition }})
    {% endfor %}
    union all
    select
        *,
        'family' as share_of,
        family as subject
    from cells
    where definition = 'lineage' and family is not null
),

parts as (
    {% for population, condition in populations.items() %}
        select
            activity_date,
            '{{ population }}' as population,
            share_of,
            subject,
            definition,
            family,
            is_relation_suspect,
            sum(downloads_30d) as downloads_30d,
            sum(net_1d) as net_1d,
            sum(models) as models,
            sum(new_models) as new_models,
            sum(derivatives) as derivatives
        from subjects
        where {{ condition }} and {{ computed_once() }}
        group by activity_date, share_of, subject, definition, family, is_relation_suspect
        {% if not loop.last %}
            union all
        {% endif %}
    {% endfor %}
),

measured as (
    {% for measure in measures %}
        select
            activity_date,
            population,
            share_of,
            subject,
            definition,
            family,
            '{{ measure }}' as measure,
            sum({{ measure }}) as amount,
            coalesce(sum({{ measure }}) filter (where is_relation_suspect), 0) as suspect
        from parts
        where {{ computed_once() }}
        group by activity_date, population, share_of, subject, definition, family
        {% if not loop.last %}
            union all
        {% endif %}
    {% endfor %}
),

summed as (
    select
        activity_date,
        population,
        share_of,
        subject,
        definition,
        measure,
        sum(amount) as amount,
        sum(suspect) as suspect
    from measured
    where
        (share_of <> 'family' or measure = 'downloads_30d')
        and {{ computed_once() }}
    group by activity_date, population, share_of, subject, definition, measure
),

-- every model is of one country
wholes as (
    select
        activity_date,
        population,
        definition,
        measure,
        sum(amount) as amount,
        sum(suspect) as suspect
    from summed
    where share_of in ('publisher_country', 'base_model_country')
    group by activity_date, population, definition, measure
),

families as (
    select
        activity_date,
        population,
        definition,
        measure,
        family,
        sum(amount) as amount,
        sum(suspect) as suspect
    from measured
    where
        share_of in ('publisher_country', 'base_model_country')
        and family is not null
    group by activity_date, population, definition, measure, family
),

-- of a subject, and for the shares of families of all there is
largest as (
    select
        activity_date,
        population,
        share_of,
        subject,
        measure,
        family,
        amount,
        suspect,
        amount as amount_in_subject
    from measured
    where
        family is not null
        and share_of <> 'family'
        and amount > 0
    qualify
        row_number() over (
            partition by activity_date, population, share_of, subject, measure
            order by amount desc, family asc
        ) = 1
    union all
    select
        activity_date,
        population,
        'family' as share_of,
        cast(null as string) as subject,
        measure,
        family,
        amount,
        suspect,
        0 as amount_in_subject
    from families
    where
        definition = 'lineage'
        and amount > 0
    qualify
        row_number() over (
            partition by activity_date, population, measure
            order by amount desc, family asc
        ) = 1
)

select
    summed.activity_date,
    snapshots.scope,
    snapshots.scope_id,
    summed.population,
    summed.share_of,
    summed.subject,
    summed.measure,
    summed.amount,
    case when wholes.amount > 0 then summed.amount / wholes.amount end as share,
    case when summed.amount > 0 then summed.suspect / summed.amount end as suspect_share,
    case
        when wholes.amount - wholes.suspect > 0
            then (summed.amount - summed.suspect) / (wholes.amount - wholes.suspect)
    end as share_without_suspect,
    largest.family as largest_family,
    largest.suspect / largest.amount as largest_family_suspect_share,
    case
        when
            wholes.amount - families.amount > 0
            and (summed.share_of <> 'family' or summed.subject <> largest.family)
            then
                (summed.amount - largest.amount_in_subject)
                / (wholes.amount - families.amount)
    end as share_without_largest_family
from summed
inner join wholes
    on
        summed.activity_date = wholes.activity_date
        and summed.population = wholes.population
        and summed.definition = wholes.definition
        and summed.measure = wholes.measure
inner join {{ ref('stg_hub__snapshots') }} as snapshots
    on summed.activity_date = snapshots.activity_date
left join largest
    on
        summed.activity_date = largest.activity_date
        and summed.population = largest.population
        and summed.share_of = largest.share_of
        and summed.subject = coalesce(largest.subject, summed.subject)
        and summed.measure = largest.measure
left join families
    on
        largest.activity_date = families.activity_date
        and largest.population = families.population
        and summed.definition = families.definition
        and largest.measure = families.measure
        and largest.family = families.family
order by
    summed.activity_date, summed.population, summed.share_of, summed.subject, summed.measure
