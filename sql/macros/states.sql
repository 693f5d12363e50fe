{#
    Whether a state holds on a day: from valid_from on and before valid_to, which is NULL while it holds.
    Comparisons alone: an outer join with an OR beside its keys is compared row by row by DuckDB 1.5
    (148 CPU seconds in place of 6 for the cube of the demo).
#}
{% macro holds_on(state, day) -%}
    (
        {{ day }} >= {{ state }}.valid_from
        and {{ day }} < coalesce({{ state }}.valid_to, date '9999-12-31')
    )
{%- endmacro %}
