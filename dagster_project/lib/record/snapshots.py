"""The files of snapshots/: one per load, all that is needed to build the warehouse again.

Belongs here: names of loads, writing a load's rows as Parquet before its transaction commits, reading them
back, and which loads on disk a warehouse lacks.
Does not belong here: how a day is stored in the raw tables (hub/load_day, append), and whether the files are
those that were written (checksums, restore/audit).

The Hub's past cannot be fetched again, so the file is the record and the warehouse is derived from it: a
load's file is in place before its commit, and a load whose commit was lost is applied when the warehouse is
opened next. `make rebuild` does the same from an empty warehouse.

A day of the Hub is one file, the newest that it has. Of a day without rows (rejected, a gap of the archive,
removed by hand) that is a note, which has the reason in its snapshot row.
"""

import os
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import duckdb
import orjson

from dagster_project.lib.errors import ModelTideError
from dagster_project.lib.files import sync
from dagster_project.lib.record import checksums
from dagster_project.lib.settings import Settings
from dagster_project.lib.warehouse import parquet
from dagster_project.lib.warehouse.connection import scalar
from dagster_project.lib.warehouse.raw_tables import ROW_SOURCES, Source, Table
from dagster_project.lib.warehouse.sql_text import escaped, literal_path, one_of

Connection = duckdb.DuckDBPyConnection
HUB, NOTES = "hub", "notes"
DAYS = (HUB, NOTES)  # a file for each day, the others have a folder for each load
ROW_GROUP = 20_480  # small enough that two threads share the work of a day of 50,000 models
DAMAGED = ".damaged"  # of what was set aside: no load, and never deleted
_TIMES = ("captured_from", "captured_at", "loaded_at", "created_until")
_NAME = re.compile(r"(\d{4}-\d{2}-\d{2})\.([^.]+)")
_STAMP = "%Y%m%dT%H%M%S_%f"


class SnapshotError(ModelTideError):
    """A file of snapshots/ cannot be written or read; the message names it."""


@dataclass(frozen=True)
class HubDay:
    """A file snapshots/hub/<day>.<load_id>.parquet: every raw column, the snapshot row as metadata.

    A note has no row and lies in snapshots/notes/.
    """

    path: Path
    day: date
    load_id: str
    snapshot: dict[str, Any]

    @property
    def name(self) -> str:
        return load_name(self.path.parent.name, self.day, self.load_id)


@dataclass(frozen=True)
class RowLoad:
    """A folder snapshots/<source>/<day>.<load_id>/ with the rows that one load added, a file per table."""

    source: Source
    path: Path
    day: date
    load_id: str

    @property
    def name(self) -> str:
        return load_name(self.source.name, self.day, self.load_id)


def load_name(source: str, day: date, load_id: str) -> str:
    """Where a load lies below snapshots/, of a day of the Hub without its suffix."""
    return f"{source}/{day}.{load_id}"


def path_of(settings: Settings, source: str, day: date, load_id: str) -> Path:
    """The file of a day of the Hub, or the folder of another source's load."""
    return settings.snapshots / (load_name(source, day, load_id) + _suffix_of(source))


def files_of(source: str, day: date, load_id: str) -> list[str]:
    """The files of a load, by their names below snapshots/."""
    name = load_name(source, day, load_id)
    if source in DAYS:
        return [f"{name}.parquet"]
    return [f"{name}/{t.name}.parquet" for known in ROW_SOURCES if known.name == source for t in known.tables]


def rows_in_files(table: Table, columns: str) -> str:
    """SQL of the rows of files of a table, one parameter; columns that came later are NULL, and `filename`
    may be one of the columns.
    """
    return (
        f"(select {columns} from "
        f"((from {table.full_name} limit 0) union all by name "
        "select *, filename from read_parquet(?, union_by_name = true)))"
    )


def new_load_id(connection: Connection) -> str:
    """Sorts after every load of the warehouse, also when the local clock was set back since."""
    now = datetime.now(UTC)
    newest = re.match(r"\d{8}T\d{6}_\d{6}", str(scalar(connection, "select max(load_id) from raw.loads")))
    if newest is not None:
        with suppress(ValueError, OverflowError):  # an id that is no time, or of the last of all times
            known = datetime.strptime(newest[0], _STAMP).replace(tzinfo=UTC)
            now = max(now, known + timedelta(microseconds=1))
    return f"{now:{_STAMP}}_{os.getpid()}"


