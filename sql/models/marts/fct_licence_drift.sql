with children as (
    select
        model_key,
        last_seen_date,
        downloads_30d,
        licence_id,
        licence_class,
        relation_kind
    from {{ ref('int_models__at_last_sight') }}
    where licence_class <> 'L0'
),

parent_licences as (
    select
        children.model_key,
        parents.parent_name,
        parents.parents,
        coalesce(classes.licence_class, 'L0') as parent_licence_class,
        classes.licence_id as parent_licence_id
    from children
    inner join {{ ref('int_models__parents') }} as parents
        on
            children.model_key = parents.model_key
            and {{ holds_on('parents', 'children.last_seen_date') }}
    left join {{ ref('int_models__classified') }} as classes
        on
            parents.parent_key = classes.model_key
            and {{ holds_on('classes', 'children.last_seen_date') }}
    where coalesce(classes.licence_class, 'L0') < children.licence_class
),

-- an unknown licence sorts first, so a child with one such parent never exceeds the least
least_open as (
    select
        model_key,
        min(parent_licence_class) as parent_licence_class,
        {{ value_at_least('parent_licence_id', "parent_licence_class || ':' || parent_name") }}
            as parent_licence_id,
        {{ value_at_least('parent_name', "parent_licence_class || ':' || parent_name") }}
            as parent_name,
        max(parents) as parents
    from parent_licences
    group by model_key
)

select
    models.hub_id,
    cards.repo_id,
    cards.publisher,
    children.relation_kind,
    children.licence_id,
    children.licence_class,
    least_open.parent_name,
    least_open.parent_licence_id,
    least_open.parent_licence_class,
    least_open.parents,
    children.last_seen_date,
    children.downloads_30d
from least_open
inner join children
    on least_open.model_key = children.model_key
inner join {{ ref('stg_hub__models') }} as models
    on least_open.model_key = models.model_key
left join {{ ref('stg_hub__cards') }} as cards
    on
        children.model_key = cards.model_key
        and cards.valid_to is null
where least_open.parent_licence_class <> 'L0'
order by children.downloads_30d desc nulls last, models.hub_id asc
