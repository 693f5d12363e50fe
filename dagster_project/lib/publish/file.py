"""What readers get: one DuckDB file and the same tables as Parquet; the views latest_* are in the file alone.

Belongs here: copying marts and seeds out of the warehouse, and `about`.
Does not belong here: what the tables mean (sql/), and where a publication stands (publications).

Readers never meet the warehouse: any open reader would block its writer. A program that keeps the published
file open goes on seeing the old one until it opens the path again.
"""

import logging
import re
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import duckdb

from dagster_project.lib.publish import big_tables, ledger, publications
from dagster_project.lib.publish.daily_tables import (
    DAILY_FACTS,
    DAYS,
    DAYS_COLUMNS,
    VIEWS,
    can_be_carried,
    carry,
    create_daily_tables,
    days_of,
    drop_views,
    link_or_copy,
    recent,
    signed_files,
    write_parquet,
)
from dagster_project.lib.publish.publications import FILE, PARQUET, PublishError
from dagster_project.lib.record.snapshots import SnapshotError
from dagster_project.lib.settings import Settings
from dagster_project.lib.warehouse.connection import (
    PLANS_AS_WRITTEN,
    WarehouseError,
    count_rows,
    reading,
    scalar,
    transaction,
    writing,
)
from dagster_project.lib.warehouse.raw_tables import HEADLINE_FIGURES
from dagster_project.lib.warehouse.sql_text import escaped

STORAGE_VERSION = "v1.2.0"  # files written for 2.0 cannot be opened by DuckDB 1.x
PUBLISHED_BLOCK_BYTES = 262_144  # DuckDB's default, not the warehouse's: a file for every reader
ABOUT = ("about", "about_tables", DAYS)  # what a publication says of itself
_PACKAGES = ("duckdb", "dagster", "dbt-core", "huggingface_hub", "yfinance")

# an error in a commit is a WarehouseError; after one in a checkpoint the attached file is invalid
_NO_ROOM = (OSError, WarehouseError, duckdb.IOException, duckdb.OutOfMemoryException, duckdb.FatalException)

Connection = duckdb.DuckDBPyConnection


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
        try:
            publications.begin(settings)
            about = About(_next_time(connection, settings), snapshot_date, provenance)
            with publications.new_version(settings, about.published_at) as folder:
                former = publications.current(settings)
                ledger.find_unrecorded(connection, former / FILE, *about)
                counts = _write(connection, former, folder, about)
        except _NO_ROOM as error:
            raise PublishError(
                f"Cannot publish to {settings.published}: {_reason(error)}. The former publication stays "
                "as it is. Make room (or mend the permissions) and run again."
            ) from error
        target = settings.published / FILE
        try:
            new = ledger.record(connection, settings, snapshot_date)
        except SnapshotError as error:
            raise PublishError(
                f"{target} is published, but its headline figures could not be recorded: {error} "
                "The file holds them, and the next publication records them."
            ) from error
    return Published(target, snapshot_date, provenance, counts, target.stat().st_size, new)


def _next_time(connection: Connection, settings: Settings) -> datetime:
    """Now, but after every earlier publication, whatever the clock says: the last word is found by it."""
    said = scalar(connection, f"select max(published_at) from {HEADLINE_FIGURES.full_name}")
    after_said = said + timedelta(microseconds=1) if isinstance(said, datetime) else datetime.min
    return max(datetime.now(UTC).replace(tzinfo=None), publications.next_time(settings), after_said)


def published_origin(settings: Settings) -> str | None:
    """Where the newest published day is from (live, synthetic, mirror:<host>); None without a publication."""
    try:
        with closing(reading(settings.published / FILE)) as published:
            return str(scalar(published, "select provenance from about"))
    except duckdb.Error:
        return None


def simulated_days(settings: Settings) -> tuple[date, date] | None:
    """First and newest day of a publication of simulated days; None of any other, and without one."""
    try:
        with closing(reading(settings.published / FILE)) as published:
            found = published.execute(
                "select first_snapshot_date, snapshot_date from about where provenance = 'synthetic'"
            ).fetchone()
    except duckdb.Error:
        return None
    return found and (found[0], found[1])


def _write(connection: Connection, former: Path, folder: Path, about: About) -> dict[str, int]:
    """Both forms into the empty folder. The former file goes in where it can be taken over."""
    daily = [DAILY_FACTS[table] for table in _tables(connection) if table in DAILY_FACTS]
    if (former / FILE).exists():
        try:
            shutil.copyfile(former / FILE, folder / FILE)
            with _attached(connection, folder / FILE):
                if can_be_carried(connection, daily):
                    return _fill(connection, former / PARQUET, folder / PARQUET, about)
        except duckdb.Error as error:
            # damaged or of another version: it is replaced anyway; a full disk will say so again
            logging.getLogger(__name__).warning("%s cannot be carried forward: %s", former / FILE, error)
        shutil.rmtree(folder)
        folder.mkdir()
    with _attached(connection, folder / FILE):
        create_daily_tables(connection, daily)
        return _fill(connection, former / PARQUET, folder / PARQUET, about)


@contextmanager
def _attached(connection: Connection, path: Path) -> Iterator[None]:
    """A file under the name `published`."""
    connection.execute(
        f"attach '{escaped(path)}' as published "
        f"(storage_version '{STORAGE_VERSION}', block_size {PUBLISHED_BLOCK_BYTES})"
    )
    try:
        yield
    finally:
        connection.execute("detach published")


