{#
    Fails for each key (the columns together) that occurs more than once, has an unknown part that is never
    NULL, or a row in which another column of never_null is NULL.
#}
{% test grain(model, columns, never_null=[]) %}
    select {{ columns | join(', ') }}, count(*) as occurrences
    from {{ model }}
    group by {{ columns | join(', ') }}
    having
        count(*) > 1
        {% for column in never_null %}
            or {% if column in columns %}{{ column }} is null{% else %}count({{ column }}) < count(*){% endif %}
        {% endfor %}
{% endtest %}
