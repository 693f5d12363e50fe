"""Columns of a Parquet file as byte ranges: the same rows, fewer bytes, and no file that is none."""

import os
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from dagster_project.lib.archive import byte_ranges
from dagster_project.lib.archive.byte_ranges import BrokenFile, fetch_ranges, read_layout

ROWS = 40_000
WANTED = ("id", "tags", "gated")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five row groups; nine tenths of the bytes are in a column that nobody wants."""
    path = tmp_path_factory.mktemp("whole") / "models.parquet"
    with duckdb.connect() as connection:
        connection.execute(
            f"""
            copy (
                select 'maker/' || i as id, repeat(md5(cast(i as varchar)), 20) || hash(i) as card,
                    ['a', 'license:' || i % 7] as tags, i as downloads
                from range({ROWS}) as numbers(i)
            ) to '{path}' (format parquet, row_group_size 8192, compression uncompressed)
            """
        )
    return path


def reader(path: Path, log: list[int]) -> Callable[[int, int], bytes]:
    def get(start: int, end: int) -> bytes:
        log.append(end - start)
        with open(path, "rb") as file:
            return os.pread(file.fileno(), end - start, start)

    return get


def rows(path: Path) -> list[tuple[object, ...]]:
    with duckdb.connect() as connection:
        return connection.execute("select id, tags from read_parquet(?) order by id", [str(path)]).fetchall()


def test_the_wanted_columns_are_read_as_from_the_whole_file_for_few_bytes(
    whole: Path, tmp_path: Path
) -> None:
    log: list[int] = []
    target, size = tmp_path / "part.parquet", whole.stat().st_size
    layout = read_layout(reader(whole, log), size, WANTED, target)
    assert (layout.rows, layout.columns) == (ROWS, ["id", "card", "tags", "downloads"])
    fetch_ranges(reader(whole, log), layout, target)
    assert rows(target) == rows(whole)
    assert len(log) <= 1 + 2 * 5, "the footer, and two stretches of a row group"
    assert sum(log) < size / 5
    assert target.stat().st_blocks * 512 < size / 5, "the rest of the file is a hole"


def test_a_footer_that_is_longer_than_expected_is_fetched_to_its_start(
    whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(byte_ranges, "TAIL", 64)
    target = tmp_path / "part.parquet"
    layout = read_layout(reader(whole, []), whole.stat().st_size, WANTED, target)
    fetch_ranges(reader(whole, []), layout, target)
    assert rows(target) == rows(whole)


def test_a_file_cut_short_is_no_parquet_file(whole: Path, tmp_path: Path) -> None:
    with pytest.raises(BrokenFile, match="does not end as a Parquet file does"):
        read_layout(reader(whole, []), whole.stat().st_size // 2, WANTED, tmp_path / "part.parquet")


def test_fewer_bytes_than_asked_for_are_no_column(whole: Path, tmp_path: Path) -> None:
    target = tmp_path / "part.parquet"
    layout = read_layout(reader(whole, []), whole.stat().st_size, WANTED, target)
    with pytest.raises(BrokenFile, match="bytes came instead of"):
        fetch_ranges(lambda start, end: b"short", layout, target)
