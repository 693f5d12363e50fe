"""The warehouse: one DuckDB file, one writer.

Belongs here: opening it and what is published, the lock that keeps a second writer out, transactions and
the schema version.
Does not belong here: what is loaded (hub/load_day, markets/vintages, seeds/tables).
"""

import math
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import duckdb
from filelock import FileLock, Timeout

from dagster_project.lib.errors import ModelTideError
from dagster_project.lib.processes import holder
from dagster_project.lib.settings import Settings
from dagster_project.lib.warehouse.raw_tables import ALL_TABLES, SCHEMA_VERSION, Table

Parameters = list[object] | dict[str, object]
THREADS = 2
# DuckDB 2.0.0 and 2.0.1 hold a sum over an outer join for 0 where they can prove that the optional side
# is empty (a day without changes, a first day). ORDER BY then cuts the true sum to one byte, HAVING
# drops every group, and nothing says so: tests/warehouse/test_connection.py. dbt does the same
# (sql_models/connection).
PLANS_WITHOUT_STATISTICS = "set global disabled_optimizers = 'statistics_propagation'"
# and joins as they are written: of the ten of model_history DuckDB expects a 60th of the rows that come and
# holds them in memory, not what they look up; a month of 50,000 models did not fit into 1 GB. For a day of
# them that is right, and takes a tenth of the time
PLANS_AS_WRITTEN = "set global disabled_optimizers = 'statistics_propagation,join_order'"
# DuckDB fills whatever it is allowed to; below these it spills and loses little time
MEMORY_LIMIT_MB = 1_000
MEMORY_BASE_MB, MEMORY_BYTES_PER_MODEL = 200, 300
# of a new warehouse; each of the 40 tables that a day adds to leaves a block half full, of 256 KB by default
BLOCK_BYTES = 65_536
# the SQL models join a whole day with itself: a census of 2.5 million spills for minutes below 2.5 GB
BUILD_MB, BUILD_BYTES_PER_MODEL, BUILD_LIMIT_MB = 1_000, 600, 3_000
# what DuckDB says of a block that is not as it was written, in whichever of its errors
DAMAGED = ("Corrupt database file", "Could not read enough bytes")


class WarehouseError(ModelTideError):
    """The warehouse cannot be used; the message says why and what to do."""


class SecondRun(WarehouseError):
    """Another process is writing."""


class Damaged(WarehouseError):
    """The file cannot be read as a warehouse."""


@contextmanager
def exclusive(settings: Settings) -> Iterator[None]:
    """Hold the data home for writing, as often as this process likes; a second one gets SecondRun at once.

    The lock is the kernel's, so it ends with its process, however that ends.
    """
    path = settings.home / ".lock"
    try:
        settings.home.mkdir(parents=True, exist_ok=True)
        lock = FileLock(
            path,
            blocking=False,
            is_singleton=True,
            thread_local=False,
            fallback_to_soft=False,  # a file that a killed run leaves behind would lock for good
            on_acquired=_sign,
        )
        lock.acquire()
    except Timeout:
        raise SecondRun(
            f"Another run (process {path.read_text().strip() or 'unknown'}) is writing to {settings.home}; "
            "nothing was done. Wait for it, or set another MODELTIDE_HOME."
        ) from None
    except OSError as error:
        raise _cannot_write(path, error.strerror) from error
    try:
        yield
    finally:
        lock.release()


def _sign(lock: int) -> None:
    """Write down who holds the lock, for whoever is refused."""
    os.ftruncate(lock, 0)
    os.write(lock, str(os.getpid()).encode())


