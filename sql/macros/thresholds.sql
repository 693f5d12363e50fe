{#
    The rows of a seed of constants as one row with a column for each: what stands in the seed as
    threshold and value, a file that users override by row. `whole` are counts, of days or the like.
#}
{% macro one_row_of(seed, constants, whole=[]) %}
    select
        {% for constant in constants + whole %}
            {% set value = "max(value) filter (where threshold = '" ~ constant ~ "')" %}
            {% if constant in whole %}
                {{ whole_number(value) }} as {{ constant }}
            {% else %}
                {{ value }} as {{ constant }}
            {% endif %}
            {%- if not loop.last %},{% endif %}
        {% endfor %}
    from {{ source('seeds', seed) }}
{% endmacro %}
