{# What a declared lineage says: tags that name a parent, kinds of relation. #}

{# A name that a repository can have: a path of the publisher's disk is no parent. As in lib/hub/fields. #}
{% macro repository_id() -%}
    [.-]*[0-9A-Za-z_][0-9A-Za-z_.-]*(/[.-]*[0-9A-Za-z_][0-9A-Za-z_.-]*)?
{%- endmacro %}

{# Tags base_model:<relation>:<parent>, as they are: names differ in case. NULL if there is none. #}
{% macro parent_tags(tags) -%}
    {{ tags_like(tags, 'base_model:', 'base_model:[a-z_]+:' ~ repository_id()) }}
{%- endmacro %}

{#
    A relation that changes the model (finetune, adapter, merge) against one that repacks it. The
    Hub's default is finetune; a repository for one runtime alone that says no more is a conversion.
#}
{% macro relation_kind(relations, library_kind) -%}
    case
        when {{ relations }} is null then 'undeclared'
        when array_contains({{ relations }}, 'merge') then 'merge'
        when array_contains({{ relations }}, 'adapter') then 'adapter'
        when array_contains({{ relations }}, 'quantized') then 'quantized'
        when {{ library_kind }} = 'runtime' then 'conversion'
        when array_contains({{ relations }}, 'finetune') then 'finetune'
        else 'other'
    end
{%- endmacro %}

{#
    All patterns of a seed as one literal: DuckDB compiles a constant pattern once, one from a
    column for every row. Nothing matches an empty seed.
#}
{% macro any_pattern(seed, column) %}
    {% if not execute %}{{ return("'[^\\s\\S]'") }}{% endif %}
    {% set query %}
        select {{ joined("'(' || " ~ column ~ " || ')'", '|', column) }} from {{ source('seeds', seed) }}
    {% endset %}
    {% set pattern = run_query(query).columns[0].values()[0] or '[^\\s\\S]' %}
    {{ return(literal(pattern)) }}
{% endmacro %}

{#
    A derivative with many times the downloads of the greatest of its parents, or older than one,
    says something else than that it was made from them. All-time counters where both have one.
#}
{% macro is_relation_suspect(compared, ratio) -%}
    (
        {{ compared }}.is_older_than_parent
        or case
            when
                {{ compared }}.downloads_all_time is not null
                and {{ compared }}.parent_all_time is not null
                then
                    {{ compared }}.downloads_all_time > 0
                    and {{ compared }}.downloads_all_time
                    >= {{ ratio }} * {{ compared }}.parent_all_time
            else
                coalesce(
                    {{ compared }}.downloads_30d > 0
                    and {{ compared }}.downloads_30d >= {{ ratio }} * {{ compared }}.parent_30d,
                    false
                )
        end
    )
{%- endmacro %}

{#
    Children of the last build whose parent's name passes to another repository by evidence of
    `from_day` or later, for `open_renewed`.
#}
{% macro children_of_new_holders(from_day) %}
    select declared.model_key
    from {{ this }} as declared
    inner join {{ ref('stg_hub__cards') }} as cards
        on declared.parent_name = cards.repo_id
    where
        declared.valid_to is null
        and cards.valid_from >= {{ from_day }}
        and cards.model_key is distinct from declared.parent_key
{% endmacro %}

{#
    Models that come before a parent of theirs: whether such an edge closes a cycle is decided by
    evidence of the others on its way. For `open_renewed`.
#}
{% macro children_before_parents(from_day) %}
    select distinct declared.model_key
    from {{ ref('int_models__declared_parents') }} as declared
    where declared.is_before_parent
{% endmacro %}

{#
    All that descends from a repository with new evidence, whose family is a part of theirs. For
    `open_renewed`.
#}
{% macro descendants_of_renewed(from_day) %}
    with recursive descendants as (
        select renewed.model_key
        from renewed
        union
        select parents.model_key
        from descendants
        inner join {{ ref('int_models__parents') }} as parents
            on descendants.model_key = parents.parent_key
    )

    select descendants.model_key
    from descendants
{% endmacro %}
