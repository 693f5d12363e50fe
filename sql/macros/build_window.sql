{#
    The incremental window: a model of daily facts builds every snapshot day that is new, was loaded
    again, judged anew or is no longer accepted since its own last build, and all days after the
    first of them. What is said of a repository over time is built otherwise: renewed_models.sql.

    intermediate.built_days     the loads that each model is built from
    intermediate.build_windows  the first day that each such model built last, for its tests, and the
                                run that built it from nothing, by perhaps other SQL

    A model opens with `open_window` (pre-hook: deletes the window), reads its rows from
    `first_day_to_build` on, and ends with `close_window` (post-hook). dbt runs the three in one
    transaction, so a model that fails keeps its old rows and its old window. A window stays open
    until all tests of the model have passed on it: a later run that builds fewer days tests it
    again.
#}

{% macro create_build_tables() %}
    create schema if not exists intermediate;
    create table if not exists intermediate.built_days (
        model varchar, snapshot_date date, load_id varchar, seed_version varchar
    );
    create table if not exists intermediate.build_windows (
        model varchar, first_day date, is_checked boolean
    );
    alter table intermediate.build_windows add column if not exists full_build varchar;
{% endmacro %}

{#
    Earliest snapshot day to build as a date literal; 9999-12-31 when there is nothing to do.
    A literal, because DuckDB skips the row groups of other days only for one.
#}
{% macro first_day_to_build(seed=none, days='stg_hub__snapshots') %}
    {% set nothing = "date '9999-12-31'" %}
    {% if not execute %}{{ return(nothing) }}{% endif %}
    {% set query %}
        with loaded as ({{ _loaded_days(seed, days) }}),
        built as (
            select snapshot_date, load_id, seed_version
            from intermediate.built_days
            where model = '{{ this.identifier }}'
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

{% macro open_window(day_column, seed=none, days='stg_hub__snapshots') %}
    {% if execute and is_incremental() %}
        {% set first_day = first_day_to_build(seed, days) %}
        delete from {{ this }} where {{ day_column }} >= {{ first_day }};
        update intermediate.build_windows
        set
            first_day = case
                when is_checked then {{ first_day }} else least(first_day, {{ first_day }})
            end,
            is_checked = false
        where model = '{{ this.identifier }}' and {{ first_day }} < date '9999-12-31';
    {% elif execute %}
        delete from intermediate.built_days where model = '{{ this.identifier }}';
        delete from intermediate.build_windows where model = '{{ this.identifier }}';
        insert into intermediate.build_windows values (
            '{{ this.identifier }}', date '0001-01-01', false, '{{ invocation_id }}'
        );
    {% endif %}
{% endmacro %}

{% macro close_window(seed=none, days='stg_hub__snapshots') %}
    delete from intermediate.built_days where model = '{{ this.identifier }}';
    insert into intermediate.built_days
    select '{{ this.identifier }}', snapshot_date, load_id, seed_version
    from ({{ _loaded_days(seed, days) }}) as loaded;
{% endmacro %}

{#
    The window cut into pieces of whole days, as conditions on a day column; an empty window is one
    piece. A query whose memory grows with the rows that it builds opens with the first piece
    (`first_piece`) and repeats itself for the others in a post-hook (`build_later_pieces`): the
    growth of 60 days of 50,000 models does not fit into 1 GB at once, and does in pieces of half a
    million.
#}
{% macro pieces_to_build(seed=none, days='stg_hub__snapshots', rows_at_once=500000) %}
    {% set first_day = first_day_to_build(seed, days) if is_incremental() else "date '0001-01-01'" %}
    {% set pieces = [] %}
    {% if execute %}
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
        {% for piece in run_query(query).rows %}
            {% do pieces.append("between date '" ~ piece[0] ~ "' and date '" ~ piece[1] ~ "'") %}
        {% endfor %}
    {% endif %}
    {{ return(pieces or ["between date '9999-12-31' and date '9999-12-31'"]) }}
{% endmacro %}

{% macro first_piece(seed=none, days='stg_hub__snapshots') %}
    {{ return(pieces_to_build(seed, days)[0]) }}
{% endmacro %}

{% macro build_later_pieces(seed=none, days='stg_hub__snapshots') %}
    {% if execute %}
        {% set pieces = pieces_to_build(seed, days) %}
        {% for piece in pieces[1:] %}
            insert into {{ this }} {{ sql | replace(pieces[0], piece) }};
        {% endfor %}
    {% endif %}
{% endmacro %}

{# on-run-end: a window is checked when every test of its model passed in this run. #}
{% macro settle_windows(results) %}
    {% if execute %}
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
                update intermediate.build_windows
                set is_checked = true
                where model = '{{ model.name }}';
            {% endif %}
        {% endfor %}
    {% endif %}
{% endmacro %}

{#
    With a seed, a changed row of it makes every day one to build. With the days of
    int_snapshot_days__judged, a day that is judged anew counts as loaded again.
#}
{% macro _loaded_days(seed, days) %}
    select
        snapshot_date,
        load_id,
        {% if seed %}
            (select md5(string_agg(cast(row_of as varchar), '|' order by cast(row_of as varchar)))
            from {{ ref(seed) }} as row_of) as seed_version
        {% else %}
            cast(null as varchar) as seed_version
        {% endif %}
    from {{ ref(days) }}
{% endmacro %}

{# Every row of the seeds, for a model that is built anew where one of them changed. #}
{% macro rows_of_seeds(seeds) %}
    {% for seed in seeds %}
        select
            '{{ seed }}' as seed,
            cast({{ seed }} as varchar) as row_text
        from {{ ref(seed) }} as {{ seed }}
        {% if not loop.last %}
            union all
        {% endif %}
    {% endfor %}
{% endmacro %}
