"""Bringing a warehouse up to what snapshots/ holds.

Belongs here: applying loads that a warehouse lacks, and starting again from an empty one.
Does not belong here: the files themselves (record/snapshots), whether they are all there (audit) and storing
a day (hub/load_day, record/append).
"""

import logging
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import groupby
from pathlib import Path

import duckdb

from dagster_project.lib.hub import load_day
from dagster_project.lib.publish import publications
from dagster_project.lib.record import append, checksums, snapshots
from dagster_project.lib.record.snapshots import HubDay, RowLoad, SnapshotError
from dagster_project.lib.restore import audit
from dagster_project.lib.settings import Settings
from dagster_project.lib.warehouse.connection import (
    Damaged,
    WarehouseError,
    cannot_open,
    exclusive,
    reading,
    schema_version,
    writing,
)
from dagster_project.lib.warehouse.raw_tables import SCHEMA_VERSION

# a set of days is 300,000 rows or more, of which a file has 60 bytes each
SET_BYTES = 18_000_000

Load = HubDay | RowLoad
logger = logging.getLogger(__name__)


def roll_forward(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    *,
    goes_on: bool = False,
    done: Callable[[int], None] = lambda _: None,
) -> int:
    """Apply every load on disk that the warehouse lacks, many at once; returns how many there were.

    Raises SnapshotError for a load that is damaged; if it goes on, that is set aside.
    """
    applied = 0
    for loads in _sets(connection, snapshots.missing_loads(connection, settings)):
        applied += _apply(connection, settings, loads, goes_on=goes_on)
        done(applied)
    snapshots.drop_superseded_hub_files(settings)
    return applied


def _sets(connection: duckdb.DuckDBPyConnection, loads: Sequence[Load]) -> Iterator[Sequence[Load]]:
    """The loads in their order: days of the Hub up to SET_BYTES, all loads of another source together."""
    loaded = load_day.loaded_days(connection)
    for source, same in groupby(loads, lambda load: load.source if isinstance(load, RowLoad) else None):
        if source is not None:
            yield list(same)
            continue
        days: list[Load] = []
        size = 0
        for load in same:
            size += load.path.stat().st_size
            if days and (size > SET_BYTES or not loaded.isdisjoint((load.day, days[-1].day))):
                yield days
                days, size = [], load.path.stat().st_size
            days.append(load)
        yield days


def _apply(
    connection: duckdb.DuckDBPyConnection, settings: Settings, loads: Sequence[Load], *, goes_on: bool
) -> int:
    """Apply a set of loads, or if one of them cannot be, each by itself; returns how many were."""
    try:
        for load in loads:
            said = checksums.read(settings.snapshots, load.name)
            problem = checksums.damage(settings.snapshots, said, contents=True)
            if problem is not None:
                raise snapshots.damaged(load.path, problem)
            logger.info(f"loading {load.path.relative_to(settings.snapshots)}")
        days = [snapshots.with_snapshot(connection, load) for load in loads if isinstance(load, HubDay)]
        if days:
            load_day.restore_days(connection, settings, days)
        else:
            append.restore_rows(connection, [load for load in loads if isinstance(load, RowLoad)])
    except (SnapshotError, WarehouseError) as error:
        if len(loads) > 1:
            return sum(_apply(connection, settings, [load], goes_on=goes_on) for load in loads)
        if not goes_on or not isinstance(error, SnapshotError):
            raise
        snapshots.set_aside(loads[0].path)
        logger.info(f"{error} It was set aside.")
        return 0
    return len(loads)


