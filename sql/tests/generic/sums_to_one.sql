{# Fails for each group whose parts sum to something else; a group of NULLs is left out. #}
{% test sums_to_one(model, column_name, group_by) %}
    select {{ group_by | join(', ') }}, sum({{ column_name }}) as total
    from {{ model }}
    group by {{ group_by | join(', ') }}
    having abs(sum({{ column_name }}) - 1) > 1e-9
{% endtest %}
