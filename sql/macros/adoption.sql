{# The seeds that decide in which cell of the cube a model is counted. #}
{% macro seeds_of_adoption() %}
    {{ return([
        'publishers', 'licences', 'named_licences', 'families', 'curated_models', 'libraries',
        'pipeline_kinds', 'test_repo_patterns', 'growth_thresholds'
    ]) }}
{% endmacro %}
