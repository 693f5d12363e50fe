"""Columns of a Parquet file that lies elsewhere, fetched as byte ranges.

Belongs here: which bytes hold the wanted columns, and a local file that has those bytes and holes elsewhere.
Does not belong here: where the bytes come from (client) and what the columns mean (hub/read_files).

DuckDB reads the footer and then the file; in its Python package it cannot read over HTTP without an extension
that is not to be had, and through a Python file system it asks for each column of each row group alone.
"""

import os
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path

import duckdb

from dagster_project.lib.errors import ModelTideError
from dagster_project.lib.sources.http import in_background
from dagster_project.lib.warehouse.sql_text import literal_path

MAGIC = b"PAR1"
TAIL = 256 * 1024  # holds the footer of 20 row groups and 30 columns
GAP = 128 * 1024  # a hole smaller than this is fetched too: it costs less than another request
LARGEST = 16 * 1024 * 1024  # a range is held in memory
AT_ONCE = 4

Get = Callable[[int, int], bytes]  # the bytes from the first number up to, not including, the second


class BrokenFile(ModelTideError):
    """What came is no Parquet file; the caller says which."""


@dataclass(frozen=True)
class Layout:
    """What the footer says: row count, all top-level columns, and the ranges of the wanted ones."""

    size: int
    rows: int
    columns: list[str]
    ranges: list[tuple[int, int]]

    @property
    def bytes(self) -> int:
        return sum(end - start for start, end in self.ranges)


def read_layout(get: Get, size: int, wanted: Iterable[str], path: Path) -> Layout:
    """Fetch the footer into `path`, a file of the full size that is empty elsewhere. Raises BrokenFile."""
    start = max(0, size - TAIL)
    tail = get(start, size)
    footer = int.from_bytes(tail[-8:-4], "little") + 8
    if tail[-4:] != MAGIC or footer > size - len(MAGIC):
        raise BrokenFile("it does not end as a Parquet file does")
    if footer > len(tail):
        tail = get(size - footer, start) + tail
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "wb") as file:
        file.truncate(size)
        file.write(MAGIC)
        file.seek(size - len(tail))
        file.write(tail)
    try:
        with duckdb.connect() as reader:
            columns = [name for (name,) in _top_level(reader, path)]
            chunks = reader.execute(
                "select row_group_num_rows, row_group_id, "
                "least(coalesce(nullif(dictionary_page_offset, 0), data_page_offset), data_page_offset), "
                "total_compressed_size, split_part(path_in_schema, ', ', 1) from parquet_metadata(?)",
                [literal_path(path)],
            ).fetchall()
    except duckdb.Error as error:
        raise BrokenFile(f"its footer cannot be read ({error})") from error
    asked = set(wanted)
    spans = sorted((first, first + length) for _, _, first, length, name in chunks if name in asked)
    rows = sum({group: count for count, group, *_ in chunks}.values())
    return Layout(size, rows, columns, _joined(spans))


def fetch_ranges(get: Get, layout: Layout, path: Path) -> None:
    """Fill the layout's ranges in; DuckDB reads the wanted columns of `path` then like any file's."""
    descriptor = os.open(path, os.O_WRONLY)
    ranges = iter(layout.ranges)
    # no pool: a process waits for the threads of one before it ends, Ctrl-C or not
    begun = deque((span, in_background(partial(get, *span))) for span in islice(ranges, AT_ONCE))
    try:
        while begun:
            (start, end), answer = begun.popleft()
            body = answer.result()
            begun.extend((span, in_background(partial(get, *span))) for span in islice(ranges, 1))
            if len(body) != end - start:
                raise BrokenFile(f"{len(body)} bytes came instead of {end - start}")
            os.pwrite(descriptor, body, start)
    finally:
        os.close(descriptor)


def _top_level(reader: duckdb.DuckDBPyConnection, path: Path) -> list[tuple[str]]:
    return reader.execute(
        "select column_name from (describe select * from read_parquet(?))", [literal_path(path)]
    ).fetchall()


def _joined(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Neighbours become one range, up to the largest that is worth one request."""
    joined: list[tuple[int, int]] = []
    for start, end in spans:
        if joined and start - joined[-1][1] <= GAP and end - joined[-1][0] <= LARGEST:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined
