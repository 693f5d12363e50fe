with changes as (
    select
        model_key,
        valid_from
    from {{ ref('stg_hub__cards') }}
    union
    select
        model_key,
        valid_from
    from {{ ref('stg_hub__access') }}
    union
    select
        model_key,
        valid_from
    from {{ ref('stg_hub__weights') }}
),

intervals as (
    select
        model_key,
        valid_from,
        lead(valid_from) over (partition by model_key order by valid_from) as valid_to
    from changes
),

cards as (
    select
        model_key,
        valid_from,
        valid_to,
        {{ tag_values('tags', 'license:') }} as licence_ids,
        {{ tag_values('tags', 'license_name:') }} as licence_names,
        {{ has_any_tag('tags', var('weight_format_tags')) }} as has_weight_format
    from {{ ref('stg_hub__cards') }}
),

declared_licences as (
    select
        model_key,
        valid_from,
        {{ each_element('licence_ids') }} as licence_id
    from cards
),

named_licences as (
    select
        model_key,
        valid_from,
        {{ each_element('licence_names') }} as licence_name
    from cards
),

-- a name counts only beside the id `other`, which says nothing by itself
named_classes as (
    select
        named.model_key,
        named.valid_from,
        min(coalesce(known.licence_class, 'L0')) as licence_class
    from named_licences as named
    left join {{ ref('stg_seeds__named_licences') }} as known
        on named.licence_name = known.licence_name
    group by named.model_key, named.valid_from
),

-- the class sorts before the id, so the smallest text names the most restrictive licence
deciding_licences as (
    select
        declared.model_key,
        declared.valid_from,
        min(
            coalesce(
                case when declared.licence_id = 'other' then named_classes.licence_class end,
                licences.licence_class,
                'L0'
            )
            || ':' || declared.licence_id
        ) as deciding
    from declared_licences as declared
    left join {{ ref('stg_seeds__licences') }} as licences
        on declared.licence_id = licences.licence_id
    left join named_classes
        on
            declared.model_key = named_classes.model_key
            and declared.valid_from = named_classes.valid_from
    group by declared.model_key, declared.valid_from
),

states as (
    select
        intervals.model_key,
        intervals.valid_from,
        intervals.valid_to,
        cards.licence_ids,
        deciding_licences.deciding,
        access.gated,
        weights.used_storage_bytes,
        coalesce(cards.has_weight_format, false)
        or weights.safetensors_parameters is not null
        or weights.gguf_parameters is not null
        or coalesce(weights.used_storage_bytes, 0) >= {{ var('least_weight_bytes') }}
            as has_weights
    from intervals
    left join cards
        on
            intervals.model_key = cards.model_key
            and intervals.valid_from >= cards.valid_from
            and (cards.valid_to is null or intervals.valid_from < cards.valid_to)
    left join deciding_licences
        on
            cards.model_key = deciding_licences.model_key
            and cards.valid_from = deciding_licences.valid_from
    left join {{ ref('stg_hub__access') }} as access
        on
            intervals.model_key = access.model_key
            and intervals.valid_from >= access.valid_from
            and (access.valid_to is null or intervals.valid_from < access.valid_to)
    left join {{ ref('stg_hub__weights') }} as weights
        on
            intervals.model_key = weights.model_key
            and intervals.valid_from >= weights.valid_from
            and (weights.valid_to is null or intervals.valid_from < weights.valid_to)
),

classes as (
    select
        model_key,
        valid_from,
        valid_to,
        licence_ids,
        substr(deciding, 4) as licence_id,
        coalesce(substr(deciding, 1, 2), 'L0') as licence_class,
        case
            when not has_weights and used_storage_bytes is null then 'unknown'
            when not has_weights then 'A0'
            when gated = 'manual' then 'A1'
            when gated = 'auto' then 'A2'
            when gated = 'false' then 'A3'
            when gated = 'yes' then 'gated'
            else 'unknown'
        end as access_class
    from states
),

-- gated without saying how is A1 or A2: surely not public, perhaps open
decided as (
    select
        model_key,
        valid_from,
        valid_to,
        licence_ids,
        licence_id,
        licence_class,
        access_class,
        case
            when access_class in ('A2', 'A3') then true
            when access_class in ('A0', 'A1') then false
        end as is_open_weights,
        case
            when access_class = 'A3' then true
            when access_class <> 'unknown' then false
        end as is_public
    from classes
)

select
    model_key,
    valid_from,
    valid_to,
    licence_ids,
    licence_id,
    licence_class,
    access_class,
    is_open_weights,
    is_open_weights and licence_class in ('L2', 'L3', 'L4') as is_open_commercial,
    is_public and licence_class = 'L4' as is_osi_licence
from decided
