{#
    Fails for each key (the columns together) that occurs more than once, or has a NULL where never_null says
    that there is none: in the key itself or in another column of its rows.
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
