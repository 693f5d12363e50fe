"""The comparison of two builds: what is equal, and how it names what is not."""

from pathlib import Path

import duckdb
import pytest

from tests.engines.__main__ import grains
from tests.engines.compare import compare

ROWS = "(1, 'a', 700000000.0::double, 5::bigint), (2, 'b', 0.25, null), (null, 'c', 'nan', 7)"


def written(folder: Path, rows: str) -> Path:
    (folder / "fct_any").mkdir(parents=True)
    duckdb.sql(
        f"copy (select * from (values {rows}) as t (day, family, share, models)) "
        f"to '{folder}/fct_any/all.parquet' (format parquet)"
    )
    return folder


def differences(tmp_path: Path, other: str) -> list[str]:
    first, second = written(tmp_path / "first", ROWS), written(tmp_path / "second", other)
    return compare("fct_any", ["day", "family"], first, second).differences


@pytest.mark.parametrize(
    "other",
    [
        ROWS,
        "(null, 'c', 'nan'::double, 7::bigint), (2, 'b', 0.25, null), (1, 'a', 700000000.0, 5)",
        ROWS.replace("700000000.0", "700000000.5"),  # less than a thousand-millionth
        ROWS.replace("0.25", "0.250004"),  # what is left of totals of 700 million
    ],
)
def test_order_and_the_last_digits_of_floats_do_not_differ(tmp_path: Path, other: str) -> None:
    assert differences(tmp_path, other) == []


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (ROWS.replace("0.25", "0.26"), ["fct_any.share (day 2, family b): 0.25 against 0.26"]),
        (ROWS.replace("'nan'", "null"), ["fct_any.share (day None, family c): nan against None"]),
        (ROWS.replace("5::bigint", "6::bigint"), ["fct_any.models (day 1, family a): 5 against 6"]),
        (ROWS.replace("null)", "0)"), ["fct_any.models (day 2, family b): None against 0"]),
        (ROWS.replace("5::bigint", "5::integer"), ["fct_any.models: BIGINT against INTEGER"]),
        (ROWS.replace("'b'", "'B'"), ["fct_any (day 2, family B): only in the second",
                                      "fct_any (day 2, family b): only in the first"]),
        (f"{ROWS}, (2, 'b', 0.25, null)",
         ["fct_any: 1 rows of the second repeat a key (day, family)"]),
    ],
)  # fmt: skip
def test_a_difference_names_mart_column_key_and_both_values(
    tmp_path: Path, other: str, said: list[str]
) -> None:
    assert differences(tmp_path, other) == said


def test_a_missing_column_is_a_difference(tmp_path: Path) -> None:
    first, second = written(tmp_path / "first", ROWS), written(tmp_path / "second", ROWS)
    path = second / "fct_any" / "all.parquet"
    duckdb.sql(f"copy (select day, family, share from '{path}') to '{path}.new' (format parquet)")
    path.with_suffix(".parquet.new").rename(path)
    assert (
        compare("fct_any", ["day"], first, second).differences[0]
        == "fct_any.models: BIGINT against no such column"
    )


def test_every_mart_says_what_tells_its_rows_apart() -> None:
    assert all(grains().values())
    assert grains()["fct_family_adoption_daily"] == ["activity_date", "definition", "family"]
