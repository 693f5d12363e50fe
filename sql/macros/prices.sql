{# Whether a number can be a price, as lib/markets/vintages says it; NaN is above every number. #}
{% macro is_price(value) -%}
    coalesce({{ value }} between 0.000001 and 1000000000, false)
{%- endmacro %}
