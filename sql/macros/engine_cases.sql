{#
    Values that engines write differently: what the macros of engine.sql make of them, and what is right.
    Grain: a case. Columns: its name, the result as text, the right one as text; both NULL where that is right.
    For `make test-engines`, which carries it out on each engine; no model reads it.
#}
{% macro rows_of(expression) %}(select count(*) from (select {{ expression }} as element) as elements){% endmacro %}

{% macro over_rows(expression, rows) %}
    (select {{ expression }} from (values {{ rows | join(', ') }}) as given (position, value, name))
{% endmacro %}

{% macro engine_cases() %}
{% set pairs = ["(1, 3, 'c')", "(2, 1, null)", "(3, 1, 'a')", "(4, null, 'b')"] %}
{% set tags = array_of("'license:MIT', 'license:Apache-2.0', 'gguf', 'base_model:quantized:org/Model'") %}
{% set untagged = array_of("'gguf'") %}
{% set cases = [
    ('a day after a time has no hours', days_after("timestamp '2026-01-31 23:00:00'", 1), '2026-02-01'),
    ('a day before', days_after("date '2026-03-01'", -1), '2026-02-28'),
    ('days between are whole', days_between("date '2025-12-31'", "date '2026-03-01'"), '60'),
    ('a time after days keeps its hours',
        time_after("timestamp '2026-03-07 14:30:00'", 2), '2026-03-09 14:30:00'),
    ('the first of a month', month_start("date '2026-02-17'"), '2026-02-01'),
    ('the last of a leap February', month_end("date '2024-02-01'"), '2024-02-29'),
    ('a Sunday is of the week before', week_start("date '2026-02-01'"), '2026-01-26'),
    ('a Monday begins its week', week_start("date '2026-01-26'"), '2026-01-26'),
    ('each day, both ends included', rows_of(each_day("date '2026-02-27'", "date '2026-03-02'")), '4'),
    ('no day where the last is before the first',
        rows_of(each_day("date '2026-02-27'", "date '2026-02-26'")), '0'),
    ('numbers do not count down', rows_of(each_element(numbers(1, 0))), '0'),
    ('numbers', rows_of(each_element(numbers(-2, 2))), '5'),
    ('an array without elements is no row', rows_of(each_element(tag_values(untagged, 'x:'))), '0'),
    ('no tag, no array', tag_values(untagged, 'license:') ~ ' is null', 'true'),
    ('tags without their prefix', joined_array(tag_values(tags, 'license:'), '|'), 'mit|apache-2.0'),
    ('tags that match whole', joined_array(
        tags_like(tags, 'base_model:', 'base_model:[a-z]+:' ~ repository_id()), '|'
    ), 'base_model:quantized:org/Model'),
    ('none of the tags', has_any_tag(untagged, ['onnx', 'mlx']), 'false'),
    ('one of the tags', has_any_tag(untagged, ['onnx', 'gguf']), 'true'),
    ('no tags at all', has_any_tag(tag_values(untagged, 'x:'), ['onnx']), 'false'),
    ('values in order', over_rows(joined_array(array_in_order("coalesce(name, '-')", ['value', 'position']), ''),
        pairs[:3]), '-ac'),
    ('different values', over_rows(joined_array(distinct_array('value'), ''), ["(1, 7, 'a')", "(2, 7, 'b')",
        "(3, null, 'c')"]), '7'),
    ('texts joined in order, without NULL', over_rows(joined('name', '+', 'value, position'), pairs), 'a+c+b'),
    ('different texts joined', over_rows(joined('name', '+', 'name', distinct=true), pairs + pairs), 'a+b+c'),
    ('some texts joined', over_rows(joined('name', '+', 'name', condition='value = 3'), pairs), 'c'),
    ('no text to join', over_rows(joined('name', '+', 'name', condition='value = 9'), pairs) ~ ' is null',
        'true'),
    ('a value that is NULL goes with no least', over_rows(value_at_least('name', 'value'), pairs), 'a'),
    ('nor with a greatest', over_rows(value_at_greatest('position', 'value'), pairs), '1'),
    ('least of tuples', over_rows(value_at_least('name', tuple_of(['-position', 'name'])), pairs), 'b'),
    ('the middle of an even number of values', over_rows(median_of('value'), ["(1, 1, 'a')", "(2, 4, 'b')",
        "(3, null, 'c')"]), '2.5'),
    ('tuples with NULL are equal', tuple_of(['1', 'null']) ~ ' is not distinct from ' ~ tuple_of(['1', 'null']),
        'true'),
    ('parts of a text', joined_array(split_by("'a; b;c'", ';'), '|'), 'a| b|c'),
    ('words between any spaces', joined_array(words("'  one  two three '"), '|'), 'one|two|three'),
    ('words in the order of code points', sorted_words("'b 1 B a é'"), '1 B a b é'),
    ('begins with', begins_with("'archive-csv'", "'archive'"), 'true'),
    ('an underscore is no wildcard', begins_with("'archive'", "'archiv_'"), 'false'),
    ('a pattern with a backslash', matches("'qwen2.5'", literal('^qwen\\d\\.\\d$')), 'true'),
    ('a pattern anywhere', matches("'a-test-b'", literal('test')), 'true'),
    ('a pattern for the whole', matches_whole("'a-test-b'", literal('test|a')), 'false'),
    ('a text with quotes', literal("it's \\ so"), "it's \\ so"),
    ('every place replaced', replaced("'a1b22c'", '[0-9]+', '#'), 'a#b#c'),
    ('a group in its place', replaced("'3p5'", '([0-9])p([0-9])', '\\1.\\2'), '3.5'),
    ('what a group matches', extracted("'org/name'", '^([^/]+)/'), 'org'),
    ('a group that matches nothing', extracted("'name'", '^([^/]+)/') ~ ' is null', 'true'),
    ('a whole part', whole_part('7', '2'), '3'),
    ('a whole part below zero', whole_part('-7', '2'), '-3'),
    ('winter in New York', utc_of("timestamp '2026-01-20 16:00:00'", "'America/New_York'"),
        '2026-01-20 21:00:00'),
    ('summer in New York', utc_of("timestamp '2026-07-20 16:00:00'", "'America/New_York'"),
        '2026-07-20 20:00:00'),
    ('a clock', clock_of("timestamp '2026-01-20 06:05:59'"), '06:05'),
    ('a time as text', time_text("timestamp '2026-01-20 06:05:59.123'"), '2026-01-20T06:05:59Z'),
    ('a draw', drawn_below("'qwen 1 0'", 52) , '41'),
    ('half a unit away from zero', rounded('0.015e0', 2), '0.02'),
    ('and below zero', rounded('-2.5e0'), '-3.0'),
    ('a small number as text', rounded_text('0.0005e0', 4), '0.0005'),
    ('a whole number as text', rounded_text('3e0', 2), '3.0'),
    ('a percentage', percent('0.12345e0'), '12.3 %'),
    ('the logarithm of gamma of a half',
        'abs(' ~ natural_log_of_gamma('0.5') ~ ' - 0.5723649429247001e0) < 1e-13', 'true'),
    ('and of a hundred', 'abs(' ~ natural_log_of_gamma('100') ~ ' - 359.1342053695754e0) < 1e-11', 'true'),
    ('a sum of terms', summed(1, 4, 'k', 'cast(k * k as double)'), '30.0'),
    ('a sum of no terms', 'coalesce(' ~ summed(1, 0, 'k', 'cast(k as double)') ~ ', 0)', '0.0'),
    ('NULL has a place in a hash', hash_of(['null', "'a'"]) ~ ' = ' ~ hash_of(["'a'", 'null']), 'false'),
    ('NULL is no empty text in a hash', hash_of(['null']) ~ ' = ' ~ hash_of(["''"]), 'false'),
    ('lists differ in a hash', hash_of([tags]) ~ ' = ' ~ hash_of([untagged]), 'false'),
    ('a digest does not depend on the order', over_rows(digest_of(['value', 'name']), pairs) ~ ' = '
        ~ over_rows(digest_of(['value', 'name']), pairs | reverse | list), 'true'),
    ('a sum of hashes counts what is there twice', over_rows(sum_of_hashes(['name']), pairs) ~ ' = '
        ~ over_rows(sum_of_hashes(['name']), pairs + pairs[:1]), 'false'),
    ('spans that do not touch', rows_of(each_element('(select ' ~ spans_apart('position', 'value')
        ~ " from (values (1, 3, 'a'), (3, 4, 'b'), (4, 9, 'c'), (9, 9, 'd'), (10, 10, 'e')) as given"
        ~ ' (position, value, name))')), '3'),
    ('the newest known value', "(select max(known) from (select " ~ last_known('value') ~ " over (order by"
        ~ " position rows unbounded preceding) as known, position from (values (1, 8, 'a'), (2, null, 'b')) as"
        ~ " given (position, value, name)) as rows_of_it where position = 2)", '8')
] %}

{% for name, expression, right in cases %}
    select
        {{ literal(name) }} as name,
        cast({{ expression }} as {{ dbt.type_string() }}) as said,
        {{ literal(right) }} as is_right
    {{ 'union all' if not loop.last }}
{% endfor %}
{% endmacro %}
