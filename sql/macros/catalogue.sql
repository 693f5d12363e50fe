{#
    What many hosts call one model, as words that do not depend on who wrote them: "GLM-4.5 (free)",
    "hf:zai-org/GLM-4.5-FP8" and "accounts/fireworks/models/glm-4p5" are "glm 4.5". A full date is
    the day of a snapshot and falls away; four digits (0528, 2507) are the maker's own version and
    stay. Small sizes, modes and editions (mini, thinking, instruct) are models of their own.
#}
{% macro model_words(text) %}
    {%- set steps = [
        ('^[^ ]*/', ''),
        ('\\b20[0-9]{2}[-/.]?(0[1-9]|1[0-2])[-/.]?[0-3][0-9]\\b', ' '),
        ('\\b([0-9]{2})[-/.]([0-9]{2})\\b', '\\1\\2'),
        ('([0-9])p([0-9])', '\\1.\\2'),
        ('(^|[^0-9.])([0-9])-([0-9])([^0-9a-z]|$)', '\\1\\2.\\3\\4'),
        ('\\(preview\\)', ' '),
        ('\\b(free|latest|(nv|mx)?fp4|fp8|fp16|bf16|int4|int8|awq|gptq|gguf)\\b', ' '),
        ('\\+', ' plus '),
        ('([a-z]{2})([0-9])', '\\1 \\2'),
        ('[^\\pL\\pN.]+', ' '),
        ('(^|[^0-9])\\.', '\\1 '),
        ('\\.([^0-9]|$)', ' \\1'),
        (' +', ' ')
    ] -%}
    {%- set words = namespace(sql='lower(' ~ text ~ ')') -%}
    {%- for pattern, replacement in steps -%}
        {%- set words.sql = replaced(words.sql, pattern, replacement) -%}
    {%- endfor -%}
    nullif(trim({{ words.sql }}), '')
{%- endmacro %}
