"""Files in the Hub's column names: types and values that fit or are named, what is lacking, 0 for NULL."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from dagster_project.lib.hub.read_files import FileRefused, json_lines, parquet, stage_file
from tests.past import ARCHIVED, row, write


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        yield opened


def stage(
    connection: duckdb.DuckDBPyConnection, path: Path, **options: Any
) -> tuple[dict[str, int], list[str]]:
    needs_id = options.pop("needs_id", True)
    return stage_file(connection, parquet(path, "the file of 2025-03-04", needs_id=needs_id), **options)


def staged(connection: duckdb.DuckDBPyConnection, columns: str) -> list[tuple[Any, ...]]:
    return connection.execute(f"select {columns} from staged order by hub_id").fetchall()


@pytest.mark.parametrize(
    ("column", "kind", "value", "said"),
    [
        ("downloads", "varchar", "12", "column downloads is VARCHAR, not a whole number"),
        (
            "downloads",
            "double",
            12.5,
            r"column downloads has '12\.5' \(1 rows\), .* not a whole",
        ),
        ("likes", "bigint", -1, "column likes has '-1'"),
        ("tags", "varchar", "license:mit", "column tags is VARCHAR, not a list of texts"),
        ("createdAt", "varchar", "yesterday", "column createdAt has 'yesterday'"),
        ("createdAt", "bigint", 1735689600, "column createdAt is BIGINT, not a time"),
        ("_id", "varchar", "short", "column _id has 'short' .*24 hexadecimal digits"),
        ("id", "varchar", None, "column id is NULL in 1 rows"),
        ("trendingScore", "varchar", "high", "column trendingScore is VARCHAR, not a number"),
        ("baseModels", "varchar", "a/b", "column baseModels has 'a/b'"),
    ],
)
def test_a_type_or_value_that_does_not_fit_names_file_and_column(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, column: str, kind: str, value: Any, said: str
) -> None:
    path = write(tmp_path / "models.parquet", [row(1, **{column: value})], ARCHIVED | {column: kind})
    with pytest.raises(FileRefused, match=rf"the file of 2025-03-04.*{said}.*Nothing was loaded") as raised:
        stage(connection, path)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("column", ["_id", "id", "downloads"])
def test_a_missing_column_is_named_with_those_that_are_there(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, column: str
) -> None:
    kinds = {name: kind for name, kind in ARCHIVED.items() if name != column}
    path = write(tmp_path / "models.parquet", [row(1)], kinds)
    with pytest.raises(FileRefused, match=rf"has no column {column}\. It has: .*lastModified"):
        stage(connection, path)


def test_a_users_file_with_ids_needs_the_cards_too(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    kinds = {"_id": "varchar", "id": "varchar", "downloads": "bigint"}
    path = write(tmp_path / "mine.parquet", [row(1)], kinds)
    with pytest.raises(FileRefused, match="has no column tags"):
        stage(connection, path, needs_id=False)


@pytest.mark.parametrize("content", [b"", b"PAR1 and no more", b"not a file of columns"])
def test_a_file_that_is_none_is_one_line(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "models.parquet"
    path.write_bytes(content)
    with pytest.raises(
        FileRefused, match=r"the file of 2025-03-04 cannot be read.*get the file again"
    ) as raised:
        stage(connection, path)
    assert "\n" not in str(raised.value)


def test_json_lines_that_end_in_the_middle_are_one_line(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    path = tmp_path / "mine.jsonl"
    path.write_text('{"id": "a/b", "downloads": 1}\n{"id": "a/c", "downl')
    with pytest.raises(FileRefused, match="mine cannot be read") as raised:
        stage_file(connection, json_lines(path, "mine"))
    assert "\n" not in str(raised.value)


def test_an_empty_file_and_one_without_counters_are_refused(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    with pytest.raises(FileRefused, match="has no row"):
        stage(connection, write(tmp_path / "none.parquet", []))
    with pytest.raises(FileRefused, match="column downloads says nothing"):
        stage(connection, write(tmp_path / "zero.parquet", [row(1, downloads=0), row(2, downloads=None)]))


def test_what_a_file_lacks_is_null_and_its_groups_are_named(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    """A column that is NULL everywhere says as little as one that is not there."""
    kinds = {name: kind for name, kind in ARCHIVED.items() if name not in ("downloadsAllTime", "baseModels")}
    path = write(tmp_path / "models.parquet", [row(1, pipeline_tag=None), row(2, pipeline_tag=None)], kinds)
    _, lacks = stage(connection, path)
    assert lacks == ["cards", "lineage", "access", "weights"]
    assert staged(connection, "downloads_all_time, base_models, gated") == [(None, None, None)] * 2


def test_half_a_group_is_no_evidence(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    """Parameters without storage would end the storage that other days know."""
    kinds = ARCHIVED | {"safetensors": "struct(total bigint)", "gated": "varchar"}
    path = write(tmp_path / "models.parquet", [row(1, safetensors={"total": 7}, gated="auto")], kinds)
    assert stage(connection, path)[1] == ["weights"]


def test_a_total_of_zero_beside_recent_downloads_makes_every_zero_of_the_column_null(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    """Model 1 had 10 requests in 30 days, so its 0 is none; then the 0 of model 2 is not to be trusted."""
    rows = [row(1, downloadsAllTime=0), row(2, downloads=0, downloadsAllTime=0), row(3)]
    stage(connection, write(tmp_path / "models.parquet", rows))
    assert staged(connection, "downloads_all_time") == [(None,), (None,), (3_000,)]


def test_a_zero_that_can_be_is_kept_and_a_column_of_zeros_is_null(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    rows = [row(1, downloads=0, downloadsAllTime=0, likes=0), row(2, likes=0)]
    stage(connection, write(tmp_path / "models.parquet", rows))
    assert staged(connection, "downloads_30d, downloads_all_time, likes") == [(0, 0, None), (20, 2_000, None)]


def test_objects_are_read_whether_they_are_structs_or_json_text(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    text = '{"relation": "merge", "models": [{"id": "a/b"}, {"id": "c/d"}]}'
    kinds = ARCHIVED | {"baseModels": "varchar"}
    stage(connection, write(tmp_path / "text.parquet", [row(1, baseModels=text)], kinds))
    assert staged(connection, "base_relation, base_models") == [("merge", ["a/b", "c/d"])]
    stage(connection, write(tmp_path / "struct.parquet", [row(1)]))
    assert staged(connection, "base_relation, base_models") == [("finetune", ["a/b"])]


def test_private_rows_and_duplicates_are_counted_and_removed(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    kinds = ARCHIVED | {"private": "boolean"}
    rows = [row(1), row(1, downloads=99), row(2, private=True), row(3)]
    counts, _ = stage(connection, write(tmp_path / "models.parquet", rows, kinds))
    assert counts == {"row_count": 2, "overlap": 0, "duplicates": 1, "private_rows": 1}
    assert staged(connection, "downloads_30d") == [(99,), (30,)]


def test_a_top_has_the_most_downloaded_and_all_of_the_followed_publishers(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    rows = [row(1, id="small/one", author="small"), row(2), row(3), row(4)]
    path = write(tmp_path / "models.parquet", rows)
    stage(connection, path, top=2, followed=["small"])
    assert staged(connection, "repo_id") == [("small/one",), ("maker/model-3",), ("maker/model-4",)]


def test_times_are_utc_whatever_the_zone_of_the_machine(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    connection.execute("set timezone = 'Asia/Shanghai'")
    kinds = ARCHIVED | {"createdAt": "varchar", "lastModified": "timestamp"}
    rows = [row(1, createdAt="2025-01-01T08:00:00+08:00", lastModified="2025-06-01 00:00:00")]
    stage(connection, write(tmp_path / "models.parquet", rows, kinds))
    found = staged(connection, "cast(created_at as varchar), cast(last_modified as varchar)")
    assert found == [("2025-01-01 00:00:00", "2025-06-01 00:00:00")]
