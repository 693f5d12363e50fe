"""What readers get: one DuckDB file and Parquet, swapped in by rename.

Belongs here: copying marts and seeds out of the warehouse, `about`, and the swap.
Does not belong here: what the tables mean (sql/).

Readers never meet the warehouse: any open reader would block its writer. A program that keeps the published
file open goes on seeing the old one until it opens the path again.
"""

import logging
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import duckdb

from dagster_project.lib import headlines
from dagster_project.lib.daily_facts import (
    DAILY_FACTS,
    DAYS,
    DAYS_COLUMNS,
    can_be_carried,
    carry,
    create_daily_tables,
    days_of,
    recent,
    swap_parquet,
    write_parquet,
)
from dagster_project.lib.errors import ModelTideError
from dagster_project.lib.settings import Settings
from dagster_project.lib.snapshots import SnapshotError
from dagster_project.lib.sql_text import escaped
from dagster_project.lib.warehouse import count_rows, transaction, writing

STORAGE_VERSION = "v1.2.0"  # files written for 2.0 cannot be opened by DuckDB 1.x
PUBLISHED_BLOCK_BYTES = 262_144  # DuckDB's default, not the warehouse's: a file for every reader
_PACKAGES = ("duckdb", "dagster", "dbt-core", "huggingface_hub", "yfinance")

Connection = duckdb.DuckDBPyConnection


class PublishError(ModelTideError):
    """Nothing was published; the former publication stays."""


@dataclass(frozen=True)
class Published:
    """What was published: row counts by table, size of the DuckDB file."""

    path: Path
    snapshot_date: date
    provenance: str
    row_counts: dict[str, int]
    size_bytes: int
    new_headlines: int


class About(NamedTuple):
    """What a publication says of itself."""

    published_at: datetime
    snapshot_date: date
    provenance: str


def publish(settings: Settings) -> Published:
    """Publish marts and seeds of the warehouse. Raises PublishError if there is no accepted day or no room.

    Grain: one file. Every table is counted in `about_tables`; `about` has exactly one row.
    """
    with writing(settings) as connection:
        newest = connection.execute(
            "select snapshot_date, origin from raw.hub_snapshots where is_accepted "
            "order by snapshot_date desc limit 1"
        ).fetchall()
        if not newest:
            raise PublishError(
                "No accepted snapshot is in the warehouse, so nothing was published. "
                "Type `make run`, or `make demo` without a network."
            )
        snapshot_date, provenance = newest[0]
        published_at = datetime.now(UTC).replace(tzinfo=None)
        target = settings.published / "modeltide.duckdb"
        temporary = settings.published / f"modeltide.{os.getpid()}.tmp"
        try:
            settings.published.mkdir(parents=True, exist_ok=True)
            _remove(temporary)
            headlines.find_unrecorded(connection, target, published_at, snapshot_date, provenance)
            counts = _write(connection, target, temporary, About(published_at, snapshot_date, provenance))
            os.replace(temporary, target)
        except (duckdb.IOException, duckdb.OutOfMemoryException, OSError) as error:
            _remove(temporary)
            raise PublishError(
                f"Cannot publish to {settings.published}: {error}. The former publication stays as it "
                "is. Make room (or mend the permissions) and run again."
            ) from error
        try:
            new = headlines.record(connection, settings, snapshot_date)
        except SnapshotError as error:
            raise PublishError(
                f"{target} is published, but its headline figures could not be recorded: {error} "
                "The file holds them, and the next publication records them."
            ) from error
    return Published(target, snapshot_date, provenance, counts, target.stat().st_size, new)


def _write(connection: Connection, target: Path, temporary: Path, about: About) -> dict[str, int]:
    """The file at `temporary` and the Parquet files. The former file goes in where it can be taken over."""
    daily = [DAILY_FACTS[table] for table in _tables(connection) if table in DAILY_FACTS]
    if target.exists():
        try:
            shutil.copyfile(target, temporary)
            with _attached(connection, temporary):
                if can_be_carried(connection, daily):
                    return _fill(connection, target.parent / "parquet", about)
        except duckdb.Error as error:
            # damaged or of another version: it is replaced anyway; a full disk will say so again
            logging.getLogger(__name__).warning("%s cannot be carried forward: %s", target, error)
        _remove(temporary)
    with _attached(connection, temporary):
        create_daily_tables(connection, daily)
        return _fill(connection, target.parent / "parquet", about)


@contextmanager
def _attached(connection: Connection, path: Path) -> Iterator[None]:
    """A file under the name `published`, on disk for good at the end."""
    connection.execute(
        f"attach '{escaped(path)}' as published "
        f"(storage_version '{STORAGE_VERSION}', block_size {PUBLISHED_BLOCK_BYTES})"
    )
    try:
        yield
    finally:
        connection.execute("detach published")
    with open(path, "rb+") as file:
        os.fsync(file.fileno())