@contextmanager
def writing(settings: Settings, path: Path | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouse, open for writing, its raw tables in place. Grain: one writer at a time.

    Raises SecondRun when another process writes and WarehouseError for a version it does not know.
    """
    with exclusive(settings):
        target = path or settings.warehouse
        try:
            connection = duckdb.connect(
                str(target),
                config={
                    "memory_limit": f"{MEMORY_LIMIT_MB}MB",
                    "threads": THREADS,
                    "default_block_size": BLOCK_BYTES,
                },
            )
        except duckdb.Error as error:
            raise cannot_open(settings, target, error) from error
        try:
            _prepare(connection, target)
            # what must be in order is ordered; the rest may use both threads
            connection.execute("set preserve_insertion_order = false")
            connection.execute(PLANS_WITHOUT_STATISTICS)
            connection.execute("set enable_progress_bar = false")
            connection.execute("attach ':memory:' as memory")  # for rows on their way into the warehouse
            yield connection
        except duckdb.Error as error:
            if any(text in str(error) for text in DAMAGED):
                raise cannot_open(settings, target, error) from error
            # a checkpoint without room is fatal to its connection, and to nothing else
            if isinstance(error, (duckdb.IOException, duckdb.OutOfMemoryException, duckdb.FatalException)):
                raise _cannot_write(target, error) from error
            raise
        finally:
            connection.close()


def reading(path: Path) -> duckdb.DuckDBPyConnection:
    """A DuckDB file, open for queries. Raises duckdb.Error if there is none, or another program writes it."""
    connection = duckdb.connect(str(path), read_only=True)
    connection.execute(PLANS_WITHOUT_STATISTICS)
    return connection


@contextmanager
def transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """All or nothing: commit at the end, roll back on any exception. Raises WarehouseError if it cannot."""
    connection.execute("begin")
    try:
        yield
    except BaseException:
        with suppress(duckdb.Error):  # some errors have ended the transaction already
            connection.execute("rollback")
        raise
    try:
        connection.execute("commit")
    except duckdb.Error as error:
        raise _cannot_write("the warehouse", error) from error


def limit_memory(connection: duckdb.DuckDBPyConnection, models: int) -> None:
    """Give a load of so many models what it needs, at most MEMORY_LIMIT_MB."""
    needed = MEMORY_BASE_MB + models * MEMORY_BYTES_PER_MODEL // 1_000_000
    connection.execute(f"set memory_limit = '{min(needed, MEMORY_LIMIT_MB)}MB'")


def build_memory_mb(connection: duckdb.DuckDBPyConnection) -> int:
    """What the SQL models may use, by the size of the newest snapshot."""
    newest = scalar(
        connection,
        "select arg_max(row_count, snapshot_date) from raw.hub_snapshots where is_accepted",
    )
    needed = math.ceil(int(str(newest or 0)) * BUILD_BYTES_PER_MODEL / 1_000_000)
    return min(BUILD_MB + needed, BUILD_LIMIT_MB)


def scalar(connection: duckdb.DuckDBPyConnection, query: str, parameters: Parameters | None = None) -> object:
    """First column of the first row, or None; the result is read to its end."""
    rows = connection.execute(query, parameters or []).fetchall()
    return rows[0][0] if rows else None


def by_column(result: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """The rows of what was executed, each as values by column name; the result is read to its end."""
    names = [column[0] for column in result.description or []]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def count_rows(
    connection: duckdb.DuckDBPyConnection, relation: str, parameters: Parameters | None = None
) -> int:
    """Rows of a table, or of whatever stands after `from`."""
    return int(str(scalar(connection, f"select count(*) from {relation}", parameters)))


def changed_rows(connection: duckdb.DuckDBPyConnection) -> int:
    """Rows of the insert or copy that was just executed."""
    return int(connection.fetchall()[0][0])


def columns_of(connection: duckdb.DuckDBPyConnection, relation: str) -> list[tuple[str, str]]:
    """Names and DuckDB types of a table, a view, or a query in brackets."""
    described = connection.execute(f"select column_name, column_type from (describe {relation})").fetchall()
    return [(name, kind) for name, kind in described]


def stored_columns(connection: duckdb.DuckDBPyConnection, table: Table) -> str:
    """The columns of a raw table that the warehouse has, which an older version may lack some of."""
    present = connection.execute(
        "select column_name from duckdb_columns() where database_name = current_database() "
        "and schema_name = ? and table_name = ?",
        [table.schema, table.name],
    ).fetchall()
    return ", ".join(name for name in table.column_names if (name,) in present)


def row_counts(connection: duckdb.DuckDBPyConnection, tables: Iterable[Table]) -> dict[str, int]:
    """Rows of each table, by its name without schema."""
    return {table.name: count_rows(connection, table.full_name) for table in tables}


def cannot_open(settings: Settings, path: Path, error: duckdb.Error) -> WarehouseError:
    """SecondRun that names who holds the file, or what is wrong with it and what to do."""
    if who := holder(error):
        return SecondRun(
            f"{path} is held by {who}; nothing was done. Close it (readers should open "
            f"{settings.published / 'modeltide.duckdb'} instead), then run again."
        )
    if str(error).startswith("IO Error: Cannot open file"):  # no permission, no room, no folder
        return _cannot_write(path, error)
    if isinstance(error, duckdb.OutOfMemoryException):
        return _cannot_write(path, error)
    return Damaged(
        f"{path} cannot be read: {str(error).splitlines()[0]} "
        "Type `make rebuild`: it makes the warehouse anew from the files in snapshots/."
    )


def _cannot_write(what: object, reason: object) -> WarehouseError:
    return WarehouseError(
        f"Cannot write {what}: {reason}. What was there before stays. "
        "Make room (or mend the permissions) and run again."
    )


def _prepare(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    found = schema_version(connection)
    if found is not None and found != SCHEMA_VERSION:
        raise WarehouseError(
            f"{path} has schema_version {found}; this version of Model Tide writes {SCHEMA_VERSION}. "
            + (
                "Type `make rebuild`: it restores the warehouse from the files in snapshots/."
                if found < SCHEMA_VERSION
                else "Update Model Tide, or set another MODELTIDE_HOME."
            )
        )
    if found is None:
        with transaction(connection):
            connection.execute("create schema if not exists raw")
            connection.execute("create schema if not exists seeds")
            for table in ALL_TABLES:
                connection.execute(table.ddl())
            connection.execute("create table raw.schema_version as select ? as version", [SCHEMA_VERSION])
    else:
        _add_columns(connection)


def _add_columns(connection: duckdb.DuckDBPyConnection) -> None:
    """What an older build's tables lack, at their end, as the contract has it; NULL in the rows of then."""
    found = connection.execute(
        "select table_name, list(column_name) from duckdb_columns() "
        "where database_name = current_database() and schema_name = 'raw' group by all"
    ).fetchall()
    present = dict(found)
    with transaction(connection):
        for table in ALL_TABLES:
            names = present.get(table.name, table.column_names)
            missing = [column for column in table.columns if column.name not in names]
            for column in missing:
                connection.execute(f'alter table {table.full_name} add column "{column.name}" {column.type}')
            if missing:
                connection.execute(table.ddl())  # says what they mean


def schema_version(connection: duckdb.DuckDBPyConnection) -> int | None:
    """Version of the raw tables, None for a database without them."""
    present = scalar(
        connection,
        "select count(*) from duckdb_tables() where schema_name = 'raw' and table_name = 'schema_version'",
    )
    if not present:
        return None
    version = scalar(connection, "select version from raw.schema_version")
    assert isinstance(version, int)
    return version
