"""Days of the public archive into the warehouse, as many as are asked for.

Belongs here: which days to fetch, what that costs, fetching them and loading many at once, gaps.
Does not belong here: requests (client), bytes (byte_ranges) and storing (unobserved_days).

Some days are one transaction, and a day that is loaded is not fetched again: a backfill that was stopped
goes on where it was. What was fetched is deleted once it is loaded: the file of the day in snapshots/ is its
record.
"""

import logging
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

import duckdb

from dagster_project.lib.archive import byte_ranges, unobserved_days
from dagster_project.lib.archive.client import (
    FILE,
    KEPT,
    Archive,
    NotThere,
    RemoteFile,
    Revision,
    open_archive,
)
from dagster_project.lib.archive.unobserved_days import (
    PastDay,
    load_past_days,
    note_gap,
    short_provenance,
    standing,
)
from dagster_project.lib.errors import ModelTideError
from dagster_project.lib.hub.fields import BY_NAME
from dagster_project.lib.hub.load_day import SET_ROWS, Loaded
from dagster_project.lib.hub.read_files import FileRefused, parquet
from dagster_project.lib.seeds.tables import followed_publishers
from dagster_project.lib.settings import Settings

FIRST_DAY = date(2024, 7, 1)  # the archive has nothing before
NO_REVISION = "the archive has no revision of this day"
SAME_FILE = "the revision of this day holds the file of an earlier one"
NO_FILE = f"the revision of this day has no {FILE}"
REQUESTS_A_DAY = 2  # to the resolver: the day's file, and the one before to see that it is another
RESOLVER_QUOTA = "3,000 in 5 minutes, 5,000 with a free token"  # huggingface.co/docs/hub/rate-limits

Connection = duckdb.DuckDBPyConnection
logger = logging.getLogger(__name__)


class BackfillError(ModelTideError):
    """The days cannot be backfilled as asked, or some of them were refused; the message names them."""


@dataclass(frozen=True)
class Cost:
    """What the days will take: estimated from the first and the last of them."""

    days: int
    network_bytes: int
    disk_bytes: int
    columns_share: float

    def __str__(self) -> str:
        return (
            f"{self.days} days to fetch: about {_megabytes(self.network_bytes)} over the network (only the "
            f"needed columns, {self.columns_share:.0%} of the files), about {_megabytes(self.disk_bytes)} on "
            f"disk at most; {REQUESTS_A_DAY} requests a day of the resolver's quota ({RESOLVER_QUOTA})"
        )


@dataclass(frozen=True)
class Fetched:
    """The file of a day on disk; `said` ends the day's line once it is loaded."""

    past: PastDay
    path: Path
    name: str
    rows: int
    said: str


