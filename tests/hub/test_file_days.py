"""A file of several days: the rows of DATE where a column says so, else a refusal that names the column."""

from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import orjson
import pytest

from dagster_project.lib.hub.file_days import of_day
from dagster_project.lib.hub.read_files import FileRefused, json_source
from tests.heard import heard
from tests.past import stage

DAY = date(2025, 3, 2)


def read(tmp_path: Path, rows: list[dict[str, Any]], day: date = DAY) -> list[tuple[Any, ...]]:
    path = tmp_path / "mine"
    path.write_bytes(b"\n".join(map(orjson.dumps, rows)))
    with duckdb.connect() as connection:
        source = of_day(connection, json_source(path, "mine"), day)
        stage(connection, source)
        return connection.execute("select repo_id, downloads_30d from staged order by all").fetchall()


def panel(column: str | None, values: list[Any]) -> list[dict[str, Any]]:
    """Two models on as many days as there are values, of which the first grows."""
    return [
        {"id": f"a/{model}", "downloads": 10 + number * (model == 1)} | ({column: value} if column else {})
        for number, value in enumerate(values)
        for model in (1, 2)
    ]


@pytest.mark.parametrize("column", ["date", "snapshot_date", "ds", "asOf", "fetched_at", "Snapshot Date"])
@pytest.mark.parametrize(
    "values",
    [
        ["2025-03-01", "2025-03-02", "2025-03-03"],
        ["2025-03-01T23:30:00Z", "2025-03-01T23:30:00-02:00", "2025-03-03 06:00:00"],
        [20250301, 20250302, 20250303],
        ["20250301", "20250302", "20250303"],
        [1740787200, 1740873600, 1740960000],
        [1740787200000, 1740873600000, 1740960000000],
    ],
)
def test_the_rows_of_the_day_are_read_and_the_column_is_named(
    tmp_path: Path, column: str, values: list[Any]
) -> None:
    with heard() as said:
        assert read(tmp_path, panel(column, values)) == [("a/1", 11), ("a/2", 10)]
    assert said == [f"mine: column {column} has 3 days; of 6 rows the 2 of 2025-03-02 are read"]


def test_a_file_whose_days_are_others_is_refused_by_column_and_range(tmp_path: Path) -> None:
    rows = panel("snapshot_date", ["2025-03-01", "2025-03-03"])
    with pytest.raises(
        FileRefused, match=r"snapshot_date has 2 days, 2025-03-01 to 2025-03-03, and not DATE"
    ):
        read(tmp_path, rows)
    with pytest.raises(FileRefused, match=r"column date has the day 2025-03-01 in every row"):
        read(tmp_path, panel("date", ["2025-03-01"]))
    assert len(read(tmp_path, panel("fetched_at", ["2025-03-03T06:00:00Z"]))) == 2, "it may be fetched later"


def test_a_column_that_tells_rows_apart_is_found_by_what_it_says(tmp_path: Path) -> None:
    with heard() as said:
        assert len(read(tmp_path, panel("jour", ["2025-03-01", "2025-03-02"]))) == 2
    assert "column jour has 2 days" in said[0]
    with pytest.raises(
        FileRefused, match=r"a/1 is there 2 times .*\(downloads 10 and 11\).* 1 of 2 models"
    ) as raised:
        read(tmp_path, panel("wave", ["first", "second"]))
    assert "Column wave tells them apart (first, second, …)" in str(raised.value)


def test_a_model_twice_with_other_counters_is_refused_where_nothing_tells_them_apart(tmp_path: Path) -> None:
    with pytest.raises(
        FileRefused, match=r"a/1 is there 3 times .*downloads 10 to 12.* No column tells them apart"
    ):
        read(tmp_path, panel(None, [1, 2, 3]))
    assert read(tmp_path, panel(None, [1]) * 2) == [("a/1", 10), ("a/2", 10)], (
        "the same row twice says one thing"
    )


def test_two_listings_of_one_day_are_refused_by_the_column_of_their_times(tmp_path: Path) -> None:
    rows = panel("captured_at", ["2025-03-02T06:00:00Z", "2025-03-02T18:00:00Z"])
    with pytest.raises(FileRefused, match="Column captured_at tells them apart"):
        read(tmp_path, rows)


def test_one_model_of_hundreds_that_is_listed_twice_costs_no_day(tmp_path: Path) -> None:
    rows = [{"id": f"a/{number}", "downloads": 10} for number in range(300)]
    with heard() as said:
        found = read(tmp_path, [*rows, {"id": "a/7", "downloads": 12}])
    assert ("a/7", 12) in found and len(found) == 300
    assert said == [
        "mine: a/7 is there 2 times with other counters (downloads 10 and 12), and so are 0 more models; the "
        "greatest counts"
    ]


def test_a_listing_that_was_fetched_over_midnight_is_one(tmp_path: Path) -> None:
    rows = [
        {"id": f"a/{n}", "downloads": 10, "fetched_at": f"2025-03-0{1 + n % 2}T00:00:00Z"} for n in range(4)
    ]
    assert len(read(tmp_path, rows)) == 4


def test_when_a_model_was_made_or_changed_is_no_day_of_a_listing(tmp_path: Path) -> None:
    rows = [
        {"id": f"a/{n}", "downloads": 10, "createdAt": f"2024-01-0{n}T00:00:00Z",
         "release_date": f"2024-02-0{n}", "lastModified": f"2025-01-0{n}T00:00:00Z",
         "updated_at": f"2025-02-0{n}"}
        for n in range(1, 5)
    ]  # fmt: skip
    assert len(read(tmp_path, rows)) == 4
