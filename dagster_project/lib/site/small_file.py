"""The small DuckDB file for readers in a browser: of the published tables what may be passed on, cut to fit.

Belongs here: which tables and rows are in it, and writing it.
Does not belong here: which tables may be passed on (publish/terms), the page that asks it (browser_sql).
"""

import re
from collections.abc import Sequence
from contextlib import closing
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple

import duckdb

from dagster_project.lib.publish.daily_tables import DAILY_FACTS
from dagster_project.lib.publish.file import ABOUT, STORAGE_VERSION
from dagster_project.lib.publish.terms import redistributable
from dagster_project.lib.report import words
from dagster_project.lib.report.documents import analyses
from dagster_project.lib.seeds.tables import ALL_SEEDS
from dagster_project.lib.warehouse.connection import PLANS_WITHOUT_STATISTICS
from dagster_project.lib.warehouse.sql_text import escaped, quoted_name

# rows times columns of a table, so that the demo's file has 3 MB of 161
MOST_VALUES = 36_000
# the least that DuckDB allows: most of these tables have a few kilobytes, and by default a block has 256
BLOCK_BYTES = 16_384
DAY, SIZE = "activity_date", "downloads_30d"
SEEDS = {seed.name for seed in ALL_SEEDS}
ASKED = {word for path in analyses() for word in re.findall(r"\w+", path.read_text(encoding="utf-8"))}

Connection = duckdb.DuckDBPyConnection


class Column(NamedTuple):
    """A column as the published file describes it."""

    name: str
    kind: str
    comment: str


class Table(NamedTuple):
    """A table of the small file: its rows, and what of the published table is missing (empty if nothing)."""

    name: str
    comment: str
    columns: Sequence[Column]
    rows: int
    cut: str


class Small(NamedTuple):
    """What the file holds, and by name of each published table that it does not hold the reason."""

    tables: Sequence[Table]
    left_out: dict[str, str]


def write_small_file(published: Path, path: Path) -> Small:
    """Write the file anew from the published one. Raises PublishError if nothing says what may be passed on.

    Views are tables here: what they read may be cut, and the rows of a view are few.
    """
    path.unlink(missing_ok=True)
    with closing(duckdb.connect()) as connection:
        connection.execute(PLANS_WITHOUT_STATISTICS)
        connection.execute("set threads = 1")  # with more, the same rows lie in another order each time
        connection.execute(f"attach '{escaped(published)}' as published (read_only)")
        connection.execute(
            f"attach '{escaped(path)}' as small "
            f"(storage_version '{STORAGE_VERSION}', block_size {BLOCK_BYTES})"
        )
        connection.execute("use published")
        allowed = redistributable(connection)
        tables, left_out = [], {}
        for name, comment in _relations(connection):
            columns = _columns(connection, name)
            reason = _reason(name, allowed)
            kept = None if reason else _kept(connection, name, columns)
            if kept:
                tables.append(_copy(connection, name, comment, columns, kept))
            else:
                left_out[name] = reason or "a single day of it is too large"
        connection.execute("checkpoint small")
    return Small(tables, left_out)


def _reason(name: str, allowed: frozenset[str]) -> str:
    """Why a table stays out, whatever its size; empty if it does not."""
    if name not in allowed:
        return "its terms forbid passing it on"
    if name in DAILY_FACTS:
        return "a row for each model and day is too much for a browser"
    if name in SEEDS - ASKED:
        return "a seed that no question here reads; it is a file of sql/seeds"
    return "it tells of the published file alone" if name in ABOUT and name != "about" else ""


class _Kept(NamedTuple):
    rows: str  # what stands behind `from`
    cut: str


def _relations(connection: Connection) -> list[tuple[str, str]]:
    return connection.execute(
        """
        select table_name, coalesce(comment, '') from duckdb_tables()
        where database_name = 'published' and schema_name = 'main'
        union all
        select view_name, coalesce(comment, '') from duckdb_views()
        where database_name = 'published' and schema_name = 'main' and not internal
        order by 1
        """
    ).fetchall()


def _columns(connection: Connection, table: str) -> list[Column]:
    found = connection.execute(
        "select column_name, data_type, coalesce(comment, '') from duckdb_columns() "
        "where database_name = 'published' and schema_name = 'main' and table_name = ? order by column_index",
        [table],
    ).fetchall()
    return [Column(*row) for row in found]


def _kept(connection: Connection, table: str, columns: Sequence[Column]) -> _Kept | None:
    """All rows, or the newest days that fit, or, of a table without days, the most downloaded; None if
    nothing of it fits.
    """
    most = MOST_VALUES // len(columns)
    (rows,) = connection.execute(f"select count(*) from {table}").fetchone() or (0,)
    names = {column.name for column in columns}
    if rows <= most:
        return _Kept(table, "")
    if DAY in names:
        return _kept_days(connection, table, most)
    if SIZE in names:
        return _Kept(
            f"(from {table} order by {SIZE} desc nulls last limit {most})",
            f"only the {most:,} most downloaded",
        )
    return None


def _kept_days(connection: Connection, table: str, most: int) -> _Kept | None:
    """Of a long history a day of each week or month, if that fits; else the newest of these months."""
    for each in ("week", "month"):
        last = f"(select max({DAY}) from {table} group by date_trunc('{each}', {DAY}))"
        thinned = f"(from {table} where {DAY} in {last})"
        days = connection.execute(
            f"select {DAY}, count(*) from {thinned} group by {DAY} order by {DAY} desc"
        ).fetchall()
        fitting = [
            day
            for (day, _), rows in zip(days, accumulate(rows for _, rows in days), strict=True)
            if rows <= most
        ]
        if len(fitting) == len(days):
            return _Kept(thinned, f"only the last day of each {each}")
    if not fitting:
        return None
    newest = f"(from {thinned} where {DAY} >= date '{fitting[-1]}')"
    return _Kept(newest, f"only the last day of each month from {words.day(fitting[-1])} on")


def _copy(connection: Connection, name: str, comment: str, columns: Sequence[Column], kept: _Kept) -> Table:
    target = f"small.main.{name}"
    connection.execute(f"create table {target} as from {kept.rows}")
    connection.execute(f"comment on table {target} is '{escaped(comment)}'")
    for column in columns:
        connection.execute(
            f"comment on column {target}.{quoted_name(column.name)} is '{escaped(column.comment)}'"
        )
    (rows,) = connection.execute(f"select count(*) from {target}").fetchone() or (0,)
    return Table(name, comment, columns, rows, kept.cut)
