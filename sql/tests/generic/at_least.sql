{# Fails for each row whose value lies below the bound; NULL is unknown, not low. #}
{% test at_least(model, column_name, bound) %}
    select {{ column_name }}
    from {{ model }}
    where {{ column_name }} < {{ bound }}
{% endtest %}
