{# The named groups of openness, each with the classes of access and licence that it is made of. #}
{% macro openness_groups() %}
    {{ return({
        'open_weights': "access_class in ('A2', 'A3')",
        'open_commercial':
            "access_class in ('A2', 'A3') and licence_class in ('L2', 'L3', 'L4')",
        'osi_licence': "access_class = 'A3' and licence_class = 'L4'",
        'gated': "access_class in ('A1', 'A2', 'gated')",
        'restricted': "licence_class in ('L1', 'L2')",
        'unknown': "access_class = 'unknown' or licence_class = 'L0'"
    }) }}
{% endmacro %}
