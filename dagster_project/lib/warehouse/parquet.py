"""Parquet that every engine reads: the one door through which rows become files that others open.

Belongs here: which types may stand in such a file, and writing one.
Does not belong here: which rows, where the file goes and when it counts (publish, record, lake).

DuckDB writes whatever it has. A HUGEINT becomes a double, without a word; Spark refuses a file with a UUID, a
TIME, an INTERVAL or a TIMESTAMP_NS; ClickHouse takes a TIME for one of 1970, and polars a UUID for bytes. So
only types are written that DuckDB, Spark, Trino, ClickHouse, pandas and polars read as the same.
"""

import re
from pathlib import Path

import duckdb

from dagster_project.lib.errors import ModelTideError
from dagster_project.lib.warehouse.connection import changed_rows, columns_of
from dagster_project.lib.warehouse.sql_text import escaped

# and lists of these; whoever needs another one tries it in every engine first
TYPES = ("BOOLEAN", "INTEGER", "BIGINT", "DOUBLE", "DECIMAL", "VARCHAR", "DATE", "TIMESTAMP")
_READABLE = re.compile(rf"({'|'.join(TYPES)})(\(\d+,\d+\))?(\[\])?")


class UnreadableType(ModelTideError):
    """A column has a type that not every engine reads; the message names table and column."""


def unreadable(columns: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Those columns (name, DuckDB type) whose types not every engine reads as the same."""
    return [(name, kind) for name, kind in columns if _READABLE.fullmatch(kind) is None]


def write(connection: duckdb.DuckDBPyConnection, table: str, rows: str, path: Path, options: str = "") -> int:
    """Write a query's rows as one file, which `table` names in messages; returns how many they are.

    `options` are those of DuckDB's copy. Raises UnreadableType before anything is written, and what DuckDB
    raises where there is no room.
    """
    for name, kind in unreadable(columns_of(connection, f"({rows})")):
        raise UnreadableType(
            f"{table}.{name} has the type {kind}, which not every engine reads from Parquet; nothing was "
            f"written. Cast it to one of these, or to a list of one: {', '.join(TYPES)}."
        )
    settings = ", ".join(filter(None, ("format parquet, compression zstd", options)))
    connection.execute(f"copy ({rows}) to '{escaped(path)}' ({settings})")
    return changed_rows(connection)
