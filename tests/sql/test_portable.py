"""The lint of what DuckDB and Spark understand differently: it finds each, and nothing that is right."""

import pytest

from tests.sql.portable import DIFFERENT, faults, silent_differences


def test_the_project_has_none() -> None:
    assert faults() == []


@pytest.mark.parametrize(
    ("code", "named"),
    [
        ("select round(share, 2)", "round"),
        ("select arg_max(name, day)", "arg_max"),
        ("select list(name order by day)", "list"),
        ("select regexp_replace(name, 'a', 'b')", "regexp_replace"),
        ("select md5(name)", "md5"),
        ("select date_trunc('week', day)", "date_trunc"),
        ("select strftime(at, '%H')", "strftime"),
        ("select concat(a, b)", "concat"),
        ("select log(a)", "log"),
        ("select any_value(a)", "any_value"),
        ("select current_date", "current_date"),
        ("select unnest(generate_series(1, n))", "unnest"),
        ("select at at time zone 'UTC'", "at time zone"),
        ("select json_extract(a, '$.b')", "json_extract"),
        ("select quantile_cont(a, 0.5)", "quantile_cont"),
        ("select rtrim(a, '0')", "rtrim"),
        ("select cast(a / b as bigint)", "cast"),
        ("select cast(\n    a / b\n    as integer)", "cast"),
        ("select 1.0 / a", "1.0 /"),
        ("select row_number() over (partition by a order by score) from t", "order by score"),
        ("select lag(a) over w from t window w as (order by t.score)", "order by score"),
        ("select a || b - c || d", "|| beside arithmetic"),
    ],
)  # fmt: skip
def test_each_construct_is_named_with_its_line(code: str, named: str) -> None:
    found = silent_differences(f"\n{code}\n")
    assert any(said.startswith(named) for _, said in found), found
    assert {line for line, _ in found} <= {2, 3, 4}


@pytest.mark.parametrize(
    "code",
    [
        "select {{ rounded('share', 2) }}, {{ value_at_least('name', 'day') }}",
        "-- round(share) was wrong\nselect 'round(share, 2)' as said {# arg_max(a, b) #}",
        "select cast(null as bigint), cast(is_open as integer), cast(floor(a / b) as bigint)",
        "select row_number() over (partition by a order by score desc, day, other nulls last) from t",
        "select 1e0 / a, a * b, 'x' || (a - b) || 'y', concat_ws(', ', a, b), log10(a)",
        "select max(a) from t order by score",
    ],
)
def test_what_both_understand_alike_is_none(code: str) -> None:
    assert silent_differences(code) == []


def test_each_reason_says_what_to_write() -> None:
    assert all("write" in said or "say" in said or "read" in said for said in DIFFERENT.values())