def write_hub_day(connection: Connection, table: str, settings: Settings, snapshot: dict[str, Any]) -> Path:
    """Write the day's rows and the snapshot row as one file under a temporary name, which is returned.

    Of a day that is not accepted that is its note.
    """
    source = HUB if snapshot["is_accepted"] else NOTES
    load = (source, snapshot["snapshot_date"], snapshot["load_id"])
    target = path_of(settings, *load)
    temporary = target.with_suffix(".tmp")
    metadata = escaped(orjson.dumps({"snapshot": snapshot}).decode())
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        parquet.write(
            connection,
            HUB,
            f"from {table}",
            temporary,
            # of the defaults' CPU two thirds, for a file 2 % larger; nobody looks up single models in it
            f"compression_level 1, write_bloom_filter false, row_group_size {ROW_GROUP}, "
            f"kv_metadata {{model_tide: '{metadata}'}}",
        )
        sync(temporary)
        said = {name: checksums.of_file(temporary) for name in files_of(*load)}
        checksums.write(settings.snapshots, load_name(*load), said)
    except (duckdb.IOException, OSError) as error:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise _cannot_write(target, error) from error
    return temporary


def put_in_place(temporary: Path) -> None:
    """Give a written file its name: from now on the load counts, also if its commit is lost."""
    temporary.replace(temporary.with_suffix(".parquet"))
    sync(temporary.parent)


def write_rows(connection: Connection, settings: Settings, source: Source, day: date, load_id: str) -> Path:
    """Write the temporary tables `new_<table>` of a load of `source` as one folder."""
    name = load_name(source.name, day, load_id)
    target = path_of(settings, source.name, day, load_id)
    temporary = target.with_name(target.name + ".tmp")
    files = {}
    try:
        temporary.mkdir(parents=True)
        for table in source.tables:
            file = temporary / f"{table.name}.parquet"
            parquet.write(connection, table.name, f"from new_{table.name}", file)
            sync(file)
            files[f"{name}/{file.name}"] = checksums.of_file(file)
        checksums.write(settings.snapshots, name, files)
        temporary.replace(target)
        sync(target.parent)
    except (duckdb.IOException, OSError) as error:
        shutil.rmtree(temporary, ignore_errors=True)
        raise _cannot_write(target, error) from error
    return target


def hub_days(settings: Settings) -> list[HubDay]:
    """The newest file of each day, oldest day first; of a day without rows its note."""
    newest: dict[date, HubDay] = {}
    for path, day, load_id in _day_files(settings):
        if day not in newest or newest[day].load_id < load_id:
            newest[day] = HubDay(path, day, load_id, {})
    return [newest[day] for day in sorted(newest)]


def with_snapshot(connection: Connection, day_file: HubDay) -> HubDay:
    """The same with its snapshot row read from the file. Raises SnapshotError if that is none of it."""
    with reading_record(day_file.path):
        rows = connection.execute(
            "select decode(value) from parquet_kv_metadata(?) where decode(key) = 'model_tide'",
            [literal_path(day_file.path)],
        ).fetchall()
    try:
        snapshot: dict[str, Any] = orjson.loads(rows[0][0])["snapshot"]
        snapshot["snapshot_date"] = date.fromisoformat(snapshot["snapshot_date"])
        for name in _TIMES:
            if snapshot.get(name):
                snapshot[name] = datetime.fromisoformat(snapshot[name])
        said = (snapshot["snapshot_date"], snapshot["load_id"], NOTES if not snapshot["is_accepted"] else HUB)
    except (IndexError, KeyError, TypeError, ValueError) as error:
        raise damaged(day_file.path, "it does not say which day it holds") from error
    if said != (day_file.day, day_file.load_id, day_file.path.parent.name):
        raise damaged(day_file.path, f"it holds the load {load_name(said[2], said[0], said[1])}")
    return HubDay(day_file.path, day_file.day, day_file.load_id, snapshot)


def row_loads(settings: Settings, source: Source) -> list[RowLoad]:
    """Every load of a source, in the order in which they were made."""
    loads = [
        RowLoad(source, path, day, load_id)
        for path, day, load_id in _loads_in(settings.snapshots / source.name, "")
    ]
    return sorted(loads, key=lambda load: load.load_id)


@contextmanager
def reading_record(path: Path) -> Iterator[None]:
    """Whatever DuckDB says of a file of snapshots/ that it cannot read names the file and what to do."""
    try:
        yield
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error as error:
        raise damaged(path, str(error).splitlines()[0]) from error


