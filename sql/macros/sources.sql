{# The text that a source asks for wherever its numbers are shown, for figures of that time (UTC). #}
{% macro cited(attribution, as_of) -%}
    replace({{ attribution }}, '{as_of}', strftime({{ as_of }}, '%Y-%m-%dT%H:%M:%SZ'))
{%- endmacro %}

{# Names in APIs end in the day of a snapshot; the catalogue and the Hub leave it out. #}
{% macro without_date(name) -%}
    regexp_replace({{ name }}, '-([0-9]{8}|[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{2}-[0-9]{2})$', '')
{%- endmacro %}

{% macro matches_whole(text, pattern) -%}
    regexp_full_match({{ text }}, {{ pattern }})
{%- endmacro %}

{# A quotient of exact sums as a double; NULL where there is nothing to divide by. #}
{% macro share_of(part, whole) -%}
    cast({{ part }} as double) / nullif(cast({{ whole }} as double), 0)
{%- endmacro %}
