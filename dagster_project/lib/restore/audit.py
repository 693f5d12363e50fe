"""Whether snapshots/ holds what it must hold, and mending it from the warehouse where it does not.

Belongs here: comparing the files with `raw.loads` and their checksums, writing a lost load again, files that
homes of an earlier version lack, and what a rebuilt warehouse would lose.
Does not belong here: the files themselves (record/snapshots, record/checksums) and applying them (rebuild).

The files are the record, yet a file may be lost while the warehouse still has its rows. Then the warehouse is
the only copy: it is written back before anything else is done.
"""

import logging
from collections.abc import Iterable
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from dagster_project.lib.hub.load_day import snapshot_row
from dagster_project.lib.record import checksums, snapshots
from dagster_project.lib.record.snapshots import DAYS, NOTES, SnapshotError, files_of, load_name
from dagster_project.lib.settings import Settings
from dagster_project.lib.warehouse.connection import count_rows, stored_columns
from dagster_project.lib.warehouse.raw_tables import (
    ALL_TABLES,
    ATTRIBUTE_GROUPS,
    DAY_COLUMNS,
    EXCHANGE_SESSIONS,
    HUB_MODEL_COUNTERS,
    ROW_SOURCES,
    Table,
)
from dagster_project.lib.warehouse.sql_text import escaped, literal_path

Connection = duckdb.DuckDBPyConnection
logger = logging.getLogger(__name__)


class Load(NamedTuple):
    """A row of raw.loads."""

    source: str
    day: date
    load_id: str

    @property
    def name(self) -> str:
        return load_name(*self)


class Lost(NamedTuple):
    """A load that the warehouse has and whose files are missing or damaged."""

    load: Load
    problem: str

    def __str__(self) -> str:
        return f"{self.load.source} of {self.load.day}: {self.problem}"


def mend(connection: Connection, settings: Settings, *, contents: bool = False) -> list[Lost]:
    """Write again what snapshots/ lost and the warehouse has; returns what could not be written.

    Existence and size are looked at, with `contents` every byte. Each file that is mended is named. A damaged
    one is kept beside it under another name. Raises SnapshotError when there is no room.
    """
    loads = _loads(connection)
    _forget_what_is_gone(settings, loads)
    lost = [
        Lost(load, problem)
        for load in loads
        if (problem := _problem(connection, settings, load, contents=contents)) is not None
    ]
    for one in lost:
        snapshots.set_aside(snapshots.path_of(settings, *one.load))
    hopeless = []
    for of_one in _written_together(lost):
        source = of_one[0].load.source
        try:
            if source in DAYS:
                _write_day(connection, settings, of_one[0].load)
            else:
                _write_rows(connection, settings, source, [one.load for one in of_one], loads)
        except (duckdb.Error, LookupError) as error:
            hopeless += [Lost(one.load, f"{one.problem} ({str(error).splitlines()[0]})") for one in of_one]
        else:
            for one in of_one:
                logger.info(f"{one}; it was written again from the warehouse")
    return hopeless


def read_every_row(connection: Connection) -> None:
    """Raises duckdb.Error if any part of a raw table cannot be read."""
    tables = connection.execute(
        "select table_name from duckdb_tables() where schema_name = 'raw' and not temporary"
    ).fetchall()
    for (table,) in tables:
        connection.execute(f'select sum(hash(said)) from raw."{table}" as said').fetchall()


def write_missing_notes(connection: Connection, settings: Settings) -> None:
    """Give days without rows their files: homes of an earlier version kept them in the warehouse alone."""
    rows = connection.execute(
        "select snapshot_date, load_id from raw.hub_snapshots as said where not is_accepted and not exists ("
        "select 1 from raw.loads where source = ? and loads.snapshot_date = said.snapshot_date)",
        [NOTES],
    ).fetchall()
    for day, load_id in rows:
        _write_day(connection, settings, Load(NOTES, day, load_id))


