"""Processes that do the product's work and may be killed, starved or held open by a test.

Belongs here: what a child process runs, and how it dies at a chosen moment.
Does not belong here: claims.

The children are forked from a clean server process that has the library imported: 20 ms each.
"""

import errno
import multiprocessing
import os
import resource
import signal
import sys
import time
from collections.abc import Callable
from datetime import date, datetime
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from dagster_project.lib.archive import unobserved_days
from dagster_project.lib.archive.backfill import backfill
from dagster_project.lib.hub import crawl as hub
from dagster_project.lib.hub.load_day import load_crawl
from dagster_project.lib.lake.write import write_lake
from dagster_project.lib.publish.file import publish
from dagster_project.lib.record.landing import newest_complete
from dagster_project.lib.restore.rebuild import up_to_date
from dagster_project.lib.settings import Settings
from dagster_project.lib.warehouse.connection import exclusive

CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload([__name__])


class Moment(NamedTuple):
    """Just before the `nth` audit event (os.rename, open, ...) whose first arguments end so."""

    event: str
    ending: str
    nth: int = 1


def start(work: Callable[..., None], *arguments: Any) -> Any:
    """The started process; `kill()` it or `join()` it."""
    process = CONTEXT.Process(target=work, args=arguments)
    process.start()
    return process


def crawl_day(settings: Settings, day: date, moment: Moment | None = None) -> None:
    _die_at(moment)
    hub.crawl(settings, day, [])


def load_day(settings: Settings, day: date, moment: Moment | None = None) -> None:
    """Load the day's landed crawl, as the asset does."""
    _die_at(moment)
    with up_to_date(settings) as connection:
        load_crawl(connection, newest_complete(settings.landing, day, settings.scope_id([])), settings)
        if moment == AFTER_COMMIT:
            os.kill(os.getpid(), signal.SIGKILL)


def drop_a_day(settings: Settings, day: date, moment: Moment | None = None) -> None:
    _die_at(moment)
    with up_to_date(settings) as connection:
        unobserved_days.drop_day(connection, settings, day)


def make_lake(settings: Settings, moment: Moment | None = None) -> None:
    _die_at(moment)
    write_lake(settings)


def backfill_days(settings: Settings, days: list[date]) -> None:
    """The days of the archive, as the asset loads them."""
    with up_to_date(settings) as connection:
        backfill(connection, settings, days)


AFTER_COMMIT = Moment("", "after the commit, before the warehouse is closed")


def with_room_for(said: Connection, limit: int, work: Callable[..., None], *arguments: Any) -> None:
    """Do the work while no file can grow beyond `limit` bytes; say the error, or None."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    try:
        work(*arguments)
    except Exception as error:
        said.send((type(error).__name__, str(error)))
    else:
        said.send(None)


def crawl_into_a_disk_that_fills(settings: Settings, day: date, pages: int) -> None:
    """After so many pages nothing can be written any more."""

    def fill(progress: hub.Progress) -> None:
        if progress.page.number + 1 == pages:
            resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))

    hub.crawl(settings, day, [], report=fill)


DEEDS = ("open", "os.rename", "os.mkdir", "os.remove", "os.rmdir", "os.link", "os.symlink")


def call(said: Connection, settings: Settings, last: int, work: Callable[..., None], *arguments: Any) -> None:
    """Do the work; say when it begins, and at its end the seconds that it took and its deeds in the home.

    Just before the deed number `last`, the process dies.
    """
    done = 0

    def hook(event: str, about: tuple[Any, ...]) -> None:
        nonlocal done
        if event in DEEDS and str(about[0]).startswith(str(settings.home)):
            done += 1
            if done == last:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)
    said.send("it begins")
    started = time.monotonic()
    work(settings, *arguments)
    said.send((time.monotonic() - started, done))


def publish_again(settings: Settings, moment: Moment | None = None) -> None:
    _die_at(moment)
    publish(settings)


def publish_where(said: Connection, settings: Settings, refused: str) -> None:
    """Publish on a file system that refuses a kind of link: os.symlink or os.link. Say the error, or None."""

    def hook(event: str, _: tuple[Any, ...]) -> None:
        if event == refused:
            raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    sys.addaudithook(hook)
    with_room_for(said, resource.RLIM_INFINITY, publish, settings)


def read_while_published(said: Connection, settings: Settings) -> None:
    """Read both forms until told to stop; say how often, and the times of publications, or the error."""
    found: list[list[datetime]] = []
    try:
        while not (found and said.poll()):
            found.append([*times_through_the_links(settings), *times_of_one_version(settings)])
    except Exception as error:
        said.send(repr(error))
    else:
        said.send(found)


def times_through_the_links(settings: Settings) -> tuple[datetime, datetime]:
    """When the publications were made that the DuckDB file and then the Parquet say they are of."""
    return _times(settings.published)


def times_of_one_version(settings: Settings) -> tuple[datetime, datetime]:
    """The same for a reader that follows the link once."""
    return _times((settings.published / "current").resolve())


def _times(folder: Path) -> tuple[datetime, datetime]:
    with duckdb.connect(str(folder / "modeltide.duckdb"), read_only=True) as reader:
        in_file = reader.execute("select published_at from about").fetchall()[0][0]
    with duckdb.connect() as reader:
        rows = reader.read_parquet(str(folder / "parquet" / "about.parquet")).fetchall()
    return in_file, rows[0][0]


def hold_the_lock(said: Connection, settings: Settings) -> None:
    with exclusive(settings):
        said.send("holding")
        said.recv()


def write_a_database(said: Connection, path: str) -> None:
    with duckdb.connect(path):
        said.send("open")
        said.recv()


def read_a_database(said: Connection, path: str) -> None:
    with duckdb.connect(path, read_only=True) as reader:
        said.send(reader.execute("select count(*) from duckdb_tables()").fetchall())
        said.recv()


def _die_at(moment: Moment | None) -> None:
    """Kill this process at the moment; audit events come before the deed, so it is not done."""
    if moment is None or not moment.event:
        return
    left = [moment.nth]

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event == moment.event and any(str(a).endswith(moment.ending) for a in arguments[:2]):
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)