def _fill(connection: Connection, former: Path, folder: Path, about: About) -> dict[str, int]:
    """Bring the attached file up to the warehouse, then write the Parquet files, those that are the same
    as in the folder `former` as links; returns the rows by table.
    """
    tables = _tables(connection)
    drop_views(connection)
    days = {
        facts.table: days_of(connection, facts) for facts in DAILY_FACTS.values() if facts.table in tables
    }
    whole = {table: relation for table, relation in tables.items() if table not in days}
    big = {table: relation for table, relation in whole.items() if table in big_tables.KEYS}
    signatures = {table: big_tables.signature(connection, table, big[table]) for table in big} | _signatures(
        connection, {table: relation for table, relation in whole.items() if table not in big}
    )
    carried = [table for table in big if big_tables.can_be_carried(connection, table, big[table])]
    with transaction(connection):
        _drop_changed_tables(connection, signatures, carried)
    connection.execute("checkpoint published")  # whose blocks are written over
    for table, found in days.items():
        carry(connection, DAILY_FACTS[table], recent(found), about.published_at)
    with transaction(connection):
        for table in carried:
            big_tables.carry(connection, table, big[table])
        for table, relation in whole.items():
            connection.execute(f"create table if not exists published.main.{table} as from {relation}")
        _write_views(connection)
        _copy_comments(connection)
        counts = {table: count_rows(connection, f"published.main.{table}") for table in tables}
        _write_about(connection, counts, about)
    connection.execute("checkpoint published")
    folder.mkdir()
    connection.execute(PLANS_AS_WRITTEN)
    for table, found in days.items():
        write_parquet(connection, folder / table, former / table, DAILY_FACTS[table], found)
    present = signed_files(connection, former)
    for table, signature in {**signatures, **dict.fromkeys(ABOUT, f"{about.published_at}")}.items():
        rows, path = f"from published.main.{table}", folder / f"{table}.parquet"
        link_or_copy(connection, present, table, rows, signature, path)
    return counts


def _signatures(connection: Connection, relations: dict[str, str]) -> dict[str, str]:
    """By table a hash of the columns of its relation and, in whatever order, of the rows: a tenth of the time
    in which they are written.
    """
    hashes = (
        f"select '{table}', cast(hash(typeof(any_value(t)), count(*), sum(hash(t))) as varchar) "
        f"from {relation} as t"
        for table, relation in relations.items()
    )
    return dict(connection.execute(" union all ".join(hashes)).fetchall()) if relations else {}


def _drop_changed_tables(connection: Connection, signatures: dict[str, str], kept: list[str]) -> None:
    """Those of the attached file that have other signatures, and those that nobody here made."""
    tables = [
        table
        for (table,) in connection.execute(
            "select table_name from duckdb_tables() where database_name = 'published'"
        ).fetchall()
        if table not in (DAYS, *DAILY_FACTS, *kept)
    ]
    found = _signatures(
        connection, {table: f"published.main.{table}" for table in tables if table in signatures}
    )
    for table in tables:
        if table not in found or found[table] != signatures[table]:
            connection.execute(f'drop table published.main."{table}"')


def _tables(connection: Connection) -> dict[str, str]:
    """Relation by table: marts, also those that are views over what the warehouse keeps once, and seeds."""
    found = connection.execute(
        "select table_name, schema_name from duckdb_tables() "
        "where database_name = current_database() and schema_name in ('marts', 'seeds') "
        "union all select view_name, schema_name from duckdb_views() "
        "where database_name = current_database() and schema_name = 'marts' "
        f"and not starts_with(view_name, '{VIEWS}') order by schema_name, table_name"
    ).fetchall()
    return {
        table: ledger.PUBLISHED_HISTORY if table == ledger.HISTORY else f"{schema}.{table}"
        for table, schema in found
    }


def _write_views(connection: Connection) -> None:
    """The views latest_* over the tables of the attached file, under whatever name it is attached later."""
    views = connection.execute(
        "select view_name, sql from duckdb_views() where database_name = current_database() "
        f"and schema_name = 'marts' and starts_with(view_name, '{VIEWS}') order by view_name"
    ).fetchall()
    (here,) = connection.execute("select current_database()").fetchone() or ("",)
    connection.execute("use published.main")
    try:
        for _, text in views:
            connection.execute(re.sub(r"\b(marts|seeds)\.", "", text))
    finally:
        connection.execute(f'use "{here}".main')


def _copy_comments(connection: Connection) -> None:
    """Make the attached file say what the warehouse says of tables and columns."""
    new = connection.execute(
        """
        with comments as (
            select database_name, schema_name, table_name, null as column_name, comment from duckdb_tables()
            union all
            select database_name, schema_name, view_name, null, comment from duckdb_views()
            union all
            select database_name, schema_name, table_name, column_name, comment from duckdb_columns()
        )
        select table_name, column_name, comment from comments
        where database_name = current_database() and schema_name in ('marts', 'seeds')
        except
        select table_name, column_name, comment from comments
        where database_name = 'published'
        """
    ).fetchall()
    for table, column, comment in new:
        kind = "view" if table.startswith(VIEWS) else "table"
        what = f"column published.main.{table}.{column}" if column else f"{kind} published.main.{table}"
        _comment(connection, what, comment)


def _comment(connection: Connection, what: str, text: str | None) -> None:
    said = f"'{escaped(text)}'" if text else "null"
    connection.execute(f"comment on {what} is {said}")


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
        "published_at": "UTC time of this publication, by the local clock, but later than every earlier one",
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


def _reason(error: Exception) -> object:
    """What went wrong at first: a commit that fails speaks of the warehouse."""
    return error.__cause__ if isinstance(error, WarehouseError) and error.__cause__ else error
