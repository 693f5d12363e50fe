{# What engines write differently, in one place: dates and arrays. The models call these. #}

{% macro days_after(day, number) -%}
    cast({{ dbt.dateadd('day', number, day) }} as date)
{%- endmacro %}

{% macro days_between(first_day, last_day) -%}
    {{ dbt.datediff('cast(' ~ first_day ~ ' as date)', 'cast(' ~ last_day ~ ' as date)', 'day') }}
{%- endmacro %}

{# One row per day from first_day to last_day, both included. #}
{% macro each_day(first_day, last_day) -%}
    cast(unnest(generate_series({{ first_day }}, {{ last_day }}, interval 1 day)) as date)
{%- endmacro %}

{% macro each_element(array) -%}
    unnest({{ array }})
{%- endmacro %}

{% macro array_of(value) -%}
    [{{ value }}]
{%- endmacro %}

{# The rest of every tag that starts with the prefix, in lower case; NULL if there is none. #}
{% macro tag_values(tags, prefix) -%}
    nullif(
        list_transform(
            list_filter({{ tags }}, lambda tag: starts_with(tag, '{{ prefix }}')),
            lambda tag: lower(substr(tag, {{ prefix | length + 1 }}))
        ),
        []
    )
{%- endmacro %}

{% macro has_any_tag(tags, wanted) -%}
    coalesce(list_has_any({{ tags }}, ['{{ wanted | join("', '") }}']), false)
{%- endmacro %}

{% macro median_of(value) -%}
    median({{ value }})
{%- endmacro %}

{% macro percent(share) -%}
    cast(round(100 * {{ share }}, 1) as varchar) || ' %'
{%- endmacro %}

{% macro month_start(day) -%}
    cast({{ dbt.date_trunc('month', day) }} as date)
{%- endmacro %}

{% macro month_end(day) -%}
    {{ dbt.last_day(day, 'month') }}
{%- endmacro %}

{# The time that a clock of the zone shows, as UTC. #}
{% macro utc_of(local_time, zone) -%}
    timezone('UTC', timezone({{ zone }}, {{ local_time }}))
{%- endmacro %}

{% macro words(text) -%}
    string_split_regex(trim({{ text }}), '\s+')
{%- endmacro %}

{# Every place that the pattern matches, replaced; \1 is its first group. #}
{% macro replaced(text, pattern, replacement) -%}
    regexp_replace({{ text }}, '{{ pattern }}', '{{ replacement }}', 'g')
{%- endmacro %}

{# What the first group of the pattern matches; NULL where it matches nothing. #}
{% macro extracted(text, pattern) -%}
    nullif(regexp_extract({{ text }}, '{{ pattern }}', 1), '')
{%- endmacro %}

{# The words of a text that single spaces separate, in the order of the alphabet. #}
{% macro sorted_words(text) -%}
    array_to_string(list_sort(string_split({{ text }}, ' ')), ' ')
{%- endmacro %}

{# A whole number from 0 to below less 1 that the key alone decides, on any engine and thread. #}
{% macro drawn_below(key, below) -%}
    cast(md5_number_lower({{ key }}) % cast({{ below }} as ubigint) as bigint)
{%- endmacro %}

{# Monday of the day's ISO week. #}
{% macro week_start(day) -%}
    cast({{ dbt.date_trunc('week', day) }} as date)
{%- endmacro %}

{# What tells one set of rows from another; DuckDB's hash, so for one installation to compare alone. #}
{% macro digest_of(columns, condition='true') -%}
    cast(bit_xor(hash({{ columns | join(', ') }})) filter (where {{ condition }}) as varchar)
{%- endmacro %}