def _fill(connection: Connection, folder: Path, about: About) -> dict[str, int]:
    """Bring the attached file up to the warehouse, then the Parquet files; returns the rows by table."""
    tables = _tables(connection)
    days = {
        facts.table: days_of(connection, facts) for facts in DAILY_FACTS.values() if facts.table in tables
    }
    with transaction(connection):
        _drop_whole_tables(connection)
    connection.execute("checkpoint published")  # whose blocks are written over
    for table, found in days.items():
        carry(connection, DAILY_FACTS[table], recent(found), about.published_at)
    counts: dict[str, int] = {}
    with transaction(connection):
        for table, schema in tables.items():
            if table not in days:
                connection.execute(f"create table published.main.{table} as from {_relation(schema, table)}")
            _copy_comments(connection, schema, table)
            counts[table] = count_rows(connection, f"published.main.{table}")
        _write_about(connection, counts, about)
    connection.execute("checkpoint published")
    folder.mkdir(exist_ok=True)
    for table in tables:
        if table in days:
            write_parquet(connection, folder / table, DAILY_FACTS[table], days[table])
        else:
            swap_parquet(connection, folder / f"{table}.parquet", f"from published.main.{table}")
    return counts


def _drop_whole_tables(connection: Connection) -> None:
    for (table,) in connection.execute(
        "select table_name from duckdb_tables() where database_name = 'published'"
    ).fetchall():
        if table not in (DAYS, *DAILY_FACTS):
            connection.execute(f'drop table published.main."{table}"')


def _tables(connection: Connection) -> dict[str, str]:
    """Schema by table: marts, also those that are views over what the warehouse keeps once, and seeds."""
    return dict(
        connection.execute(
            "select table_name, schema_name from duckdb_tables() "
            "where database_name = current_database() and schema_name in ('marts', 'seeds') "
            "union all select view_name, schema_name from duckdb_views() "
            "where database_name = current_database() and schema_name = 'marts' "
            "order by schema_name, table_name"
        ).fetchall()
    )


def _relation(schema: str, table: str) -> str:
    return headlines.PUBLISHED_HISTORY if table == headlines.HISTORY else f"{schema}.{table}"


def _copy_comments(connection: Connection, schema: str, table: str) -> None:
    comments = connection.execute(
        "select null, comment from duckdb_tables() where database_name = current_database() "
        "and schema_name = $schema and table_name = $table "
        "union all select null, comment from duckdb_views() where database_name = current_database() "
        "and schema_name = $schema and view_name = $table "
        "union all select column_name, comment from duckdb_columns() "
        "where database_name = current_database() and schema_name = $schema and table_name = $table",
        {"schema": schema, "table": table},
    ).fetchall()
    for column, comment in comments:
        if comment:
            what = f"column published.main.{table}.{column}" if column else f"table published.main.{table}"
            _comment(connection, what, comment)


def _comment(connection: Connection, what: str, text: str) -> None:
    connection.execute(f"comment on {what} is '{escaped(text)}'")


def _write_about(connection: Connection, counts: dict[str, int], about: About) -> None:
    versions = ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
    connection.execute(
        """
        create table published.main.about as
        select
            cast(? as timestamp) as published_at, cast(? as date) as snapshot_date,
            cast(? as varchar) as provenance, cast(? as varchar) as versions,
            (select count(*) from raw.hub_snapshots where is_accepted) as snapshots,
            (select min(snapshot_date) from raw.hub_snapshots where is_accepted) as first_snapshot_date,
            (select arg_max(scope_id, snapshot_date) from raw.hub_snapshots where is_accepted) as scope_id
        """,
        [about.published_at, about.snapshot_date, about.provenance, versions],
    )
    for column, text in {
        "published_at": "UTC time of this publication, by the local clock",
        "snapshot_date": "Newest accepted snapshot day (UTC, the Hub's clock)",
        "provenance": "live, synthetic (invented data of the demo) or mirror:<host>",
        "versions": "Versions of the software that made this file",
        "snapshots": "Accepted snapshot days in the warehouse",
        "first_snapshot_date": "Oldest accepted snapshot day",
        "scope_id": "Scope of the newest snapshot: kind, size, hash of the followed publishers",
    }.items():
        _comment(connection, f"column published.main.about.{column}", text)
    connection.execute("create table published.main.about_tables (table_name varchar, row_count bigint)")
    connection.executemany("insert into published.main.about_tables values (?, ?)", list(counts.items()))
    _comment(connection, "column published.main.about_tables.table_name", "Table of this file")
    _comment(connection, "column published.main.about_tables.row_count", "Its rows")
    for column, (_, text) in DAYS_COLUMNS.items():
        _comment(connection, f"column published.main.{DAYS}.{column}", text)


def _remove(path: Path) -> None:
    for leftover in (path, path.with_name(path.name + ".wal")):
        leftover.unlink(missing_ok=True)
