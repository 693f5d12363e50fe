"""The product's own steps as calls that a process of its own makes.

Belongs here: what such a process runs, and how its end is known.
Does not belong here: when it is killed (kills) and how little room it has (disk).
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dagster_project.lib.archive import unobserved_days
from dagster_project.lib.errors import ModelTideError
from dagster_project.lib.hub import crawl as hub
from dagster_project.lib.hub.load_day import load_crawl
from dagster_project.lib.publish import file as publish
from dagster_project.lib.record.landing import newest_complete
from dagster_project.lib.restore import rebuild
from dagster_project.lib.seeds.tables import followed_publishers
from dagster_project.lib.settings import Settings
from dagster_project.lib.sources.models_dev import snapshot_catalogue
from dagster_project.lib.warehouse.connection import reading, scalar
from tests.faults.processes import CONTEXT, start, with_room_for
from tests.soak.homes import FIRST, IMPORTED, SECOND, TO_IMPORT
from tests.soak.promises import BrokenPromise

CONTEXT.set_forkserver_preload([__name__])
ENDLESS = 1 << 40


def crawl(settings: Settings) -> None:
    hub.crawl(settings, SECOND, followed_publishers(settings))


def load(settings: Settings) -> None:
    """The landed day, and the catalogue of that day: a load of the Hub and one of rows."""
    scope_id = settings.scope_id(followed_publishers(settings))
    with rebuild.up_to_date(settings) as connection:
        load_crawl(connection, newest_complete(settings.landing, SECOND, scope_id), settings)
        snapshot_catalogue(connection, settings, SECOND, datetime.now(UTC))


def publish_what_is_built(settings: Settings) -> None:
    """As the product does, which builds the SQL models first: a warehouse without them is not published."""
    with reading(settings.warehouse) as connection:
        is_built = scalar(connection, "select count(*) from duckdb_tables() where schema_name = 'marts'")
    if is_built:
        publish.publish(settings)


def build_anew(settings: Settings) -> None:
    rebuild.rebuild(settings)


def import_file(settings: Settings, file: Path) -> None:
    with rebuild.up_to_date(settings) as connection:
        unobserved_days.import_file(connection, settings, file, TO_IMPORT)


def drop(settings: Settings) -> None:
    """A day of a file; one that is gone already needs no dropping."""
    with rebuild.up_to_date(settings) as connection, suppress(unobserved_days.NothingToRemove):
        unobserved_days.drop_day(connection, settings, IMPORTED)


def drop_observed(settings: Settings) -> None:
    """A day that was observed, for good: a note takes its place."""
    accepting = replace(settings, accept=True)
    with rebuild.up_to_date(accepting) as connection, suppress(unobserved_days.NothingToRemove):
        unobserved_days.drop_day(connection, accepting, FIRST)


def open_again(settings: Settings) -> None:
    with rebuild.up_to_date(settings):
        pass


def ends_well(work: Callable[..., None], *arguments: Any) -> None:
    """Do the work in a process of its own. Raises BrokenPromise with the error that it ended with."""
    error = error_of(work, *arguments)
    if error:
        raise BrokenPromise(f"the next step, {work.__name__}, ended with {': '.join(error)}")


def is_one_line_of_ours(kind: str, text: str) -> bool:
    """Whether it is a ModelTideError by the name of its class, and a line."""
    known, classes = set[str](), [ModelTideError]
    while classes:
        known.add(classes[-1].__name__)
        classes += classes.pop().__subclasses__()
    return kind in known and "\n" not in text.strip()


def error_of(work: Callable[..., None], *arguments: Any, limit: int = ENDLESS) -> tuple[str, str] | None:
    """Kind and text of the error that the work ended with in a process of its own, where no file can grow
    beyond the limit; None if it ended well.
    """
    ours, theirs = CONTEXT.Pipe()
    with ours:
        process = start(with_room_for, theirs, limit, work, *arguments)
        theirs.close()
        process.join()
        if process.exitcode:
            return "crash", f"{work.__name__} ended with exit code {process.exitcode}"
        said: tuple[str, str] | None = ours.recv()
    return said
