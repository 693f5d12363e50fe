{#
    The incremental set of models: what is said of a repository over time changes with its evidence,
    and a day brings evidence of half a percent of a census. A model that is built this way opens with
    `open_renewed` (pre-hook: deletes what is built again), reads the rows that `of_renewed` lets
    through, and ends with `close_renewed` (post-hook).

    Repositories are built one by one if nothing but newer days has come since the last build. A day
    that was loaded again, filled in or taken out, and another row of a seed, build all of them.
#}

{% macro all_evidence() %}{{ return("date '0001-01-01'") }}{% endmacro %}

{#
    The day from which on evidence makes a repository one to build, as a date literal: all_evidence()
    if every one is, 9999-12-31 if there is nothing to do.
#}
{% macro renewed_from(seed=none) %}
    {% if not execute %}
        {# dbt looks for what a model depends on in its text, not in its hooks #}
        {% for relation in _evidence() + ['stg_hub__evidence_days'] + ([seed] if seed else []) %}
            {% do ref(relation) %}
        {% endfor %}
    {% endif %}
    {% if not execute or not is_incremental() %}{{ return(all_evidence()) }}{% endif %}
    {% set first_day = first_day_to_build(seed, 'stg_hub__evidence_days') %}
    {% set query %}
        select coalesce({{ first_day }} > max(snapshot_date), false)
        from intermediate.built_days
        where model = '{{ this.identifier }}'
    {% endset %}
    {% set only_newer = run_query(query).columns[0].values()[0] %}
    {{ return(first_day if only_newer else all_evidence()) }}
{% endmacro %}

{# Lets through the repositories to build again, or all of them. #}
{% macro of_renewed(from_day) %}
    {% if from_day != all_evidence() %}
        where model_key in (select renewed.model_key from renewed)
    {% endif %}
{% endmacro %}

{#
    `also` is a macro: the query of further repositories that evidence from a day on concerns, which may
    read what the last build said.
#}
{% macro open_renewed(seed=none, also=none) %}
    {% if execute and is_incremental() %}
        {% set from_day = renewed_from(seed) %}
        {% if from_day == all_evidence() %}
            delete from {{ this }};
        {% else %}
            create or replace temp table renewed as
            {% for evidence in _evidence() %}
                select model_key
                from {{ ref(evidence) }}
                where valid_from >= {{ from_day }}
                {% if not loop.last or also %}
                    union
                {% endif %}
            {% endfor %}
            {{ also(from_day) if also }};
            delete from {{ this }} where model_key in (select renewed.model_key from renewed);
        {% endif %}
    {% endif %}
{% endmacro %}

{# A day counts as built if the ends of states are those of it: they may not have been built with it. #}
{% macro close_renewed(seed=none) %}
    drop table if exists temp.renewed;
    {{ close_window(seed, 'stg_hub__evidence_days') }}
    delete from intermediate.built_days as built
    where
        built.model = '{{ this.identifier }}'
        and not exists (
            select 1
            from intermediate.built_days as ended
            where
                ended.model = 'stg_hub__ends'
                and ended.snapshot_date = built.snapshot_date
                and ended.load_id = built.load_id
        );
{% endmacro %}

{% macro _evidence() %}
    {{ return([
        'stg_hub__cards', 'stg_hub__lineage', 'stg_hub__access', 'stg_hub__weights',
        'stg_hub__licence_cards'
    ]) }}
{% endmacro %}
