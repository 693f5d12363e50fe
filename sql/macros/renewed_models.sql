{#
    What is said of a repository over time, built by repository: it changes with its evidence, and a
    day brings evidence of half a percent of a census. A model opens with `built_by_repository` (whose
    pre-hook deletes what is built again) and reads the rows that `of_renewed` lets through.

    Repositories are built one by one if nothing but newer days has come since the last build. A day
    that was loaded again, filled in or taken out, another row of a seed, and another creation date of a
    known model (int_models__ages) build all of them.
#}

{#
    `evidence` names the models whose new rows make a repository one to build, the listing's and the
    cards' if none is named; of those that are built by repository themselves a row that ended is new
    as well. They restate no day before their evidence, so nothing else of theirs has changed.
    `also` names a macro: the query of further repositories that evidence from a day on concerns, which
    may read what the last build said, and in `renewed` what is known so far.
#}
{% macro built_by_repository(seeds=[], also=none, evidence=none) %}
    {% do _depend_on(
        seeds, (evidence or _evidence()) + ['int_models__evidence_days', 'stg_hub__ends']
    ) %}
    {% if not has_ledger() %}{{ return(config(materialized='table')) }}{% endif %}
    {{ config(
        materialized='incremental',
        incremental_strategy='append',
        on_schema_change='fail',
        meta={'window': {
            'seeds': seeds, 'days': 'int_models__evidence_days', 'also': also, 'evidence': evidence
        }},
        pre_hook="{{ open_renewed() }}",
        post_hook="{{ close_renewed() }}"
    ) }}
{% endmacro %}

{% macro all_evidence() %}{{ return("date '0001-01-01'") }}{% endmacro %}

{#
    The day from which on evidence makes a repository one to build, as a date literal: all_evidence()
    if every one is, 9999-12-31 if there is nothing to do.
#}
{% macro renewed_from() %}
    {% if not execute or not is_incremental() %}{{ return(all_evidence()) }}{% endif %}
    {% set first_day = first_day_to_build() %}
    {% set query %}
        select coalesce({{ first_day }} > max(snapshot_date), false)
        from intermediate.builds
        where node = '{{ this.identifier }}'
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

{% macro open_renewed() %}
    {% if execute and is_incremental() %}
        {% set from_day = renewed_from() %}
        {% if from_day == all_evidence() %}
            delete from {{ this }};
        {% else %}
            {% set window = config.get('meta')['window'] %}
            create or replace temp table renewed as
            {% for evidence in window['evidence'] or _evidence() %}
                select model_key
                from {{ ref(evidence) }}
                where valid_from >= {{ from_day }} {% if window['evidence'] -%}
                    or valid_to >= {{ from_day }}
                {%- endif %}
                {% if not loop.last %}
                    union
                {% endif %}
            {% endfor %};
            {% if window['also'] %}
                insert into renewed
                select further.model_key
                from ({{ context[window['also']](from_day) }}) as further
                where further.model_key not in (select renewed.model_key from renewed);
            {% endif %}
            delete from {{ this }} where model_key in (select renewed.model_key from renewed);
        {% endif %}
    {% endif %}
{% endmacro %}

{# A day counts as built if the ends of states are those of it: they may not have been built with it. #}
{% macro close_renewed() %}
    drop table if exists temp.renewed;
    {{ close_window() }}
    delete from intermediate.builds as built
    where
        built.node = '{{ this.identifier }}'
        and built.snapshot_date is not null
        and not exists (
            select 1
            from intermediate.builds as ended
            where
                ended.node = 'stg_hub__ends'
                and ended.snapshot_date = built.snapshot_date
                and split_part(built.built_from, ' ', 1) = ended.built_from
        );
{% endmacro %}

{% macro _evidence() %}
    {{ return([
        'stg_hub__cards', 'stg_hub__lineage', 'stg_hub__access', 'stg_hub__weights',
        'stg_hub__licence_cards'
    ]) }}
{% endmacro %}
