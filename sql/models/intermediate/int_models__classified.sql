{{ built_by_repository(seeds=['licences', 'named_licences']) }}
{% set from_day = renewed_from() %}

with listed_cards as (
    select
        model_key,
        valid_from,
        valid_to,
        tags
    from {{ ref('stg_hub__cards') }}
    {{ of_renewed(from_day) }}
),

gates as (
    select
        model_key,
        valid_from,
        valid_to,
        gated
    from {{ ref('stg_hub__access') }}
    {{ of_renewed(from_day) }}
),

sizes as (
    select
        model_key,
        valid_from,
        valid_to,
        used_storage_bytes,
        safetensors_parameters,
        gguf_parameters
    from {{ ref('stg_hub__weights') }}
    {{ of_renewed(from_day) }}
),

first_sights as (
    select
        model_key,
        min(valid_from) as first_date
    from listed_cards
    group by model_key
),

-- a card that was read before the model was ever listed counts from the first listing on
read_cards as (
    select
        cards.model_key,
        greatest(cards.valid_from, first_sights.first_date) as valid_from,
        cards.valid_to,
        cards.licence_names,
        cards.licence_link
    from {{ ref('stg_hub__licence_cards') }} as cards
    inner join first_sights
        on cards.model_key = first_sights.model_key
    where cards.valid_to is null or cards.valid_to > first_sights.first_date
),

changes as (
    select
        model_key,
        valid_from
    from listed_cards
    union
    select
        model_key,
        valid_from
    from gates
    union
    select
        model_key,
        valid_from
    from sizes
    union
    select
        model_key,
        valid_from
    from read_cards
),

intervals as (
    select
        model_key,
        valid_from,
        lead(valid_from) over (partition by model_key order by valid_from) as valid_to
    from changes
),

tagged as (
    select
        intervals.model_key,
        intervals.valid_from,
        {{ tag_values('listed_cards.tags', 'license:') }} as licence_ids,
        {{ tag_values('listed_cards.tags', 'license_name:') }} as licence_names,
        {{ has_any_tag('listed_cards.tags', var('weight_format_tags')) }} as has_weight_format
    from intervals
    inner join listed_cards
        on
            intervals.model_key = listed_cards.model_key
            and {{ holds_on('listed_cards', 'intervals.valid_from') }}
),

declared_licences as (
    select
        model_key,
        valid_from,
        {{ each_element('licence_ids') }} as licence_id
    from tagged
),

-- the id `other` says nothing by itself. Its name is a tag, as old as the rest of the listing; else
-- it stands on the card, which was read up to a week ago; else only a link does
others as (
    select
        tagged.model_key,
        tagged.valid_from,
        read_cards.licence_link,
        case
            when tagged.licence_names is not null then 'license_name tag'
            when read_cards.licence_names is not null then 'license_name on card'
            when read_cards.licence_link is not null then 'license_link on card'
            when read_cards.model_key is not null then 'card without name'
            else 'license tag'
        end as licence_evidence,
        coalesce(
            tagged.licence_names,
            read_cards.licence_names,
            case
                when read_cards.licence_link is not null
                    then {{ array_of('read_cards.licence_link') }}
            end
        ) as licence_names
    from tagged
    left join read_cards
        on
            tagged.model_key = read_cards.model_key
            and {{ holds_on('read_cards', 'tagged.valid_from') }}
    where array_contains(tagged.licence_ids, 'other')
),

each_name as (
    select
        model_key,
        valid_from,
        {{ each_element('licence_names') }} as licence_name
    from others
),

-- some cards name a licence that has an id of the Hub's
named_classes as (
    select
        licence_name,
        licence_class
    from {{ source('seeds', 'named_licences') }}
    union all
    select
        licences.licence_id as licence_name,
        licences.licence_class
    from {{ source('seeds', 'licences') }} as licences
    left join {{ source('seeds', 'named_licences') }} as named
        on licences.licence_id = named.licence_name
    where named.licence_name is null
),

