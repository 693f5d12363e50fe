{# A licence's name as the seed named_licences spells it: lower case, hyphens for spaces. #}
{% macro licence_key(name) -%}
    replace(lower({{ name }}), ' ', '-')
{%- endmacro %}
