"""What readers get: one DuckDB file and Parquet, swapped in by rename.

Belongs here: copying marts and seeds out of the warehouse, `about`, and the swap.
Does not belong here: what the tables mean (sql/).

Readers never meet the warehouse: any open reader would block its writer. A program that keeps the published
file open goes on seeing the old one until it opens the path again.
"""

import hashlib
import os
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from importlib.metadata import version
from pathlib import Path

import duckdb

from dagster_project.lib import headlines
from dagster_project.lib.errors import ModelTideError
from dagster_project.lib.settings import Settings
from dagster_project.lib.snapshots import SnapshotError
from dagster_project.lib.sql_text import escaped
from dagster_project.lib.warehouse import count_rows, scalar, writing

STORAGE_VERSION = "v1.2.0"  # files written for 2.0 cannot be opened by DuckDB 1.x
RECENT_DAYS, RECENT_ROWS = 90, 3_000_000  # whichever is less: the file is read whole into many a tool
# daily facts of single models: so many days or rows in the file, all of them as one Parquet file a month
DAILY_FACTS = {
    "fct_model_downloads_daily": "activity_date",
    "fct_model_growth_daily": "activity_date",
    "model_history": "day",
}
# decisions that restate a month of them
_RESTATING_SEEDS = ("counting_rule_changes", "growth_thresholds", "licences", "named_licences")
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
            counts = _write_file(connection, temporary, published_at, snapshot_date, provenance)
            _write_parquet(connection, settings.published / "parquet", list(counts))
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


def _write_file(
    connection: Connection, path: Path, published_at: datetime, snapshot_date: date, provenance: str
) -> dict[str, int]:
    connection.execute(f"attach '{escaped(path)}' as published (storage_version '{STORAGE_VERSION}')")
    try:
        counts: dict[str, int] = {}
        for schema, table in _tables(connection):
            connection.execute(
                f"create table published.main.{table} as "
                f"from {_relation(schema, table)}{_recent(connection, table)}"
            )
            _copy_comments(connection, schema, table)
            counts[table] = count_rows(connection, f"published.main.{table}")
        _write_about(connection, counts, published_at, snapshot_date, provenance)
        connection.execute("checkpoint published")
    finally:
        connection.execute("detach published")
    with open(path, "rb+") as file:
        os.fsync(file.fileno())
    return counts


def _tables(connection: Connection) -> list[tuple[str, str]]:
    """Tables of marts and seeds, and marts that are views over what the warehouse keeps once."""
    return connection.execute(
        "select schema_name, table_name from duckdb_tables() "
        "where database_name = current_database() and schema_name in ('marts', 'seeds') "
        "union all select schema_name, view_name from duckdb_views() "
        "where database_name = current_database() and schema_name = 'marts' "
        "order by schema_name, table_name"
    ).fetchall()


def _relation(schema: str, table: str) -> str:
    return headlines.PUBLISHED_HISTORY if table == headlines.HISTORY else f"{schema}.{table}"


def _recent(connection: Connection, table: str) -> str:
    day = DAILY_FACTS.get(table)
    if day is None:
        return ""
    first = scalar(
        connection,
        f"""
        with days as (select {day} as day, count(*) as row_count from marts.{table} group by {day}),
        counted as (
            select day, sum(row_count) over (order by day desc) as rows_so_far, max(day) over () as newest
            from days
        )
        select min(day) from counted
        where day > newest - {RECENT_DAYS} and (rows_so_far <= {RECENT_ROWS} or day = newest)
        """,
    )
    return f" where {day} >= date '{first}'" if first else ""


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


def _write_about(
    connection: Connection,
    counts: dict[str, int],
    published_at: datetime,
    snapshot_date: date,
    provenance: str,
) -> None:
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
        [published_at, snapshot_date, provenance, versions],
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


def _write_parquet(connection: Connection, folder: Path, tables: list[str]) -> None:
    folder.mkdir(exist_ok=True)
    schema_of = {table: schema for schema, table in _tables(connection)}
    for table in tables:
        if table in DAILY_FACTS:
            _write_months(connection, folder / table, table, DAILY_FACTS[table])
        else:
            _swap_parquet(
                connection, folder / f"{table}.parquet", f"from {_relation(schema_of[table], table)}", ""
            )


def _write_months(connection: Connection, folder: Path, table: str, day: str) -> None:
    """One file a month; a month is written again only when a load that can change it did."""
    folder.mkdir(exist_ok=True)
    months = connection.execute(
        f"select distinct strftime({day}, '%Y-%m') as month from marts.{table} order by month"
    ).fetchall()
    wanted = {f"{month}.parquet" for (month,) in months}
    for path in folder.glob("*.parquet"):
        if path.name not in wanted:
            path.unlink()
    for (month,) in months:
        path = folder / f"{month}.parquet"
        signature = _signature(connection, month)
        if _signature_of(connection, path) != signature:
            rows = f"from marts.{table} where strftime({day}, '%Y-%m') = '{month}'"
            _swap_parquet(connection, path, rows, signature)


def _signature(connection: Connection, month: str) -> str:
    """Hash of all that a day of the month can depend on: every judged load until the first usable one after
    its end, which closes a gap that is spread back over the month's last days, every pass over cards until
    its end, and the seeds that restate.
    """
    loads = connection.execute(
        """
        with days as (
            select snapshot_date, load_id, usable from marts.fct_snapshot_days where accepted
        ),
        month_end as (select last_day(cast(? || '-01' as date)) + 1 as day)
        select snapshot_date, load_id, usable from days
        where snapshot_date <= coalesce(
            (select min(d.snapshot_date) from days as d, month_end as m
            where d.usable and d.snapshot_date >= m.day),
            date '9999-12-31'
        )
        order by snapshot_date
        """,
        [month],
    ).fetchall()
    passes = connection.execute(
        "select snapshot_date, crawl from raw.licence_card_passes "
        "where status = 'ok' and snapshot_date <= last_day(cast(? || '-01' as date)) order by snapshot_date",
        [month],
    ).fetchall()
    rules = [
        connection.execute(
            f"select cast(s as varchar) as row_text from seeds.{seed} as s order by row_text"
        ).fetchall()
        for seed in _RESTATING_SEEDS
    ]
    return hashlib.sha256(repr((loads, passes, rules)).encode()).hexdigest()


def _signature_of(connection: Connection, path: Path) -> str | None:
    if not path.exists():
        return None
    with suppress(duckdb.Error):  # a damaged file is written again
        found = scalar(
            connection,
            "select decode(value) from parquet_kv_metadata(?) where decode(key) = 'signature'",
            [str(path)],
        )
        return str(found)
    return None


def _swap_parquet(connection: Connection, path: Path, rows: str, signature: str) -> None:
    temporary = path.with_suffix(".tmp")
    connection.execute(
        f"copy ({rows}) to '{escaped(temporary)}' "
        f"(format parquet, compression zstd, kv_metadata {{signature: '{signature}'}})"
    )
    temporary.replace(path)


def _remove(path: Path) -> None:
    for leftover in (path, path.with_name(path.name + ".wal")):
        leftover.unlink(missing_ok=True)