@dataclass
class Done:
    """How a backfill went, by day; `loaded` grows as it goes."""

    loaded: list[date] = field(default_factory=list)
    kept: list[date] = field(default_factory=list)
    gaps: list[date] = field(default_factory=list)
    refused: dict[date, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return (
            f"{len(self.loaded)} days loaded, {len(self.kept)} were there already, "
            f"{len(self.gaps)} are gaps of the archive, {len(self.refused)} were refused"
        )


def days_between(first: date, last: date, every: int = 1) -> list[date]:
    """Each `every`th day from the first on. Raises BackfillError for a range that cannot be."""
    if every < 1:
        raise BackfillError(f"EVERY is {every}; allowed: 1 (each day) or more. Nothing was fetched.")
    if first > last:
        raise BackfillError(f"FROM={first} is after TO={last}. Nothing was fetched; swap them.")
    if last > datetime.now(UTC).date():
        raise BackfillError(f"TO is {last}, in the future. Nothing was fetched.")
    if first < FIRST_DAY:
        raise BackfillError(f"FROM is {first}; the archive begins on {FIRST_DAY}. Nothing was fetched.")
    return [first + timedelta(days=number) for number in range(0, (last - first).days + 1, every)]


def backfill(
    connection: Connection,
    settings: Settings,
    days: list[date],
    loaded: Callable[[Loaded], None] = lambda _: None,
) -> Done:
    """Load the archive's revisions of these days; says what it costs first, then a line per day.

    Raises ArchiveError when the archive cannot be asked any further, and BackfillError at the end for days
    whose file was refused. Days that are loaded stay in either case.
    """
    archive = open_archive(settings)
    if days and max(days) > archive.asked_at.date():
        raise BackfillError(
            f"TO is {max(days)}, but the Hub's day is {archive.asked_at.date()}. Nothing was fetched."
        )
    folder = settings.landing / "archive"
    shutil.rmtree(folder, ignore_errors=True)  # what a killed backfill left
    wanted = [day for day in days if _is_wanted(connection, archive, day)]
    if wanted:
        cost = _estimate(archive, settings, wanted, folder)
        logger.info(str(cost))
        _refuse_without_room(settings, cost)
    done = Done()
    for some in _sets(connection, archive, settings, days, folder, done):
        lines = _load(connection, settings, some, done, loaded)
        for day, line in lines.items():
            logger.info(f"{day} ({days.index(day) + 1} of {len(days)}): {line}")
    shutil.rmtree(folder, ignore_errors=True)
    logger.info(str(done))
    if done.refused:
        raise BackfillError("\n".join(done.refused.values()) + f"\n{done}.")
    return done


def _sets(
    connection: Connection, archive: Archive, settings: Settings, days: list[date], folder: Path, done: Done
) -> Iterator[dict[date, Fetched | str]]:
    """What became of each day (its file, or its line), as many days at once as are loaded together.

    What was fetched before an error is yielded before it is raised.
    """
    some: dict[date, Fetched | str] = {}
    rows = 0
    for day in days:
        try:
            found = _fetched(connection, archive, settings, day, folder, done)
        except FileRefused as error:
            done.refused[day] = found = str(error)
        except ModelTideError:
            yield some
            raise
        # a day that is replaced comes alone (load_day.load_held)
        is_alone = isinstance(found, Fetched) and standing(connection, day) is not None
        if rows and isinstance(found, Fetched) and (is_alone or rows + found.rows > SET_ROWS):
            yield some
            some, rows = {}, 0
        some[day] = found
        rows += found.rows if isinstance(found, Fetched) else 0
        if not rows or is_alone:
            yield some
            some, rows = {}, 0
    yield some


def _load(
    connection: Connection,
    settings: Settings,
    some: dict[date, Fetched | str],
    done: Done,
    loaded: Callable[[Loaded], None],
) -> dict[date, str]:
    """Load what was fetched; returns the line of each day."""
    fetched = [one for one in some.values() if isinstance(one, Fetched)]
    if not fetched:
        return {day: str(line) for day, line in some.items()}
    results, refused = load_past_days(
        connection, settings, [(parquet(one.path, one.name), one.past) for one in fetched]
    )
    done.refused |= {day: str(error) for day, error in refused.items()}
    for result in results:
        done.loaded.append(result.day)
        loaded(result)
    counted = {one.day: f"{one.row_count:,} models, {one.new_models:,} of them new" for one in results}
    lines = {}
    for day, one in some.items():
        if isinstance(one, Fetched):
            one.path.unlink()
            lines[day] = done.refused.get(day) or f"{counted[day]}, {one.said}"
        else:
            lines[day] = one
    return lines


def _fetched(
    connection: Connection, archive: Archive, settings: Settings, day: date, folder: Path, done: Done
) -> Fetched | str:
    """The day's file, or why there is none. Raises FileRefused for one that cannot be had."""
    revision = archive.revisions.get(day)
    past = past_day(archive.origin, settings, followed_publishers(settings), day, revision)
    present = standing(connection, day)
    if unobserved_days.is_outranked(past.provenance, present):
        done.kept.append(day)
        return f"kept as it is ({short_provenance(str(present))})"
    gap = _noted_gap(connection, day, past.provenance) or _gap(archive, day, revision)
    file = archive.locate(revision.sha, day) if revision and not gap else None
    if file is None:
        done.gaps.append(day)
        note_gap(connection, settings, past, gap)
        return f"a gap: {gap}"
    path = folder / f"{day}.parquet"
    read = partial(archive.read, file, day)
    name = f"{FILE} of {day} ({short_provenance(past.provenance)})"
    try:
        layout = byte_ranges.read_layout(read, file.size, BY_NAME, path)
        byte_ranges.fetch_ranges(read, layout, path)
    except (byte_ranges.BrokenFile, NotThere) as error:
        what = "cannot be fetched" if isinstance(error, NotThere) else "is damaged"
        raise FileRefused(
            f"{name} {what}: {str(error).removesuffix(KEPT).rstrip('. ')}. Nothing was loaded of it; try "
            "again later, or leave the day out."
        ) from error
    said = f"{_megabytes(layout.bytes)} in {len(layout.ranges)} requests, {short_provenance(past.provenance)}"
    return Fetched(past, path, name, layout.rows, said)


def past_day(
    origin: str, settings: Settings, followed: list[str], day: date, revision: Revision | None
) -> PastDay:
    """What is said of a day of the archive; `origin` is who listed its commits."""
    return PastDay(
        day=day,
        provenance=f"archive:{revision.sha}" if revision else "archive",
        origin=origin,
        scope=settings.scope,
        scope_id=settings.scope_id(followed),
        captured_at=revision.committed_at if revision else None,
        top=settings.hub_top if settings.scope == "top" else None,
        followed=followed,
    )


def _gap(archive: Archive, day: date, revision: Revision | None) -> str:
    """Why the archive says nothing about the day; empty if it does."""
    if revision is None:
        return NO_REVISION
    file = archive.locate(revision.sha, day)
    if file is None:
        return NO_FILE
    before = archive.locate(revision.before, day) if revision.before else None
    return SAME_FILE if before is not None and before.etag == file.etag else ""


def _noted_gap(connection: Connection, day: date, provenance: str) -> str:
    """Why this very revision was a gap before; a file that a mirror did not have it may have now."""
    noted = unobserved_days.noted_gap(connection, day, provenance)
    return "" if noted == NO_FILE else noted


def _is_wanted(connection: Connection, archive: Archive, day: date) -> bool:
    revision = archive.revisions.get(day)
    if revision is None:
        return False
    provenance = f"archive:{revision.sha}"
    is_there = unobserved_days.is_outranked(provenance, standing(connection, day))
    return not is_there and not _noted_gap(connection, day, provenance)


def _estimate(archive: Archive, settings: Settings, wanted: list[date], folder: Path) -> Cost:
    """From the footers of the first and the last file; the archive grows steadily between them."""
    sampled = dict(filter(None, (_first_file(archive, days) for days in (wanted, wanted[::-1]))))
    network = disk = whole = 0.0
    for day, file in sampled.items():
        try:
            layout = byte_ranges.read_layout(
                partial(archive.read, file, day), file.size, BY_NAME, folder / f"{day}.footer"
            )
        except (byte_ranges.BrokenFile, NotThere):
            continue  # said when its turn comes
        network += layout.bytes
        whole += layout.size
        kept = min(1.0, settings.hub_top / max(1, layout.rows)) if settings.scope == "top" else 1.0
        disk += layout.bytes * kept
    share = len(wanted) / max(1, len(sampled))
    return Cost(len(wanted), int(network * share), int(disk * share), network / whole if whole else 1.0)


def _first_file(archive: Archive, days: list[date]) -> tuple[date, RemoteFile] | None:
    """The first of the days whose revision has the file; what the resolver says of the others is kept."""
    located = ((day, archive.locate(archive.revisions[day].sha, day)) for day in days)
    return next(((day, file) for day, file in located if file is not None), None)


def _refuse_without_room(settings: Settings, cost: Cost) -> None:
    free = shutil.disk_usage(settings.home).free
    if free < cost.disk_bytes:
        raise BackfillError(
            f"{cost}. Only {_megabytes(free)} are free at {settings.home}: nothing was fetched. Make room, "
            "ask for fewer days (EVERY=7), or set HUB_TOP lower."
        )


def _megabytes(count: float) -> str:
    return f"{count / 1e6:,.1f} MB" if count < 1e9 else f"{count / 1e9:,.1f} GB"
