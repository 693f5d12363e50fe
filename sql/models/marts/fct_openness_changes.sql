-- whatever changes of licence, access or gating begins a row: a model with one never changed
with several as (
    select model_key
    from {{ ref('int_models__classified') }}
    group by model_key
    having count(*) > 1
),

licences as (
    select
        classes.model_key,
        classes.valid_from,
        'licence' as attribute,
        coalesce({{ joined_array('classes.licence_ids', ', ') }}, 'none')
        || coalesce(' (' || classes.licence_name || ')', '') as value,
        classes.licence_class as class,
        classes.licence_evidence as evidence
    from several
    inner join {{ ref('int_models__classified') }} as classes
        on several.model_key = classes.model_key
    inner join {{ ref('stg_hub__cards') }} as cards
        on
            classes.model_key = cards.model_key
            and {{ holds_on('cards', 'classes.valid_from') }}
    where cards.tags is not null
),

access_classes as (
    select
        classes.model_key,
        classes.valid_from,
        'access' as attribute,
        classes.access_class as value,
        classes.access_class as class,
        cast(null as string) as evidence
    from several
    inner join {{ ref('int_models__classified') }} as classes
        on several.model_key = classes.model_key
    where classes.access_class <> 'unknown'
),

gating as (
    select
        access.model_key,
        access.valid_from,
        'gating' as attribute,
        access.gated as value,
        access.gated as class,
        cast(null as string) as evidence
    from several
    inner join {{ ref('stg_hub__access') }} as access
        on several.model_key = access.model_key
    where access.gated is not null
),

states as (
    select
        model_key,
        valid_from,
        attribute,
        value,
        class,
        evidence
    from licences
    union all
    select
        model_key,
        valid_from,
        attribute,
        value,
        class,
        evidence
    from access_classes
    union all
    select
        model_key,
        valid_from,
        attribute,
        value,
        class,
        evidence
    from gating
),

followed as (
    select
        model_key,
        attribute,
        valid_from as first_seen_date,
        lag(value) over by_model as from_value,
        value as to_value,
        lag(class) over by_model as from_class,
        class as to_class,
        lag(evidence) over by_model as from_evidence,
        evidence as to_evidence
    from states
    window by_model as (partition by model_key, attribute order by valid_from)
),

changed as (
    select
        model_key,
        attribute,
        first_seen_date,
        from_value,
        to_value,
        from_class,
        to_class,
        from_evidence,
        to_evidence
    from followed
    where
        from_value <> to_value
        -- a card that is read for the first time tells what its licence was all along
        and not coalesce(
            from_evidence = 'license tag'
            and to_evidence in ('license_name on card', 'license_link on card')
            and {{ begins_with('to_value', "from_value || ' ('") }},
            false
        )
),

change_days as (
    select distinct
        model_key,
        first_seen_date,
        case when attribute = 'licence' then 'cards' else 'access' end as attribute_group
    from changed
),

-- a snapshot whose source has no gating did not see the value before
last_sights as (
    select
        change_days.model_key,
        change_days.first_seen_date,
        change_days.attribute_group,
        max(counters.snapshot_date) as last_seen_date
    from change_days
    inner join {{ ref('stg_hub__counters') }} as counters
        on
            change_days.model_key = counters.model_key
            and change_days.first_seen_date > counters.snapshot_date
    inner join {{ ref('stg_hub__snapshots') }} as snapshots
        on counters.snapshot_date = snapshots.snapshot_date
    where not array_contains(snapshots.lacks, change_days.attribute_group)
    group by change_days.model_key, change_days.first_seen_date, change_days.attribute_group
)

select
    models.hub_id,
    cards.repo_id,
    cards.publisher,
    changed.attribute,
    changed.from_value,
    changed.to_value,
    changed.from_class,
    changed.to_class,
    changed.from_evidence,
    changed.to_evidence,
    last_sights.last_seen_date,
    changed.first_seen_date,
    counters.downloads_30d
from changed
inner join {{ ref('stg_hub__models') }} as models
    on changed.model_key = models.model_key
left join last_sights
    on
        changed.model_key = last_sights.model_key
        and changed.first_seen_date = last_sights.first_seen_date
        and case when changed.attribute = 'licence' then 'cards' else 'access' end
        = last_sights.attribute_group
left join {{ ref('stg_hub__cards') }} as cards
    on
        changed.model_key = cards.model_key
        and {{ holds_on('cards', 'changed.first_seen_date') }}
left join {{ ref('stg_hub__counters') }} as counters
    on
        changed.model_key = counters.model_key
        and changed.first_seen_date = counters.snapshot_date
order by changed.first_seen_date desc, counters.downloads_30d desc nulls last, models.hub_id asc