def lost_by(connection: Connection, former: Path) -> list[str]:
    """What the warehouse at `former` holds and the open one does not, in words; empty if nothing."""
    connection.execute(f"attach '{escaped(former)}' as former (read_only)")
    try:
        present = {
            name: set(columns)
            for name, columns in connection.execute(
                "select table_name, list(column_name) from duckdb_columns() "
                "where database_name = 'former' and schema_name = 'raw' group by table_name"
            ).fetchall()
        }
        return [
            line
            for table in ALL_TABLES
            if table != EXCHANGE_SESSIONS and table.name in present
            for line in _lost_rows(connection, table, present[table.name])
        ]
    finally:
        connection.execute("detach former")


def _loads(connection: Connection) -> list[Load]:
    known = [*DAYS, *(source.name for source in ROW_SOURCES)]  # a newer version may have more
    rows = connection.execute(
        "select source, snapshot_date, load_id from raw.loads where list_contains(?, source) order by all",
        [known],
    ).fetchall()
    return [Load(*row) for row in rows]


def _forget_what_is_gone(settings: Settings, loads: Iterable[Load]) -> None:
    """Delete checksums of loads that are neither on disk nor known: a kill came before they were in place."""
    for name in checksums.said(settings.snapshots) - {load.name for load in loads}:
        if not any((settings.snapshots / f"{name}{suffix}").exists() for suffix in ("", ".parquet")):
            checksums.forget(settings.snapshots, name)


def _problem(connection: Connection, settings: Settings, load: Load, *, contents: bool) -> str | None:
    known = checksums.read(settings.snapshots, load.name)
    paths = {name: settings.snapshots / name for name in files_of(*load)}
    if known.keys() == paths.keys():
        return checksums.damage(settings.snapshots, known, contents=contents)
    missing = [path for path in paths.values() if not path.is_file()]
    if missing:
        return f"{missing[0]} is missing"
    problem = _unlike_the_warehouse(connection, load, list(paths.values()))
    if problem is None:
        with suppress(OSError):  # no room: the next writer does it
            files = {name: checksums.of_file(path) for name, path in paths.items()}
            checksums.write(settings.snapshots, load.name, files)
    return problem


def _unlike_the_warehouse(connection: Connection, load: Load, paths: list[Path]) -> str | None:
    """What is wrong with files of an earlier version, before they get a checksum; None if nothing is.

    Rows that a later load replaced are in no table: of those it is only known that they can be read.
    """
    path = paths[0]
    try:
        if load.source in DAYS:
            snapshot = snapshot_row(connection, load.day)
            sums = f"select count(*), sum(hash({', '.join(_columns_said(snapshot))})) from"
            found = connection.execute(f"{sums} read_parquet(?)", [literal_path(path)]).fetchall()
            if found != connection.execute(f"{sums} ({_day_sql(snapshot)})").fetchall():
                return f"{path} does not hold what the warehouse has of the day"
            return None
        (source,) = (one for one in ROW_SOURCES if one.name == load.source)
        for path, table in zip(paths, source.tables, strict=True):
            file = [literal_path(path)]
            connection.execute("select sum(hash(said)) from read_parquet(?) as said", file).fetchall()
            columns = stored_columns(connection, table)
            strange = (
                f"select 1 from (from {snapshots.rows_in_files(table, columns)} "
                f"except all select {columns} from {table.full_name}) limit 1"
            )
            if table not in source.replaced and connection.execute(strange, file).fetchall():
                return f"{path} holds rows that the warehouse does not have"
    except (duckdb.Error, LookupError) as error:
        return f"{path} cannot be read: {str(error).splitlines()[0]}"
    return None


def _written_together(lost: list[Lost]) -> list[list[Lost]]:
    """Days one by one, other sources' loads at once: which of them a row came with is not kept."""
    found: dict[tuple[object, ...], list[Lost]] = {}
    for one in lost:
        key = tuple(one.load) if one.load.source in DAYS else (one.load.source,)
        found.setdefault(key, []).append(one)
    return list(found.values())


def _write_day(connection: Connection, settings: Settings, load: Load) -> None:
    """Write a day's file, or its note, from the warehouse.

    The modification time of each model is the latest that any day saw: the day's own is not kept.
    """
    snapshot = snapshot_row(connection, load.day)
    connection.execute(f"create or replace temp table day_to_write as {_day_sql(snapshot)}")
    found, expected = count_rows(connection, "day_to_write"), snapshot["row_count"]
    if snapshot["is_accepted"] and found != expected:
        raise LookupError(f"the warehouse has {found} of its {expected} models")
    snapshots.put_in_place(snapshots.write_hub_day(connection, "day_to_write", settings, snapshot))
    connection.execute("drop table day_to_write")


