{# Flow over a window against the flow before it; NULL where the base is too small. #}
{% macro growth_over(flow, base, least_base) -%}
    case when {{ base }} >= {{ least_base }} then ({{ flow }}) / ({{ base }}) - 1 end
{%- endmacro %}