-- the class sorts before the text, so the smallest text names the most restrictive licence
deciding_names as (
    select
        named.model_key,
        named.valid_from,
        min(
            coalesce(known.licence_class, 'L0') || ':' || {{ licence_key('named.licence_name') }}
        ) as deciding
    from each_name as named
    left join named_classes as known
        on {{ licence_key('named.licence_name') }} = known.licence_name
    group by named.model_key, named.valid_from
),

deciding_licences as (
    select
        declared.model_key,
        declared.valid_from,
        min(
            coalesce(
                case when declared.licence_id = 'other' then substr(named.deciding, 1, 2) end,
                licences.licence_class,
                'L0'
            )
            || ':' || declared.licence_id
        ) as deciding
    from declared_licences as declared
    left join {{ source('seeds', 'licences') }} as licences
        on declared.licence_id = licences.licence_id
    left join deciding_names as named
        on
            declared.model_key = named.model_key
            and declared.valid_from = named.valid_from
    group by declared.model_key, declared.valid_from
),

licensed as (
    select
        deciding_licences.model_key,
        deciding_licences.valid_from,
        substr(deciding_licences.deciding, 1, 2) as licence_class,
        substr(deciding_licences.deciding, 4) as licence_id,
        case
            when substr(deciding_licences.deciding, 4) = 'other'
                then substr(deciding_names.deciding, 4)
        end as licence_name,
        case
            when substr(deciding_licences.deciding, 4) = 'other' then others.licence_evidence
            else 'license tag'
        end as licence_evidence,
        others.licence_link
    from deciding_licences
    left join others
        on
            deciding_licences.model_key = others.model_key
            and deciding_licences.valid_from = others.valid_from
    left join deciding_names
        on
            deciding_licences.model_key = deciding_names.model_key
            and deciding_licences.valid_from = deciding_names.valid_from
),

states as (
    select
        intervals.model_key,
        intervals.valid_from,
        intervals.valid_to,
        tagged.licence_ids,
        licensed.licence_id,
        licensed.licence_class,
        licensed.licence_name,
        licensed.licence_evidence,
        licensed.licence_link,
        gates.gated,
        sizes.used_storage_bytes,
        coalesce(sizes.safetensors_parameters, sizes.gguf_parameters) as parameters,
        coalesce(tagged.has_weight_format, false)
        or coalesce(sizes.safetensors_parameters, sizes.gguf_parameters) is not null
        or coalesce(sizes.used_storage_bytes, 0) >= {{ var('least_weight_bytes') }}
            as has_weights
    from intervals
    left join tagged
        on
            intervals.model_key = tagged.model_key
            and intervals.valid_from = tagged.valid_from
    left join licensed
        on
            intervals.model_key = licensed.model_key
            and intervals.valid_from = licensed.valid_from
    left join gates
        on
            intervals.model_key = gates.model_key
            and {{ holds_on('gates', 'intervals.valid_from') }}
    left join sizes
        on
            intervals.model_key = sizes.model_key
            and {{ holds_on('sizes', 'intervals.valid_from') }}
),

classes as (
    select
        model_key,
        valid_from,
        valid_to,
        licence_ids,
        licence_id,
        coalesce(licence_class, 'L0') as licence_class,
        licence_name,
        licence_evidence,
        licence_link,
        gated,
        used_storage_bytes,
        parameters,
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
        licence_name,
        licence_evidence,
        licence_link,
        gated,
        used_storage_bytes,
        parameters,
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
    licence_name,
    licence_evidence,
    licence_link,
    gated,
    used_storage_bytes,
    parameters,
    access_class,
    is_open_weights,
    is_open_weights and licence_class in ('L2', 'L3', 'L4') as is_open_commercial,
    is_public and licence_class = 'L4' as is_osi_licence
from decided