def _day_sql(snapshot: dict[str, Any]) -> str:
    """What the warehouse has of a day, as its file has it: a row a model."""
    day = f"date '{snapshot['snapshot_date']}'"
    joins = " ".join(
        f"left join (from {table.full_name} where {_carries(snapshot, group)} and first_seen <= {day} "
        "qualify row_number() over (partition by model_key order by first_seen desc) = 1) "
        f"as {group} using (model_key)"
        for group, table in ATTRIBUTE_GROUPS.items()
    )
    return (
        f"select {', '.join(DAY_COLUMNS)} from (from raw.hub_model_counters where snapshot_date = {day}) "
        f"join raw.hub_models using (model_key) {joins} order by model_key"
    )


def _columns_said(snapshot: dict[str, Any]) -> list[str]:
    """Columns that the warehouse keeps as the day said them."""
    tables = [HUB_MODEL_COUNTERS]
    tables += [table for group, table in ATTRIBUTE_GROUPS.items() if _carries(snapshot, group) == "true"]
    said = {"hub_id", *(name for table in tables for name in table.column_names)}
    return [name for name in DAY_COLUMNS if name in said]


def _carries(snapshot: dict[str, Any], group: str) -> str:
    return "false" if group in (snapshot["lacks"] or []) else "true"


def _write_rows(
    connection: Connection, settings: Settings, name: str, lost: list[Load], loads: list[Load]
) -> None:
    """Write the loads of a source again: the newest gets the rows that no load on disk has.

    A table whose rows are replaced it gets whole: whatever earlier loads say is replaced once more by it, and
    later ones say what they said.
    """
    (source,) = (one for one in ROW_SOURCES if one.name == name)
    newest = max(lost, key=lambda load: load.load_id)
    kept = [load for load in loads if load.source == name and load not in lost]
    for load in lost:
        for table in source.tables:
            files = [literal_path(settings.snapshots / one.name / f"{table.name}.parquet") for one in kept]
            is_whole = table in source.replaced or not files
            columns = stored_columns(connection, table)
            rows = "" if is_whole else f"except all from {snapshots.rows_in_files(table, columns)}"
            connection.execute(
                f"create or replace temp table new_{table.name} as select {columns} from {table.full_name} "
                + (rows if load == newest else "limit 0"),
                [files] if rows and load == newest else [],
            )
        snapshots.write_rows(connection, settings, source, load.day, load.load_id)
    for table in source.tables:
        connection.execute(f"drop table new_{table.name}")


def _lost_rows(connection: Connection, table: Table, present: set[str]) -> list[str]:
    columns = ", ".join(name for name in table.column_names if name in present)
    if table != HUB_MODEL_COUNTERS:
        rows = f"select {columns} from"
        by_day = (
            f"select {_day_of(table)} as day, count(*) from ({rows} former.{table.full_name} "
            f"except all {rows} {table.full_name}) group by day order by day"
        )
    else:  # the largest by far: a sum for each day in place of its rows
        sums = f"select snapshot_date as day, count(*) as models, sum(hash({columns})) as said from"
        by_day = (
            f"select day, former.models from ({sums} former.{table.full_name} group by day) as former "
            f"anti join ({sums} {table.full_name} group by day) using (day, models, said) order by day"
        )
    return [
        f"{count:,} rows of {table.full_name}" + (f" of {day}" if day else "")
        for day, count in connection.execute(by_day).fetchall()
    ]


def _day_of(table: Table) -> str:
    return "snapshot_date" if "snapshot_date" in table.column_names else "null"


def refusal(settings: Settings, lost: list[str]) -> SnapshotError:
    """Why a rebuild stops that would lose something, and what to do."""
    shown = "; ".join(lost[:10]) + (f"; and {len(lost) - 10} more" if len(lost) > 10 else "")
    return SnapshotError(
        f"{settings.snapshots} does not hold all that {settings.warehouse} holds: {shown}. The warehouse "
        "was not changed. Restore what is missing from a backup and type `make rebuild` again, or "
        "`make rebuild ACCEPT=1` to go on without it."
    )
