"""Files in the Hub's column names: types and values that fit or are named, what is lacking, 0 for NULL."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import orjson
import pytest

from dagster_project.lib.hub.read_files import FileRefused, json_source, parquet
from tests import past
from tests.past import ARCHIVED, row, write


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        yield opened


def stage(
    connection: duckdb.DuckDBPyConnection, path: Path, **options: Any
) -> tuple[dict[str, int], list[str]]:
    needs_id = options.pop("needs_id", True)
    source = parquet(path, "the file of 2025-03-04", needs_id=needs_id)
    return past.stage(connection, source, **options)


def staged(connection: duckdb.DuckDBPyConnection, columns: str) -> list[tuple[Any, ...]]:
    return connection.execute(f"select {columns} from staged order by hub_id").fetchall()


@pytest.mark.parametrize(
    ("column", "kind", "value", "said"),
    [
        ("downloads", "varchar", "12", "column downloads is VARCHAR, not a whole number"),
        ("tags", "varchar", "license:mit", "column tags is VARCHAR, not a list of texts"),
        ("createdAt", "bigint", 1735689600, "column createdAt is BIGINT, not a time"),
        ("id", "varchar", None, "column id is NULL in 1 rows"),
        ("trendingScore", "varchar", "high", "column trendingScore is VARCHAR, not a number"),
    ],
)
def test_a_type_that_does_not_fit_names_file_and_column(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, column: str, kind: str, value: Any, said: str
) -> None:
    path = write(tmp_path / "models.parquet", [row(1, **{column: value})], ARCHIVED | {column: kind})
    with pytest.raises(FileRefused, match=rf"the file of 2025-03-04.*{said}.*Nothing was loaded") as raised:
        stage(connection, path)
    assert "\n" not in str(raised.value)


ODD = [
    ("downloads", "double", 12.5, "downloads_30d"),
    ("downloads", "double", 1e21, "downloads_30d"),
    ("likes", "bigint", -1, "likes"),
    ("downloadsAllTime", "bigint", 2**62, "downloads_all_time"),
    ("createdAt", "varchar", "yesterday", "created_at"),
    ("createdAt", "varchar", "infinity", "created_at"),
    ("createdAt", "varchar", "1970-01-01", "created_at"),
    ("trendingScore", "double", 1e300, "trending_score"),
    ("author", "varchar", "a b", None),
    ("tags", "varchar[]", ["a", None], "tags"),
    ("baseModels", "varchar", "a/b", "base_models"),
    ("baseModels", "json", {"models": ["Qwen/Qwen3-8B"]}, "base_models"),
    ("baseModels", "json", {"models": [{"id": "/cache/models/1"}]}, "base_models"),
    ("_id", "varchar", "short", "hub_id"),
    ("id", "varchar", "/cache/models/1", "repo_id"),
]


@pytest.mark.parametrize(("column", "kind", "value", "ours"), ODD)
def test_a_value_that_cannot_be_is_null_for_its_model_counted_and_named(
    connection: duckdb.DuckDBPyConnection,
    tmp_path: Path,
    column: str,
    kind: str,
    value: Any,
    ours: str | None,
) -> None:
    """An item whose _id or id cannot be is left out."""
    types = ARCHIVED | {column: kind}
    good = {"baseModels": None} if column == "baseModels" else {}
    rows = [row(n, **good) for n in (1, 2, 3)]
    counts, _ = stage(connection, write(tmp_path / "m.parquet", [*rows, row(4, **{column: value})], types))
    assert [line.partition(" (")[0] for line in counts["odd_values"]] == [f"{column}: 1"]
    left_out = column in ("_id", "id")
    assert (counts["row_count"], counts["odd_value_count"], counts["left_out"]) == (4 - left_out, 1, left_out)
    kept = staged(connection, ours or "publisher")
    assert kept[3:] == ([] if left_out else [(None if ours else "maker",)])
    others = staged(connection, "*")[:3]
    stage(connection, write(tmp_path / "others.parquet", rows, types))
    assert staged(connection, "*") == others


def test_a_column_that_is_odd_in_many_rows_refuses_the_file(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    rows = [row(n, likes=-1 if n <= 10 else n) for n in range(1, 101)]
    with pytest.raises(FileRefused, match=r"2025-03-04: field likes .* 10 of 100 models \(10\.0%\).* 1% on"):
        stage(connection, write(tmp_path / "models.parquet", rows))


@pytest.mark.parametrize(
    ("field", "value", "ours"),
    [
        ("downloads", "12", "downloads_30d"),
        ("downloads", [1], "downloads_30d"),
        ("likes", True, "likes"),
        ("createdAt", 1735689600, "created_at"),
        ("library_name", 5, "library_name"),
        ("tags", ["a", 5], "tags"),
        ("tags", 5, "tags"),
        ("gated", 1, "gated"),
        ("safetensors", {"total": "7615616512"}, "safetensors_parameters"),
        ("safetensors", {"total": 7615616512.5}, "safetensors_parameters"),
        ("safetensors", {"total": -5}, "safetensors_parameters"),
        ("safetensors", [5], "safetensors_parameters"),
        ("trendingScore", "12", "trending_score"),
    ],
)
def test_one_line_of_another_type_costs_no_file_of_json_lines(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, field: str, value: Any, ours: str
) -> None:
    """DuckDB reads a column as JSON whose lines differ in type."""
    good = {"safetensors": {"total": 7}, "gated": "auto"}
    lines = [row(n, **good) for n in (1, 2, 3)] + [row(4, **good | {field: value})]
    path = tmp_path / "mine.jsonl"
    path.write_bytes(b"\n".join(orjson.dumps(one) for one in lines))
    counts, _ = past.stage(connection, json_source(path, "mine"))
    assert [line.partition(" (")[0] for line in counts["odd_values"]] == [f"{field}: 1"]
    kept = [value for (value,) in staged(connection, ours)]
    assert kept[3] is None and None not in kept[:3] and counts["row_count"] == 4


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
        past.stage(connection, json_source(path, "mine"))
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
    removed = {"row_count": 2, "overlap": 0, "duplicates": 1, "private_rows": 1}
    assert counts == removed | {"odd_values": [], "odd_value_count": 0, "left_out": 0}
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
