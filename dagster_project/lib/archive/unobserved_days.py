"""Days that nobody observed: from the public archive or from a user's own file.

Belongs here: which source of a day wins, loading one, noting a gap of the archive, taking a day out again.
Does not belong here: asking the archive (backfill), reading columns (hub/read_files) and storing
(hub/load_day).
"""

import hashlib
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb

from dagster_project.lib.errors import ModelTideError
from dagster_project.lib.hub import crawl as hub
from dagster_project.lib.hub import file_days, load_day, own_files
from dagster_project.lib.hub.client import HubError
from dagster_project.lib.hub.day_rows import KEYED, empty_keyed
from dagster_project.lib.hub.read_files import FileRefused, Source, stage_file
from dagster_project.lib.record import snapshots
from dagster_project.lib.record.landing import day_folder
from dagster_project.lib.settings import Settings
from dagster_project.lib.warehouse.connection import limit_memory, scalar
from dagster_project.lib.warehouse.raw_tables import ATTRIBUTE_GROUPS

# the greater wins, in whatever order they come: what was seen, what its user chose, what others kept
OBSERVED, REMOVED = "observed", "removed"
RANKS = {"archive": 0, "import": 1, OBSERVED: 2}
IMPORT_SCOPE, IMPORT_ORIGIN = "import", "file"
HUB_SINCE = date(2019, 11, 1)  # models of others could be put there from then on

Connection = duckdb.DuckDBPyConnection


class NothingToRemove(ModelTideError):
    """The day is not there, or cannot be had again and is kept."""


@dataclass(frozen=True)
class PastDay:
    """What is said of the day in raw.hub_snapshots, beyond its rows."""

    day: date
    provenance: str
    origin: str
    scope: str
    scope_id: str
    captured_at: datetime | None = None
    top: int | None = None
    followed: Iterable[str] = ()


def short_provenance(provenance: str | None) -> str:
    """For readers: of a revision or a checksum the first eight characters."""
    kind, _, key = (provenance or "").partition(":")
    return f"{kind}:{key[:8]}" if key else kind


def standing(connection: Connection, day: date) -> str | None:
    """Provenance of the day as it is loaded, or None."""
    found = scalar(
        connection, "select provenance from raw.hub_snapshots where snapshot_date = ? and is_accepted", [day]
    )
    return None if found is None else str(found)


def is_outranked(provenance: str, present: str | None) -> bool:
    """Whether what is there stays: a better source, or the same file."""
    if present is None:
        return False
    return present == provenance or _rank(present) > _rank(provenance)


def load_past_day(
    connection: Connection, settings: Settings, source: Source, past: PastDay
) -> load_day.Loaded | None:
    """Load a day from a file in one transaction; None if a better source stands there already.

    Raises FileRefused, and WarehouseError for a day that does not belong among those here.
    """
    if is_outranked(past.provenance, standing(connection, past.day)):
        return None
    loaded, refused = load_past_days(connection, settings, [(source, past)])
    if refused:
        raise refused[past.day]
    return loaded[0]


def load_past_days(
    connection: Connection, settings: Settings, files: Sequence[tuple[Source, PastDay]]
) -> tuple[list[load_day.Loaded], dict[date, FileRefused]]:
    """Load days of one source in one transaction; returns them, and why the files of the others were refused.

    None may have a better source. A day that is loaded already comes alone (load_day.load_held). Raises
    WarehouseError for days that do not belong among those here.
    """
    said: list[dict[str, Any]] = []
    refused: dict[date, FileRefused] = {}
    empty_keyed(connection)
    for source, past in files:
        try:
            counts, lacks = stage_file(connection, source, settings, past.day, past.top, past.followed)
        except FileRefused as error:
            connection.execute(f"delete from {KEYED} where snapshot_date = ?", [past.day])
            refused[past.day] = error
            continue
        load_day.refuse_other_home(connection, past.origin, lacks)
        said.append(snapshot_of(connection, past) | counts | {"lacks": lacks})
    limit_memory(connection, sum(snapshot["row_count"] for snapshot in said))
    return load_day.load_held(connection, settings, said) if said else [], refused


def noted_gap(connection: Connection, day: date, provenance: str) -> str:
    """What was noted of this very revision before; empty if nothing was."""
    found = scalar(
        connection,
        "select array_to_string(reasons, '; ') from raw.hub_snapshots "
        "where snapshot_date = ? and provenance = ? and not is_accepted",
        [day, provenance],
    )
    return "" if found is None else str(found)


