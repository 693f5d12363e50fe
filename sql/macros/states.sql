{# Whether a state holds on a day: from valid_from on and before valid_to, which is NULL while it holds. #}
{% macro holds_on(state, day) -%}
    (
        {{ day }} >= {{ state }}.valid_from
        and ({{ state }}.valid_to is null or {{ day }} < {{ state }}.valid_to)
    )
{%- endmacro %}
