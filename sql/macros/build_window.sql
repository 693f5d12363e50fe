{#
    Daily facts, built by day: a model builds every snapshot day that is new, was loaded again, judged
    anew or is no longer accepted since its own last build, and all days after the first of them. What
    is said of a repository over time is built otherwise: renewed_models.sql.

    intermediate.builds   what each model is built from, a row for each of its days; the rows without
                          a day are of lib/sql_models/plan.py

    A model opens with `built_by_day` and keeps to the days that `days_to_build` lets through; dbt runs
    the pre-hook (which deletes these days), the query and the post-hook in one transaction, so a model
    that fails keeps its old rows and its old window. The tests of a model look at the days of its last
    window (`__first_day_of_window__` in their yml); those of a window that not all tests passed stay in
    the next one.
#}

{# Whether builds are noted: a whole rebuild, all that Spark does over Parquet, has nothing to note. #}
{% macro has_ledger() %}
    {{ return(target.type == 'duckdb') }}
{% endmacro %}

{% macro create_ledger() %}
    create schema if not exists intermediate;
    create table if not exists intermediate.builds (
        node varchar,           -- a model by its name, else dbt's unique id, or a table that models read
        snapshot_date date,     -- NULL for the node as a whole
        built_from varchar,     -- of a day its load and the seeds that decide; of a whole, a digest
        is_in_window boolean,   -- the last window of the model built the day
        is_checked boolean      -- and every test of it passed on the day
    );
{% endmacro %}

{#
    `seeds`: a changed row of one of them makes every day one to build. `judged`: a day that is judged
    anew counts as loaded again. `in_parts`: the window is built in parts of whole days, for a query
    whose memory grows with the rows that it builds: the growth of 60 days of 50,000 models does not
    fit into 1 GB at once, and does in parts of half a million.
#}
{% macro built_by_day(day_column='snapshot_date', seeds=[], judged=false, in_parts=false) %}
    {% set days = 'int_snapshot_days__judged' if judged else 'stg_hub__snapshots' %}
    {% do _depend_on(seeds, [days, 'stg_hub__snapshots']) %}
    {% if not has_ledger() %}
        {# what grows by a row per model and day is a folder a day #}
        {{ return(config(materialized='table', partition_by=[day_column] if in_parts else none)) }}
    {% endif %}
    {{ config(
        materialized='incremental',
        incremental_strategy='append',
        on_schema_change='fail',
        meta={'window': {
            'day_column': day_column, 'seeds': seeds, 'days': days, 'in_parts': in_parts
        }},
        pre_hook="{{ open_window() }}",
        post_hook=["{{ build_later_parts() }}", "{{ close_window() }}"] if in_parts
            else "{{ close_window() }}"
    ) }}
{% endmacro %}

{# A condition on a day column, for the days that the model is to build now. #}
{% macro days_to_build() %}
    {% if not execute or not has_ledger() %}{{ return(">= date '0001-01-01'") }}{% endif %}
    {% if config.get('meta', {}).get('window', {}).get('in_parts') %}
        {# the same text for every part; DuckDB takes a variable for the literal that it holds #}
        {{ return(
            "between coalesce(getvariable('first_day'), date '0001-01-01')"
            ~ " and coalesce(getvariable('last_day'), date '9999-12-31')"
        ) }}
    {% endif %}
    {{ return(">= " ~ (first_day_to_build() if is_incremental() else "date '0001-01-01'")) }}
{% endmacro %}

{#
    Earliest snapshot day to build as a date literal; 9999-12-31 when there is nothing to do.
    A literal, because DuckDB skips the row groups of other days only for one.
#}
{% macro first_day_to_build() %}
    {% set nothing = "date '9999-12-31'" %}
    {% if not execute %}{{ return(nothing) }}{% endif %}
    {% set query %}
        with loaded as ({{ _loaded_days() }}),
        built as (
            select snapshot_date, built_from
            from intermediate.builds
            where node = '{{ this.identifier }}' and snapshot_date is not null
        )
        select min(snapshot_date) from (
            (select * from loaded except select * from built)
            union all
            (select * from built except select * from loaded)
        ) as changed
    {% endset %}
    {% set first_day = run_query(query).columns[0].values()[0] %}
    {{ return("date '" ~ first_day ~ "'" if first_day is not none else nothing) }}
{% endmacro %}

{#
    Whether the window is one day, as it is of all but the first build: what was known before it is then
    one row a model, so a join says what takes a sort of the days of each model else.
#}
{% macro builds_one_day() %}
    {% if not execute or not is_incremental() %}{{ return(false) }}{% endif %}
    {% set query %}
        select count(*) = 1
        from {{ ref('stg_hub__snapshots') }}
        where snapshot_date >= {{ first_day_to_build() }}
    {% endset %}
    {{ return(run_query(query).columns[0].values()[0]) }}
{% endmacro %}

{% macro open_window() %}
    {% if execute %}
        {% set window = config.get('meta')['window'] %}
        {% if is_incremental() %}
            {% set first_day = first_day_to_build() %}
            delete from {{ this }} where {{ window['day_column'] }} >= {{ first_day }};
            update intermediate.builds
            set
                is_in_window = snapshot_date >= {{ first_day }} or (is_in_window and not is_checked),
                is_checked = is_checked and snapshot_date < {{ first_day }}
            where
                node = '{{ this.identifier }}'
                and snapshot_date is not null
                and {{ first_day }} < date '9999-12-31';
        {% else %}
            delete from intermediate.builds
            where node = '{{ this.identifier }}' and snapshot_date is not null;
        {% endif %}
        {% if window['in_parts'] %}
            {{ _set_part(_parts_to_build()[0]) }}
        {% endif %}
    {% endif %}
{% endmacro %}

{# The query again for each part after the first. #}
{% macro build_later_parts() %}
    {% if execute %}
        {% for part in _parts_to_build()[1:] %}
            {{ _set_part(part) }}
            insert into {{ this }} {{ sql }};
        {% endfor %}
        reset variable first_day;
        reset variable last_day;
    {% endif %}
{% endmacro %}

{% macro close_window() %}
    {% if execute and has_ledger() %}
        delete from intermediate.builds as built
        where
            built.node = '{{ this.identifier }}'
            and built.snapshot_date is not null
            and not exists (
                select 1
                from ({{ _loaded_days() }}) as loaded
                where
                    loaded.snapshot_date = built.snapshot_date
                    and loaded.built_from is not distinct from built.built_from
            );
        insert into intermediate.builds
        select '{{ this.identifier }}', added.snapshot_date, added.built_from, true, false
        from (
            {{ _loaded_days() }}
            except
            select snapshot_date, built_from
            from intermediate.builds
            where node = '{{ this.identifier }}'
        ) as added;
    {% endif %}
{% endmacro %}

{# on-run-end: a window is checked when every test of its model passed in this run. #}
{% macro settle_windows(results) %}
    {% if execute and has_ledger() %}
        {% set passed = results | selectattr('status', 'in', ['pass', 'warn'])
            | map(attribute='node.unique_id') | list %}
        {% for model in graph.nodes.values() if model.config.materialized == 'incremental' %}
            {% set open_tests = [] %}
            {% for test in graph.nodes.values()
                if test.resource_type == 'test' and model.unique_id in test.depends_on.nodes
                and test.unique_id not in passed %}
                {% do open_tests.append(test.unique_id) %}
            {% endfor %}
            {% if not open_tests %}
                update intermediate.builds
                set is_checked = true
                where node = '{{ model.name }}' and snapshot_date is not null;
            {% endif %}
        {% endfor %}
    {% endif %}
{% endmacro %}

{# dbt's own macro, with a word for the first day that a test of daily facts looks at. #}
{% macro get_where_subquery(relation) %}
    {% set where = config.get('where', '') %}
    {% if not where or not has_ledger() %}{{ return(relation) }}{% endif %}
    {% set first_day = first_day_of_window(relation.identifier) %}
    {{ return(
        '(select * from ' ~ relation ~ ' where '
        ~ where | replace('__first_day_of_window__', first_day) ~ ') as dbt_subquery'
    ) }}
{% endmacro %}

{% macro first_day_of_window(model) -%}
    (
        select min(built.snapshot_date)
        from intermediate.builds as built
        where built.node = '{{ model }}' and built.is_in_window
    )
{%- endmacro %}

{# First and last day of each part, as literals; an empty window is one part. #}
{% macro _parts_to_build(rows_at_once=500000) %}
    {% set first_day = first_day_to_build() if is_incremental() else "date '0001-01-01'" %}
    {% set query %}
        with sized as (
            select
                snapshot_date,
                sum(coalesce(row_count, 0)) over (order by snapshot_date) as rows_so_far
            from {{ ref('stg_hub__snapshots') }}
            where snapshot_date >= {{ first_day }}
        )
        select min(snapshot_date), max(snapshot_date)
        from sized
        group by cast(floor((rows_so_far - 1) / {{ rows_at_once }}) as bigint)
        order by 1
    {% endset %}
    {{ return(run_query(query).rows | list or [('9999-12-31', '9999-12-31')]) }}
{% endmacro %}

{% macro _set_part(part) %}
    set variable first_day = date '{{ part[0] }}';
    set variable last_day = date '{{ part[1] }}';
{% endmacro %}

{# The accepted days, each with its load and the rows of the seeds that decide. #}
{% macro _loaded_days() %}
    {% set window = config.get('meta')['window'] %}
    select
        snapshot_date,
        load_id
        {% if window['seeds'] %}
            || (
                -- a seed without a row is one that decides nothing, not one that is unknown
                select ' ' || coalesce(md5(string_agg(row_text, '|' order by row_text)), '')
                from (
                    {% for seed in window['seeds'] %}
                        select '{{ seed }} ' || cast({{ seed }} as string) as row_text
                        from {{ source('seeds', seed) }} as {{ seed }}
                        {% if not loop.last %}
                            union all
                        {% endif %}
                    {% endfor %}
                ) as seed_rows
            )
        {% endif %}
        as built_from
    from {{ ref(window['days']) }}
{% endmacro %}

{# dbt looks for what a model depends on in its text, not in its hooks. #}
{% macro _depend_on(seeds, models) %}
    {% if not execute %}
        {% for seed in seeds %}
            {% do source('seeds', seed) %}
        {% endfor %}
        {% for model in models %}
            {% do ref(model) %}
        {% endfor %}
    {% endif %}
{% endmacro %}
