"""The files of snapshots/: one per load, all that is needed to build the warehouse again.

Belongs here: writing a load's rows as Parquet before its transaction commits, reading them back, and
rolling a warehouse forward to what is on disk.
Does not belong here: how a day is stored in the raw tables (hub_load, row_loads).

The Hub's past cannot be fetched again, so the file is the record and the warehouse is derived from it: a
load's file is in place before its commit, and a load whose commit was lost is applied when the warehouse is
opened next. `make rebuild` does the same from an empty warehouse.
"""

import os
import shutil
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import orjson

from dagster_project.lib.errors import ModelTideError
from dagster_project.lib.raw_tables import ROW_SOURCES, Source
from dagster_project.lib.settings import Settings
from dagster_project.lib.sql_text import escaped

Connection = duckdb.DuckDBPyConnection
ROW_GROUP = 20_480  # small enough that two threads share the work of a day of 50,000 models
_TIMES = ("captured_from", "captured_at", "loaded_at", "created_until")


class SnapshotError(ModelTideError):
    """A file of snapshots/ cannot be written or read; the message names it."""


@dataclass(frozen=True)
class HubDay:
    """A file snapshots/hub/<day>.<load_id>.parquet: every raw column, the snapshot row as metadata."""

    path: Path
    day: date
    load_id: str
    snapshot: dict[str, Any]


@dataclass(frozen=True)
class RowLoad:
    """A folder snapshots/<source>/<day>.<load_id>/ with the rows that one load added, a file per table."""

    source: Source
    path: Path
    day: date
    load_id: str


def new_load_id(now: datetime) -> str:
    """Sorts by time; the process keeps two loads of one microsecond apart."""
    return f"{now:%Y%m%dT%H%M%S_%f}_{os.getpid()}"


def write_hub_day(connection: Connection, table: str, settings: Settings, snapshot: dict[str, Any]) -> Path:
    """Write the day's rows and the snapshot row as one file under a temporary name, which is returned."""
    target = _hub_folder(settings) / f"{snapshot['snapshot_date']}.{snapshot['load_id']}.parquet"
    temporary = target.with_suffix(".tmp")
    metadata = escaped(orjson.dumps({"snapshot": snapshot}).decode())
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        connection.execute(
            f"copy {table} to '{escaped(temporary)}' "
            f"(format parquet, compression zstd, row_group_size {ROW_GROUP}, "
            f"kv_metadata {{model_tide: '{metadata}'}})"
        )
        _sync(temporary)
    except (duckdb.IOException, OSError) as error:
        temporary.unlink(missing_ok=True)
        raise _cannot_write(target, error) from error
    return temporary


def put_in_place(temporary: Path) -> None:
    """Give a written file its name: from now on the load counts, also if its commit is lost."""
    temporary.replace(temporary.with_suffix(".parquet"))
    _sync(temporary.parent)


def write_rows(connection: Connection, settings: Settings, source: Source, day: date, load_id: str) -> Path:
    """Write the temporary tables `new_<table>` of a load of `source` as one folder."""
    target = settings.snapshots / source.name / f"{day}.{load_id}"
    temporary = target.with_name(target.name + ".tmp")
    try:
        temporary.mkdir(parents=True)
        for table in source.tables:
            file = temporary / f"{table.name}.parquet"
            connection.execute(
                f"copy new_{table.name} to '{escaped(file)}' (format parquet, compression zstd)"
            )
            _sync(file)
        temporary.replace(target)
        _sync(target.parent)
    except (duckdb.IOException, OSError) as error:
        shutil.rmtree(temporary, ignore_errors=True)
        raise _cannot_write(target, error) from error
    return target


def hub_days(settings: Settings) -> list[HubDay]:
    """The newest file of each day, oldest day first."""
    newest: dict[date, Path] = {}
    for path in sorted(_hub_folder(settings).glob("????-??-??.*.parquet")):
        newest[date.fromisoformat(path.name[:10])] = path
    return [
        HubDay(path, day, path.name[11:].removesuffix(".parquet"), {}) for day, path in sorted(newest.items())
    ]


def with_snapshot(day_file: HubDay) -> HubDay:
    """The same with its snapshot row read from the file. Raises SnapshotError if it has none."""
    try:
        with duckdb.connect() as reader:
            rows = reader.execute(
                "select decode(value) from parquet_kv_metadata(?) where decode(key) = 'model_tide'",
                [str(day_file.path)],
            ).fetchall()
        snapshot: dict[str, Any] = orjson.loads(rows[0][0])["snapshot"]
    except (duckdb.Error, IndexError, KeyError, orjson.JSONDecodeError) as error:
        raise SnapshotError(
            f"{day_file.path} cannot be read as a day of Model Tide: {error}. "
            "Restore it from a backup, or move it away to build without that day."
        ) from error
    snapshot["snapshot_date"] = date.fromisoformat(snapshot["snapshot_date"])
    for name in _TIMES:
        if snapshot.get(name):
            snapshot[name] = datetime.fromisoformat(snapshot[name])
    return HubDay(day_file.path, day_file.day, day_file.load_id, snapshot)


def row_loads(settings: Settings, source: Source) -> list[RowLoad]:
    """Every load of a source, in the order in which they were made."""
    folders = (settings.snapshots / source.name).glob("????-??-??.*")
    loads = [
        RowLoad(source, path, date.fromisoformat(path.name[:10]), path.name[11:])
        for path in folders
        if not path.name.endswith(".tmp")
    ]
    return sorted(loads, key=lambda load: load.load_id)


def record_load(connection: Connection, source: str, day: date, load_id: str) -> None:
    """Note that a file is in the warehouse; of a Hub day only the newest counts."""
    if source == "hub":
        connection.execute("delete from raw.loads where source = 'hub' and snapshot_date = ?", [day])
    connection.execute("insert into raw.loads values (?, ?, ?)", [source, day, load_id])


def missing_loads(connection: Connection, settings: Settings) -> tuple[list[HubDay], list[RowLoad]]:
    """Loads on disk that the warehouse does not have, in the order in which to apply them."""
    known = set(connection.execute("select source, snapshot_date, load_id from raw.loads").fetchall())
    return (
        [h for h in hub_days(settings) if ("hub", h.day, h.load_id) not in known],
        [
            load
            for source in ROW_SOURCES
            for load in row_loads(settings, source)
            if (source.name, load.day, load.load_id) not in known
        ],
    )


def drop_superseded_hub_files(settings: Settings, day: date, load_id: str | None) -> None:
    """Delete the files of a day but the one of this load, once its commit or the removal's is done."""
    for path in _hub_folder(settings).glob(f"{day}.*.parquet"):
        if path.name != f"{day}.{load_id}.parquet":
            path.unlink()


def remove_unfinished(settings: Settings) -> None:
    """Delete what a killed load left under a temporary name; the caller is the only writer."""
    for path in settings.snapshots.glob("*/*.tmp"):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


def _hub_folder(settings: Settings) -> Path:
    return settings.snapshots / "hub"


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _cannot_write(path: Path, error: Exception) -> SnapshotError:
    return SnapshotError(
        f"Cannot write {path}: {error}. Nothing was loaded; landing keeps the pages. "
        "Make room (or mend the permissions) and run again."
    )