def note_gap(connection: Connection, settings: Settings, past: PastDay, reason: str) -> None:
    """Say why the archive has nothing for the day, unless something is said of it already."""
    if scalar(connection, "select count(*) from raw.hub_snapshots where snapshot_date = ?", [past.day]):
        return
    row = snapshot_of(connection, past) | {"is_accepted": False, "is_complete": None, "reasons": [reason]}
    load_day.load_note(connection, settings, row)


def import_file(connection: Connection, settings: Settings, path: Path, day: date) -> load_day.Loaded | None:
    """Load a user's own file as the day, or its rows of the day; None if the day was observed.

    Raises FileRefused, which says what is wrong with the file or the day.
    """
    if day < HUB_SINCE:
        raise FileRefused(
            f"DATE is {day}, and the Hub has models since {HUB_SINCE}; {path} was not read. Give the day it "
            "is about."
        )
    if not path.is_file():
        what = "is a folder, and" if path.is_dir() else "is"
        raise FileRefused(f"FILE {path} {what} not a file that is there. Nothing was loaded; check the path.")
    today = _today(settings)
    if day > today:
        raise FileRefused(
            f"DATE is {day}, in the future (it is {today}); {path} was not read. Give the day it is about."
        )
    try:
        with open(path, "rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise FileRefused(f"FILE {path} cannot be read: {error.strerror}. Nothing was loaded.") from error
    past = PastDay(day, f"import:{digest}", IMPORT_ORIGIN, IMPORT_SCOPE, IMPORT_SCOPE)
    if is_outranked(past.provenance, standing(connection, day)):
        return None
    with own_files.opened(connection, path, f"{path} ({day})", settings.cache / "import") as source:
        return load_past_day(connection, settings, file_days.of_day(connection, source, day), past)


def _today(settings: Settings) -> date:
    """By the Hub's clock; without a connection by this machine's."""
    try:
        return hub.probe(settings).day
    except HubError:
        return datetime.now(UTC).date()


def drop_day(connection: Connection, settings: Settings, day: date) -> str:
    """Take a day out; returns what it was. Raises NothingToRemove.

    A day of the archive or of a file is as if it had never been loaded. An observed one goes only with
    `settings.accept`: its rows and landed pages are deleted, and a note says so.
    """
    present = standing(connection, day)
    if present is None:
        raise NothingToRemove(f"No day {day} is loaded; nothing was removed.")
    if present != OBSERVED:
        load_day.remove_day(connection, settings, day)
        return present
    if not settings.accept:
        raise NothingToRemove(
            f"{day} was observed and cannot be had again: it stays. Nothing was removed. If it must go for "
            f"good, type `make drop DATE={day} ACCEPT=1`."
        )
    pages = day_folder(settings.landing, day)
    try:
        if pages.exists():  # first: with its pages a day that was removed could be loaded again
            shutil.rmtree(pages)
    except OSError as error:
        raise NothingToRemove(f"The pages in {pages} cannot be deleted: {error}. The day stays.") from error
    said = load_day.snapshot_row(connection, day)
    note = said | {
        "is_accepted": False,
        "reasons": [f"removed for good by make drop, with {said['row_count']:,} models"],
        "provenance": REMOVED,
        "loaded_at": datetime.now(UTC).replace(tzinfo=None),
        "load_id": snapshots.new_load_id(connection),
    }
    load_day.load_note(connection, settings, note)
    return present


def _rank(provenance: str) -> int:
    return RANKS[provenance.partition(":")[0]]


def snapshot_of(connection: Connection, past: PastDay) -> dict[str, Any]:
    """A row of raw.hub_snapshots for a day of which no rows are counted yet."""
    captured_at = None if past.captured_at is None else past.captured_at.astimezone(UTC).replace(tzinfo=None)
    return {
        "snapshot_date": past.day,
        "scope": past.scope,
        "scope_id": past.scope_id,
        "pages": None,
        "row_count": None,
        "duplicates": None,
        "overlap": None,
        "private_rows": None,
        "beyond_boundary": None,
        "created_until": None,
        "is_complete": True,
        "is_accepted": True,
        "reasons": [],
        "lacks": list(ATTRIBUTE_GROUPS),
        "provenance": past.provenance,
        "origin": past.origin,
        "captured_from": captured_at,
        "captured_at": captured_at,
        "loaded_at": datetime.now(UTC).replace(tzinfo=None),
        "load_id": snapshots.new_load_id(connection),
    }