@contextmanager
def up_to_date(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouse open for writing, with every load that is on disk, and every load of it on disk.

    Raises SnapshotError for a load that neither of them holds whole.
    """
    with writing(settings) as connection:
        with _reachable(settings):
            _tidy(settings)
            lost = audit.mend(connection, settings)
            if lost:
                raise audit.refusal(settings, [str(one) for one in lost])
            audit.write_missing_notes(connection, settings)
            roll_forward(connection, settings)
        yield connection


def rebuild(settings: Settings, done: Callable[[int], None] = lambda _: None) -> int:
    """Build the warehouse anew from snapshots/ and put it in the old one's place; returns the loads.

    The old warehouse stays until the new one is complete and holds all that the old one holds; what
    snapshots/ lost is written again from it first. One that cannot be read is kept under a dated name.
    Raises SnapshotError when something would be lost, unless `settings.accept`.
    """
    with exclusive(settings), _reachable(settings):
        _tidy(settings)
        has_old = _mend_from_the_old(settings)
        fresh = _fresh(settings)
        try:
            with writing(settings, fresh) as connection:
                loads = roll_forward(connection, settings, goes_on=settings.accept, done=done)
                lost = audit.lost_by(connection, settings.warehouse) if has_old else []
                connection.execute("checkpoint")  # else a part of it may be in a log beside it
            if lost and not settings.accept:
                raise audit.refusal(settings, lost)
            for line in lost:
                logger.info(f"{line}: given up, because ACCEPT=1")
            if loads == 0:
                logger.info(f"{settings.snapshots} holds no load: nothing to rebuild, nothing was changed.")
                return 0
            if settings.warehouse.exists() and not has_old:
                logger.info(f"The old warehouse is kept as {_set_aside(settings.warehouse).name}.")
            _wal(settings.warehouse).unlink(missing_ok=True)
            os.replace(fresh, settings.warehouse)
        finally:
            _remove(fresh)
    return loads


@contextmanager
def _reachable(settings: Settings) -> Iterator[None]:
    """A disk that is full, read-only or broken is one line that names the file."""
    try:
        yield
    except OSError as error:
        raise SnapshotError(
            f"Cannot write or read {error.filename or settings.snapshots}: {error.strerror or error}. What "
            "was there before stays. Make room (or mend the permissions) and run again."
        ) from error


def _tidy(settings: Settings) -> None:
    """Sweep away what killed writers left, and name what is not ours."""
    publications.remove_unfinished(settings)
    snapshots.remove_unfinished(settings)
    _remove(_fresh(settings))
    for path in snapshots.strangers(settings):
        logger.info(f"{path} is no load of Model Tide: it is left where it is and not read.")


def _mend_from_the_old(settings: Settings) -> bool:
    """Write what snapshots/ lost again from the old warehouse; False if none can be compared."""
    if not settings.warehouse.exists():
        return False
    try:
        with reading(settings.warehouse) as connection:
            audit.read_every_row(connection)
            version = schema_version(connection) or 0
    except duckdb.Error as error:
        refused = cannot_open(settings, settings.warehouse, error)
        if not isinstance(refused, Damaged):
            raise refused from error
        logger.info(
            f"{settings.warehouse} cannot be read ({str(error).splitlines()[0]}): nothing could be compared "
            "with it."
        )
        return False
    if version > SCHEMA_VERSION:
        logger.info(f"{settings.warehouse} is of a newer version: nothing could be compared with it.")
        return False
    try:
        with reading(settings.warehouse) as connection:
            # what cannot be written is found again when the new warehouse is compared with the old one
            audit.mend(connection, settings, contents=True)
            audit.write_missing_notes(connection, settings)
    except (duckdb.CatalogException, duckdb.BinderException) as error:
        logger.info(
            f"{settings.warehouse} is of a version that cannot be compared ({str(error).splitlines()[0]})."
        )
        return False
    if version == SCHEMA_VERSION:  # else a load that it lacks would look like rows that were lost
        with writing(settings) as connection:
            roll_forward(connection, settings, goes_on=settings.accept)
    return True


def _set_aside(warehouse: Path) -> Path:
    place = warehouse.with_name(f"warehouse.kept-{datetime.now():%Y%m%dT%H%M%S}.duckdb")
    warehouse.rename(place)
    if _wal(warehouse).exists():
        _wal(warehouse).rename(_wal(place))
    return place


def _fresh(settings: Settings) -> Path:
    return settings.warehouse.with_suffix(".rebuild")


def _remove(path: Path) -> None:
    for leftover in (path, _wal(path)):
        leftover.unlink(missing_ok=True)


def _wal(path: Path) -> Path:
    return path.with_name(path.name + ".wal")
