{# The text that a source asks for wherever its numbers are shown, for figures of that time (UTC). #}
{% macro cited(attribution, as_of) -%}
    replace({{ attribution }}, '{as_of}', {{ time_text(as_of) }})
{%- endmacro %}

{# Names in APIs end in the day of a snapshot; the catalogue and the Hub leave it out. #}
{% macro without_date(name) -%}
    {{ replaced(name, '-([0-9]{8}|[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{2}-[0-9]{2})$', '') }}
{%- endmacro %}

{# A quotient of exact sums as a double; NULL where there is nothing to divide by. #}
{% macro share_of(part, whole) -%}
    cast({{ part }} as double) / nullif(cast({{ whole }} as double), 0)
{%- endmacro %}
