"""Bringing a warehouse up to what snapshots/ holds.

Belongs here: applying loads that a warehouse lacks, and starting again from an empty one.
Does not belong here: the files themselves (snapshots) and storing a day (hub_load, row_loads).
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import duckdb

from dagster_project.lib import hub_load, row_loads, snapshots
from dagster_project.lib.settings import Settings
from dagster_project.lib.warehouse import exclusive, writing

Report = Callable[[str], None]


def roll_forward(
    connection: duckdb.DuckDBPyConnection, settings: Settings, report: Report = lambda _: None
) -> int:
    """Apply every load on disk that the warehouse lacks; returns how many there were."""
    days, additions = snapshots.missing_loads(connection, settings)
    for day_file in days:
        report(f"loading {day_file.day} from {day_file.path.name}")
        hub_load.restore_day(connection, settings, snapshots.with_snapshot(day_file))
    for load in additions:
        report(f"loading {load.source.name} of {load.day} from {load.path.name}")
        row_loads.restore_rows(connection, load)
    return len(days) + len(additions)


@contextmanager
def up_to_date(settings: Settings, report: Report = lambda _: None) -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouse open for writing, with every load that is on disk."""
    with writing(settings) as connection:
        snapshots.remove_unfinished(settings)
        roll_forward(connection, settings, report)
        yield connection


def rebuild(settings: Settings, report: Report = print) -> int:
    """Build the warehouse anew from snapshots/ and put it in the old one's place; returns the loads.

    The old warehouse stays until the new one is complete. Days that were rejected are in landing and
    in no file: they are not in the new warehouse.
    """
    with exclusive(settings):
        fresh = settings.warehouse.with_suffix(".rebuild")
        for leftover in (fresh, fresh.with_name(fresh.name + ".wal")):
            leftover.unlink(missing_ok=True)
        with writing(settings, fresh) as connection:
            loads = roll_forward(connection, settings, report)
        if loads == 0:
            fresh.unlink()
            report(f"{settings.snapshots} holds no load: nothing to rebuild, nothing was changed.")
            return 0
        settings.warehouse.with_name(settings.warehouse.name + ".wal").unlink(missing_ok=True)
        os.replace(fresh, settings.warehouse)
    return loads
