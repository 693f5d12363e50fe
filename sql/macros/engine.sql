{#
    What engines write differently, in one place: one macro each, with a branch for DuckDB and one for
    Spark. The models call these. tests/engines builds every model on both; docs/spark.md says what differs.
#}

{# The day so many days after; a timestamp loses its time. #}
{% macro days_after(day, number) -%}
    {{ return(adapter.dispatch('days_after', 'model_tide')(day, number)) }}
{%- endmacro %}

{% macro duckdb__days_after(day, number) -%}
    cast({{ dbt.dateadd('day', number, day) }} as date)
{%- endmacro %}

{% macro spark__days_after(day, number) -%}
    date_add(cast({{ day }} as date), cast({{ number }} as int))
{%- endmacro %}

{# Whole days from one to the other. #}
{% macro days_between(first_day, last_day) -%}
    {{ return(adapter.dispatch('days_between', 'model_tide')(first_day, last_day)) }}
{%- endmacro %}

{% macro duckdb__days_between(first_day, last_day) -%}
    {{ dbt.datediff('cast(' ~ first_day ~ ' as date)', 'cast(' ~ last_day ~ ' as date)', 'day') }}
{%- endmacro %}

{% macro spark__days_between(first_day, last_day) -%}
    datediff(cast({{ last_day }} as date), cast({{ first_day }} as date))
{%- endmacro %}

{# The last day of its month; dbt-spark's own is NULL (findings/dbt_spark_dateadd_is_null.sh). #}
{% macro month_end(day) -%}
    {{ return(adapter.dispatch('month_end', 'model_tide')(day)) }}
{%- endmacro %}

{% macro duckdb__month_end(day) -%}
    {{ dbt.last_day(day, 'month') }}
{%- endmacro %}

{% macro spark__month_end(day) -%}
    last_day({{ day }})
{%- endmacro %}

{# One row per day from first_day to last_day, both included. #}
{% macro each_day(first_day, last_day) -%}
    {{ return(adapter.dispatch('each_day', 'model_tide')(first_day, last_day)) }}
{%- endmacro %}

{% macro duckdb__each_day(first_day, last_day) -%}
    cast(unnest(generate_series({{ first_day }}, {{ last_day }}, interval 1 day)) as date)
{%- endmacro %}

{% macro spark__each_day(first_day, last_day) -%}
    explode(case when {{ first_day }} <= {{ last_day }} then
        sequence(cast({{ first_day }} as date), cast({{ last_day }} as date), interval 1 day) end)
{%- endmacro %}

{#
    The whole numbers from first to last as an array; none if last is less, where Spark counts down.
#}
{% macro numbers(first, last) -%}
    {{ return(adapter.dispatch('numbers', 'model_tide')(first, last)) }}
{%- endmacro %}

{% macro duckdb__numbers(first, last) -%}
    generate_series({{ first }}, {{ last }})
{%- endmacro %}

{% macro spark__numbers(first, last) -%}
    case when {{ first }} <= {{ last }}
        then sequence(cast({{ first }} as bigint), cast({{ last }} as bigint))
        else cast(array() as array<bigint>) end
{%- endmacro %}

{# One row per element. Spark takes it as a column alone, not within an expression. #}
{% macro each_element(array) -%}
    {{ return(adapter.dispatch('each_element', 'model_tide')(array)) }}
{%- endmacro %}

{% macro duckdb__each_element(array) -%}
    unnest({{ array }})
{%- endmacro %}

{% macro spark__each_element(array) -%}
    explode({{ array }})
{%- endmacro %}

{# An array of one element, or of several that commas separate. #}
{% macro array_of(value) -%}
    {{ return(adapter.dispatch('array_of', 'model_tide')(value)) }}
{%- endmacro %}

{% macro duckdb__array_of(value) -%}
    [{{ value }}]
{%- endmacro %}

{% macro spark__array_of(value) -%}
    array({{ value }})
{%- endmacro %}

{# The group's values as an array, in the order of columns. #}
{% macro array_in_order(value, order_by) -%}
    {{ return(adapter.dispatch('array_in_order', 'model_tide')(value, order_by)) }}
{%- endmacro %}

{% macro duckdb__array_in_order(value, order_by) -%}
    list({{ value }} order by {{ order_by | join(', ') }})
{%- endmacro %}

{% macro spark__array_in_order(value, order_by) -%}
    transform(
        array_sort(collect_list(struct({{ nulls_last(order_by) }}, {{ value }} as in_order))),
        element -> element.in_order
    )
{%- endmacro %}

{# The group's different values as an array, in no order; NULL is left out. #}
{% macro distinct_array(value) -%}
    {{ return(adapter.dispatch('distinct_array', 'model_tide')(value)) }}
{%- endmacro %}

{% macro duckdb__distinct_array(value) -%}
    list(distinct {{ value }}) filter (where {{ value }} is not null)
{%- endmacro %}

{% macro spark__distinct_array(value) -%}
    collect_set({{ value }})
{%- endmacro %}

{# The elements of an array of texts as one text. #}
{% macro joined_array(array, separator) -%}
    {{ return(adapter.dispatch('joined_array', 'model_tide')(array, separator)) }}
{%- endmacro %}

{% macro duckdb__joined_array(array, separator) -%}
    array_to_string({{ array }}, '{{ separator }}')
{%- endmacro %}

{% macro spark__joined_array(array, separator) -%}
    array_join({{ array }}, '{{ separator }}')
{%- endmacro %}

{#
    The group's texts as one, in order; NULL where there is none. `order_by` are columns, or the text itself
    where only distinct ones are wanted. No listagg: in Spark 4.3 it fails beside a count(distinct)
    (findings/spark_ordered_listagg.sh).
#}
{% macro joined(value, separator, order_by, distinct=false, condition=none) -%}
    {{ return(adapter.dispatch('joined', 'model_tide')(value, separator, order_by, distinct, condition)) }}
{%- endmacro %}

{% macro duckdb__joined(value, separator, order_by, distinct=false, condition=none) -%}
    string_agg({{ 'distinct ' if distinct }}{{ value }}, '{{ separator }}' order by {{ order_by }})
    {%- if condition %} filter (where {{ condition }}){% endif -%}
{%- endmacro %}

{% macro spark__joined(value, separator, order_by, distinct=false, condition=none) -%}
    {%- set is_there = ' filter (where (' ~ value ~ ') is not null'
        ~ (' and (' ~ condition ~ ')' if condition else '') ~ ')' -%}
    case
        when count(*){{ is_there }} > 0 then array_join(
            {%- if distinct %} array_sort(collect_set({{ value }}){{ is_there }})
            {%- else %} transform(
                array_sort(
                    collect_list(struct({{ nulls_last(order_by.split(',')) }}, {{ value }} as in_order))
                    {{- is_there }}
                ),
                element -> element.in_order
            )
            {%- endif %}, '{{ separator }}'
        )
    end
{%- endmacro %}

{# Several values as one, to compare or to order by. #}
{% macro tuple_of(values) -%}
    {{ return(adapter.dispatch('tuple_of', 'model_tide')(values)) }}
{%- endmacro %}

{% macro duckdb__tuple_of(values) -%}
    row({{ values | join(', ') }})
{%- endmacro %}

{% macro spark__tuple_of(values) -%}
    struct({{ values | join(', ') }})
{%- endmacro %}

{# The value that goes with the greatest of another; of rows that have both. #}
{% macro value_at_greatest(value, order_by) -%}
    {{ return(adapter.dispatch('value_at_greatest', 'model_tide')(value, order_by)) }}
{%- endmacro %}

{% macro duckdb__value_at_greatest(value, order_by) -%}
    arg_max({{ value }}, {{ order_by }})
{%- endmacro %}

{% macro spark__value_at_greatest(value, order_by) -%}
    max_by({{ value }}, case when ({{ value }}) is not null then {{ order_by }} end)
{%- endmacro %}

{# The value that goes with the least of another; of rows that have both. #}
{% macro value_at_least(value, order_by) -%}
    {{ return(adapter.dispatch('value_at_least', 'model_tide')(value, order_by)) }}
{%- endmacro %}

{% macro duckdb__value_at_least(value, order_by) -%}
    arg_min({{ value }}, {{ order_by }})
{%- endmacro %}

{% macro spark__value_at_least(value, order_by) -%}
    min_by({{ value }}, case when ({{ value }}) is not null then {{ order_by }} end)
{%- endmacro %}

{# The rest of every tag that starts with the prefix, in lower case; NULL if there is none. #}
{% macro tag_values(tags, prefix) -%}
    {{ return(adapter.dispatch('tag_values', 'model_tide')(tags, prefix)) }}
{%- endmacro %}

{% macro duckdb__tag_values(tags, prefix) -%}
    nullif(
        list_transform(
            list_filter({{ tags }}, lambda tag: starts_with(tag, '{{ prefix }}')),
            lambda tag: lower(substr(tag, {{ prefix | length + 1 }}))
        ),
        []
    )
{%- endmacro %}

{% macro spark__tag_values(tags, prefix) -%}
    nullif(
        transform(
            filter({{ tags }}, tag -> startswith(tag, '{{ prefix }}')),
            tag -> lower(substr(tag, {{ prefix | length + 1 }}))
        ),
        cast(array() as array<string>)
    )
{%- endmacro %}

{# The tags that start with the prefix and match the pattern whole; NULL if there is none. #}
{% macro tags_like(tags, prefix, pattern) -%}
    {{ return(adapter.dispatch('tags_like', 'model_tide')(tags, prefix, pattern)) }}
{%- endmacro %}

{% macro duckdb__tags_like(tags, prefix, pattern) -%}
    nullif(
        list_filter(
            {{ tags }},
            lambda tag:
            starts_with(tag, '{{ prefix }}') and regexp_full_match(tag, '{{ pattern }}')
        ),
        []
    )
{%- endmacro %}

{% macro spark__tags_like(tags, prefix, pattern) -%}
    nullif(
        filter(
            {{ tags }},
            tag -> startswith(tag, '{{ prefix }}') and regexp_like(tag, r'^(?:{{ pattern }})$')
        ),
        cast(array() as array<string>)
    )
{%- endmacro %}

{% macro has_any_tag(tags, wanted) -%}
    {{ return(adapter.dispatch('has_any_tag', 'model_tide')(tags, wanted)) }}
{%- endmacro %}

{% macro duckdb__has_any_tag(tags, wanted) -%}
    coalesce(list_has_any({{ tags }}, ['{{ wanted | join("', '") }}']), false)
{%- endmacro %}

{% macro spark__has_any_tag(tags, wanted) -%}
    coalesce(arrays_overlap({{ tags }}, array('{{ wanted | join("', '") }}')), false)
{%- endmacro %}

{# The parts of a text that a separator of plain letters divides, as an array. #}
{% macro split_by(text, separator) -%}
    {{ return(adapter.dispatch('split_by', 'model_tide')(text, separator)) }}
{%- endmacro %}

{% macro duckdb__split_by(text, separator) -%}
    string_split({{ text }}, '{{ separator }}')
{%- endmacro %}

{% macro spark__split_by(text, separator) -%}
    split({{ text }}, '{{ separator }}')
{%- endmacro %}

{% macro words(text) -%}
    {{ return(adapter.dispatch('words', 'model_tide')(text)) }}
{%- endmacro %}

{% macro duckdb__words(text) -%}
    string_split_regex(trim({{ text }}), '\s+')
{%- endmacro %}

{% macro spark__words(text) -%}
    split(trim({{ text }}), r'\s+')
{%- endmacro %}

{# The words of a text that single spaces separate, in the order of the alphabet. #}
{% macro sorted_words(text) -%}
    {{ return(adapter.dispatch('sorted_words', 'model_tide')(text)) }}
{%- endmacro %}

{% macro duckdb__sorted_words(text) -%}
    array_to_string(list_sort(string_split({{ text }}, ' ')), ' ')
{%- endmacro %}

{% macro spark__sorted_words(text) -%}
    array_join(array_sort(split({{ text }}, ' ')), ' ')
{%- endmacro %}

{% macro begins_with(text, beginning) -%}
    {{ return(adapter.dispatch('begins_with', 'model_tide')(text, beginning)) }}
{%- endmacro %}

{% macro duckdb__begins_with(text, beginning) -%}
    starts_with({{ text }}, {{ beginning }})
{%- endmacro %}

{% macro spark__begins_with(text, beginning) -%}
    startswith({{ text }}, {{ beginning }})
{%- endmacro %}

{# Whether the pattern matches a part of the text. #}
{% macro matches(text, pattern) -%}
    {{ return(adapter.dispatch('matches', 'model_tide')(text, pattern)) }}
{%- endmacro %}

{% macro duckdb__matches(text, pattern) -%}
    regexp_matches({{ text }}, {{ pattern }})
{%- endmacro %}

{% macro spark__matches(text, pattern) -%}
    regexp_like({{ text }}, {{ pattern }})
{%- endmacro %}

{% macro matches_whole(text, pattern) -%}
    {{ return(adapter.dispatch('matches_whole', 'model_tide')(text, pattern)) }}
{%- endmacro %}

{% macro duckdb__matches_whole(text, pattern) -%}
    regexp_full_match({{ text }}, {{ pattern }})
{%- endmacro %}

{% macro spark__matches_whole(text, pattern) -%}
    regexp_like({{ text }}, concat('^(?:', {{ pattern }}, ')$'))
{%- endmacro %}

{# Every place that the pattern matches, replaced; \1 is its first group. #}
{% macro replaced(text, pattern, replacement) -%}
    {{ return(adapter.dispatch('replaced', 'model_tide')(text, pattern, replacement)) }}
{%- endmacro %}

{% macro duckdb__replaced(text, pattern, replacement) -%}
    regexp_replace({{ text }}, '{{ pattern }}', '{{ replacement }}', 'g')
{%- endmacro %}

{% macro spark__replaced(text, pattern, replacement) -%}
    regexp_replace({{ text }}, r'{{ pattern }}', '{{ replacement | replace("\\", "$") }}')
{%- endmacro %}

{# What the first group of the pattern matches; NULL where it matches nothing. #}
{% macro extracted(text, pattern) -%}
    {{ return(adapter.dispatch('extracted', 'model_tide')(text, pattern)) }}
{%- endmacro %}

{% macro duckdb__extracted(text, pattern) -%}
    nullif(regexp_extract({{ text }}, '{{ pattern }}', 1), '')
{%- endmacro %}

{% macro spark__extracted(text, pattern) -%}
    nullif(regexp_extract({{ text }}, r'{{ pattern }}', 1), '')
{%- endmacro %}

{# A quotient of whole numbers without its fraction. #}
{% macro whole_part(number, divisor) -%}
    {{ return(adapter.dispatch('whole_part', 'model_tide')(number, divisor)) }}
{%- endmacro %}

{% macro duckdb__whole_part(number, divisor) -%}
    ({{ number }} // {{ divisor }})
{%- endmacro %}

{% macro spark__whole_part(number, divisor) -%}
    ({{ number }} div {{ divisor }})
{%- endmacro %}

{# The nearest whole number; Spark alone cuts a fraction off. #}
{% macro whole_number(value, type='bigint') -%}
    {{ return(adapter.dispatch('whole_number', 'model_tide')(value, type)) }}
{%- endmacro %}

{% macro duckdb__whole_number(value, type='bigint') -%}
    cast({{ value }} as {{ type }})
{%- endmacro %}

{% macro spark__whole_number(value, type='bigint') -%}
    cast(round({{ value }}) as {{ type }})
{%- endmacro %}

{# The time that a clock of the zone shows, as UTC. #}
{% macro utc_of(local_time, zone) -%}
    {{ return(adapter.dispatch('utc_of', 'model_tide')(local_time, zone)) }}
{%- endmacro %}

{% macro duckdb__utc_of(local_time, zone) -%}
    timezone('UTC', timezone({{ zone }}, {{ local_time }}))
{%- endmacro %}

{% macro spark__utc_of(local_time, zone) -%}
    cast(to_utc_timestamp({{ local_time }}, {{ zone }}) as timestamp_ntz)
{%- endmacro %}

{# Hours and minutes of a time. #}
{% macro clock_of(at) -%}
    {{ return(adapter.dispatch('clock_of', 'model_tide')(at)) }}
{%- endmacro %}

{% macro duckdb__clock_of(at) -%}
    strftime({{ at }}, '%H:%M')
{%- endmacro %}

{% macro spark__clock_of(at) -%}
    date_format({{ at }}, 'HH:mm')
{%- endmacro %}

{# A time in UTC as ISO 8601 writes it, to the second. #}
{% macro time_text(at) -%}
    {{ return(adapter.dispatch('time_text', 'model_tide')(at)) }}
{%- endmacro %}

{% macro duckdb__time_text(at) -%}
    strftime({{ at }}, '%Y-%m-%dT%H:%M:%SZ')
{%- endmacro %}

{% macro spark__time_text(at) -%}
    concat(date_format({{ at }}, 'yyyy-MM-dd'), 'T', date_format({{ at }}, 'HH:mm:ss'), 'Z')
{%- endmacro %}

{# A whole number from 0 to below less 1 that the key alone decides, on any engine and thread. #}
{% macro drawn_below(key, below) -%}
    {{ return(adapter.dispatch('drawn_below', 'model_tide')(key, below)) }}
{%- endmacro %}

{% macro duckdb__drawn_below(key, below) -%}
    cast(md5_number_lower({{ key }}) % cast({{ below }} as ubigint) as bigint)
{%- endmacro %}

{% macro spark__drawn_below(key, below) -%}
    cast(cast(conv(concat(
        {%- for byte in range(8) %}substr(md5({{ key }}), {{ 31 - 2 * byte }}, 2){{ ', ' if not loop.last }}{% endfor -%}
    ), 16, 10) as decimal(20, 0)) % {{ below }} as bigint)
{%- endmacro %}

{# A number that stands for these values, NULL among them, on this engine alone. #}
{% macro hash_of(values) -%}
    {{ return(adapter.dispatch('hash_of', 'model_tide')(values)) }}
{%- endmacro %}

{% macro duckdb__hash_of(values) -%}
    hash({{ values | join(', ') }})
{%- endmacro %}

{% macro spark__hash_of(values) -%}
    xxhash64(to_json(
        struct({% for value in values %}{{ value }} as v{{ loop.index }}{{ ', ' if not loop.last }}{% endfor %}),
        map('ignoreNullFields', 'false')
    ))
{%- endmacro %}

{# A number that stands for the group's rows in whatever order. #}
{% macro sum_of_hashes(values) -%}
    {{ return(adapter.dispatch('sum_of_hashes', 'model_tide')(values)) }}
{%- endmacro %}

{% macro duckdb__sum_of_hashes(values) -%}
    sum({{ hash_of(values) }})
{%- endmacro %}

{% macro spark__sum_of_hashes(values) -%}
    sum(cast({{ hash_of(values) }} as decimal(38, 0)))
{%- endmacro %}

{# A text as a literal, whatever is in it. Spark reads a backslash as an escape. #}
{% macro literal(text) -%}
    {{ return(adapter.dispatch('literal', 'model_tide')(text)) }}
{%- endmacro %}

{% macro duckdb__literal(text) -%}
    {{ "'" ~ text | replace("'", "''") ~ "'" }}
{%- endmacro %}

{% macro spark__literal(text) -%}
    {{ "'" ~ text | replace("\\", "\\\\") | replace("'", "\\'") ~ "'" }}
{%- endmacro %}

{# The natural logarithm of gamma; Spark has none: Lanczos' approximation, good to 1e-14. #}
{% macro natural_log_of_gamma(x) -%}
    {{ return(adapter.dispatch('natural_log_of_gamma', 'model_tide')(x)) }}
{%- endmacro %}

{% macro duckdb__natural_log_of_gamma(x) -%}
    lgamma({{ x }})
{%- endmacro %}

{% macro spark__natural_log_of_gamma(x) -%}
    {%- set z = '(cast(' ~ x ~ ' as double) - 1)' -%}
    (
        0.9189385332046727e0 + ({{ z }} + 0.5e0) * ln({{ z }} + 7.5e0) - ({{ z }} + 7.5e0)
        + ln(0.99999999999980993e0
        {%- for coefficient in [
            '676.5203681218851e0', '-1259.1392167224028e0', '771.32342877765313e0',
            '-176.61502916214059e0', '12.507343278686905e0', '-0.13857109526572012e0',
            '9.9843695780195716e-6', '1.5056327351493116e-7'
        ] %} + ({{ coefficient }}) / ({{ z }} + {{ loop.index }}){% endfor %})
    )
{%- endmacro %}

{# The sum of a term over the whole numbers k from first to last. #}
{% macro summed(first, last, k, term) -%}
    {{ return(adapter.dispatch('summed', 'model_tide')(first, last, k, term)) }}
{%- endmacro %}

{% macro duckdb__summed(first, last, k, term) -%}
    list_sum(list_transform({{ numbers(first, last) }}, lambda {{ k }}: {{ term }}))
{%- endmacro %}

{% macro spark__summed(first, last, k, term) -%}
    aggregate(
        transform({{ numbers(first, last) }}, {{ k }} -> {{ term }}),
        cast(0 as double), (total, one) -> total + one
    )
{%- endmacro %}

{#
    Of the group's spans those that begin after the last one that was taken has ended, as an array of
    structs with first_number and last_number.
#}
{% macro spans_apart(first_number, last_number) -%}
    {{ return(adapter.dispatch('spans_apart', 'model_tide')(first_number, last_number)) }}
{%- endmacro %}

{% macro duckdb__spans_apart(first_number, last_number) -%}
    list_reduce(
        list(
            [struct_pack(
                first_number := {{ first_number }}, last_number := {{ last_number }}
            )] order by {{ first_number }}
        ),
        lambda taken, next:
        case
            when next[1].first_number > taken[-1].last_number then list_concat(taken, next)
            else taken
        end
    )
{%- endmacro %}

{% macro spark__spans_apart(first_number, last_number) -%}
    aggregate(
        array_sort(collect_list(struct(
            {{ first_number }} as first_number, {{ last_number }} as last_number
        ))),
        cast(array() as array<struct<first_number: bigint, last_number: bigint>>),
        (taken, next) -> case
            when
                size(taken) = 0 or next.first_number > element_at(taken, -1).last_number
                then concat(taken, array(struct(
                    cast(next.first_number as bigint) as first_number,
                    cast(next.last_number as bigint) as last_number
                )))
            else taken
        end
    )
{%- endmacro %}

{# The same time of day so many days after. #}
{% macro time_after(at, days) -%}
    {{ return(adapter.dispatch('time_after', 'model_tide')(at, days)) }}
{%- endmacro %}

{% macro duckdb__time_after(at, days) -%}
    {{ at }} + to_days(cast({{ days }} as integer))
{%- endmacro %}

{% macro spark__time_after(at, days) -%}
    {{ at }} + make_dt_interval(cast({{ days }} as int))
{%- endmacro %}

{# In a window, the value of the newest row that has one. #}
{% macro last_known(value) -%}
    {{ return(adapter.dispatch('last_known', 'model_tide')(value)) }}
{%- endmacro %}

{% macro duckdb__last_known(value) -%}
    last_value({{ value }} ignore nulls)
{%- endmacro %}

{% macro spark__last_known(value) -%}
    last_value({{ value }}) ignore nulls
{%- endmacro %}

{#
    Recursion: DuckDB's UNION keeps a row once and ends by itself. Spark 4.3 knows UNION ALL alone and no
    aggregate in a step, so there a row carries the number of its step, up to `most_steps`.
#}
{% macro first_step() -%}
    {{ return(adapter.dispatch('first_step', 'model_tide')()) }}
{%- endmacro %}

{% macro duckdb__first_step() -%}{%- endmacro %}

{% macro spark__first_step() -%}
    ,
    1 as step
{%- endmacro %}

{% macro next_step(steps) -%}
    {{ return(adapter.dispatch('next_step', 'model_tide')(steps)) }}
{%- endmacro %}

{% macro duckdb__next_step(steps) -%}{%- endmacro %}

{% macro spark__next_step(steps) -%}
    ,
    {{ steps }}.step + 1 as step
{%- endmacro %}

{% macro union_of_steps() -%}
    {{ return(adapter.dispatch('union_of_steps', 'model_tide')()) }}
{%- endmacro %}

{% macro duckdb__union_of_steps() -%}
    union
{%- endmacro %}

{% macro spark__union_of_steps() -%}
    union all
{%- endmacro %}

{% macro is_step_left(steps, most_steps=50) -%}
    {{ return(adapter.dispatch('is_step_left', 'model_tide')(steps, most_steps)) }}
{%- endmacro %}

{% macro duckdb__is_step_left(steps, most_steps) -%}
    true
{%- endmacro %}

{% macro spark__is_step_left(steps, most_steps) -%}
    {{ steps }}.step < {{ most_steps }}
{%- endmacro %}

{# A sum of the rows of a step; on Spark its terms, to be added up after the recursion. #}
{% macro sum_in_step(value) -%}
    {{ return(adapter.dispatch('sum_in_step', 'model_tide')(value)) }}
{%- endmacro %}

{% macro duckdb__sum_in_step(value) -%}
    sum({{ value }})
{%- endmacro %}

{% macro spark__sum_in_step(value) -%}
    {{ value }}
{%- endmacro %}

{% macro group_in_step() -%}
    {{ return(adapter.dispatch('group_in_step', 'model_tide')()) }}
{%- endmacro %}

{% macro duckdb__group_in_step() -%}
    group by all
{%- endmacro %}

{% macro spark__group_in_step() -%}{%- endmacro %}

{#
    A condition that is always true, for a CTE that is read several times and costs much: DuckDB computes
    one once by itself, Spark anew for each time it is read unless it could come out different.
#}
{% macro computed_once() -%}
    {{ return(adapter.dispatch('computed_once', 'model_tide')()) }}
{%- endmacro %}

{% macro duckdb__computed_once() -%}
    true
{%- endmacro %}

{% macro spark__computed_once() -%}
    rand() >= 0
{%- endmacro %}

{# Columns of a struct to sort by, with NULL last, as DuckDB has it. #}
{% macro nulls_last(columns) -%}
    {% for column in columns %}{{ column }} is null, {{ column }}{{ ', ' if not loop.last }}{% endfor %}
{%- endmacro %}

{# What follows is written alike. #}

{# What tells one set of rows from another, for one installation to compare alone. #}
{% macro digest_of(columns, condition='true') -%}
    cast(bit_xor({{ hash_of(columns) }}) filter (where {{ condition }}) as string)
{%- endmacro %}

{% macro quarter_start(day) -%}
    cast({{ dbt.date_trunc('quarter', day) }} as date)
{%- endmacro %}

{% macro median_of(value) -%}
    median({{ value }})
{%- endmacro %}

{# Half a unit rounds away from zero; what `round` makes of 0.015 differs from release to release. #}
{% macro rounded(value, digits=0) -%}
    {%- set unit = 10 ** digits -%}
    (sign({{ value }}) * floor(abs({{ value }}) * {{ unit }} + 0.5e0) / {{ unit }})
{%- endmacro %}

{# The same as text, without the zeros at its end but one: 0.5, 3.0. An engine may write 5.0E-4 for 0.0005. #}
{% macro rounded_text(value, digits) -%}
    {{ replaced(
        'cast(cast(' ~ rounded(value, digits) ~ ' as decimal(38, ' ~ digits ~ ')) as string)',
        '(\\.[0-9]+?)0+$', '\\1'
    ) }}
{%- endmacro %}

{% macro percent(share) -%}
    {{ rounded_text('(100 * ' ~ share ~ ')', 1) }} || ' %'
{%- endmacro %}

{% macro month_start(day) -%}
    cast({{ dbt.date_trunc('month', day) }} as date)
{%- endmacro %}

{# Monday of the day's ISO week. #}
{% macro week_start(day) -%}
    cast({{ dbt.date_trunc('week', day) }} as date)
{%- endmacro %}