def damaged(path: Path, reason: str) -> SnapshotError:
    """The error of a load that cannot be applied; the warehouse does not have it either."""
    return SnapshotError(
        f"{path} cannot be read as a load of Model Tide: {reason.rstrip('.')}. Restore it from a backup and "
        f"run again, or type `make rebuild ACCEPT=1`: it goes on without the load and keeps what there is of "
        f"it under a name that ends in {DAMAGED}."
    )


def set_aside(path: Path) -> None:
    """Keep a damaged file or folder under a name that no load has; what is missing is no matter."""
    if path.exists():
        places = (path.with_name(f"{path.name}{number or ''}{DAMAGED}") for number in count())
        path.rename(next(place for place in places if not place.exists()))


def record_loads(connection: Connection, loads: Sequence[tuple[str, date, str]]) -> None:
    """Note that files (source, day, load id) are in the warehouse; of a Hub day only the newest counts."""
    if days := [day for source, day, _ in loads if source in DAYS]:
        forget_loads_of(connection, days)
    holes = ", ".join("(?, ?, ?)" for _ in loads)
    connection.execute(f"insert into raw.loads values {holes}", [value for load in loads for value in load])


def forget_loads_of(connection: Connection, days: Sequence[date]) -> None:
    """Take days of the Hub out of raw.loads."""
    connection.execute(
        f"delete from raw.loads where list_contains(?, source) and snapshot_date in {one_of(days)}",
        [list(DAYS)],
    )


def missing_loads(connection: Connection, settings: Settings) -> list[HubDay | RowLoad]:
    """Loads on disk that the warehouse does not have, in the order in which to apply them."""
    known = {
        load_name(*load)
        for load in connection.execute("select source, snapshot_date, load_id from raw.loads").fetchall()
    }
    on_disk: list[HubDay | RowLoad] = [*hub_days(settings)]
    for source in ROW_SOURCES:
        on_disk += row_loads(settings, source)
    return [load for load in on_disk if load.name not in known]


def drop_superseded_hub_files(settings: Settings) -> None:
    """Delete the files of days that have a newer one; call it once that is committed."""
    newest = {day.path for day in hub_days(settings)}
    for path, day, load_id in list(_day_files(settings)):
        if path not in newest:
            path.unlink()
            checksums.forget(settings.snapshots, load_name(path.parent.name, day, load_id))


@contextmanager
def withdrawn(settings: Settings, day: date) -> Iterator[None]:
    """Take the files of a day away under temporary names; they come back if what follows fails."""
    moved = []
    for path, of_day, load_id in list(_day_files(settings)):
        if of_day == day:
            moved.append((path, path.replace(path.with_suffix(".tmp"))))
            checksums.forget(settings.snapshots, load_name(path.parent.name, day, load_id))
    try:
        yield
    except BaseException:
        for path, temporary in moved:
            temporary.replace(path)
        raise


def strangers(settings: Settings) -> list[Path]:
    """What lies in snapshots/ and is neither a load nor one that was set aside, nor a folder of ours."""
    found = []
    sources = {*DAYS, *(source.name for source in ROW_SOURCES)}
    for path in sorted(settings.snapshots.glob("*")):
        if path.name in sources and path.is_dir():
            loads = {load for load, _, _ in _loads_in(path, _suffix_of(path.name))}
            found += [one for one in sorted(path.iterdir()) if one not in loads and one.suffix != DAMAGED]
        elif path.name != checksums.FOLDER:
            found.append(path)
    return found


def remove_unfinished(settings: Settings) -> None:
    """Delete what a killed load left under a temporary name; the caller is the only writer."""
    for pattern in ("*/*.tmp", f"{checksums.FOLDER}/*/*.tmp"):
        for path in settings.snapshots.glob(pattern):
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()


def _suffix_of(source: str) -> str:
    return ".parquet" if source in DAYS else ""


def _day_files(settings: Settings) -> Iterator[tuple[Path, date, str]]:
    for source in DAYS:
        yield from _loads_in(settings.snapshots / source, _suffix_of(source))


def _loads_in(folder: Path, suffix: str) -> Iterator[tuple[Path, date, str]]:
    """Path, day and load id of everything in a folder that is named as a load is."""
    if not folder.is_dir():
        return
    for path in folder.iterdir():
        named = _NAME.fullmatch(path.name.removesuffix(suffix)) if path.name.endswith(suffix) else None
        if named is not None:
            with suppress(ValueError):  # 2026-02-31
                yield path, date.fromisoformat(named[1]), named[2]


def _cannot_write(path: Path, error: Exception) -> SnapshotError:
    return SnapshotError(
        f"Cannot write {path}: {error}. Nothing was loaded; landing keeps the pages. "
        "Make room (or mend the permissions) and run again."
    )
