{#
    What Spark reads and writes: the Parquet of `make lake`, and tables of Parquet that a rebuild replaces
    whole. DuckDB has its own tables (materializations.sql) and goes forward by day (build_window.sql).
#}

{# on-run-start: every raw table and seed as a table over its folder of the lake MODELTIDE_LAKE. #}
{% macro register_lake() %}
    {% if execute and target.type == 'spark' %}
        {% set lake = env_var('MODELTIDE_LAKE') %}
        {% for schema in graph.sources.values() | map(attribute='schema') | unique %}
            {% do run_query('create schema if not exists ' ~ schema) %}
        {% endfor %}
        {% for table in graph.sources.values() %}
            {% set name = table.schema ~ '.' ~ table.identifier %}
            {% do run_query('drop table if exists ' ~ name) %}
            {% do run_query(
                'create table ' ~ name ~ ' using parquet location ' ~ literal(lake ~ '/' ~ name | replace('.', '/'))
            ) %}
        {% endfor %}
    {% endif %}
{% endmacro %}

{# A mart that is a view of the warehouse; in a lake, whose readers have no SQL of ours, it is a table. #}
{% macro published_view() %}
    {{ config(materialized='view' if has_ledger() else 'table') }}
{% endmacro %}
