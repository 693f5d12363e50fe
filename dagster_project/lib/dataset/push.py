"""`make push`: what the datasets lack of the record and of the publication.

Belongs here: what goes to which dataset, what is refused, and the order of the commits.
Does not belong here: how a dataset is reached (place), the record's tars (days) and the card (card).

`MODELTIDE_DATASET` gets what the seed table_terms lets anybody pass on. `MODELTIDE_PRIVATE_DATASET` gets all
of it, once the Hub itself has said that it is private.
"""

import tempfile
from collections.abc import Mapping
from contextlib import closing, nullcontext
from pathlib import Path
from typing import NamedTuple

import duckdb

from dagster_project.lib.dataset import card, days
from dagster_project.lib.dataset.days import Record
from dagster_project.lib.dataset.place import Dataset, PlaceError, is_same
from dagster_project.lib.dataset.pull import record_at
from dagster_project.lib.publish import publications
from dagster_project.lib.publish.publications import FILE, PARQUET
from dagster_project.lib.publish.terms import redistributable
from dagster_project.lib.settings import Settings
from dagster_project.lib.warehouse.connection import reading, scalar

CARD = "README.md"
DAYS_AT_ONCE = 50  # of a commit


class Refused(PlaceError):
    """Nothing was uploaded: what is here must not go there, or not yet."""


class Pushed(NamedTuple):
    """What was done at a dataset."""

    page: str
    commits: int
    files: int
    bytes: int


def push(warehouse: duckdb.DuckDBPyConnection, settings: Settings) -> list[Pushed]:
    """Bring each dataset up to this home; `warehouse` is up to date with its record, and nobody else writes.

    Without a token there is nothing to do. Raises Refused, before the first dataset is written, for invented
    days, for a record that is longer there, and where prices would be shown; and PlaceError.
    """
    _refuse_invented(warehouse)
    if settings.hub_token is None:
        return []
    published = publications.current(settings)
    is_published = (published / FILE).exists()  # the record is what cannot be had again: it waits for nothing
    with closing(reading(published / FILE)) if is_published else nullcontext(warehouse) as publication:
        ours = days.held_by(settings)
        free = redistributable(publication, "main" if is_published else "seeds")
        plans = []
        for name, is_whole in ((settings.private_dataset, True), (settings.dataset, False)):
            if name is not None:
                place = Dataset(settings, name)
                there = record_at(place)
                if is_whole:
                    _refuse_public(place)
                else:
                    _refuse_what_is_shown(place, there, free)
                _refuse_shorter(settings, place, there, ours)
                record = ours if is_whole else days.redistributable(ours, free)
                files, readme = {}, ""
                if is_published:
                    files = _published(published / PARQUET, None if is_whole else free)
                    readme = card.text(publication, name, files, is_whole=is_whole)
                plans.append((place, there, record, files, readme))
        with days.room_for_it(settings):
            return [_push_to(settings, *plan) for plan in plans]


def _refuse_invented(warehouse: duckdb.DuckDBPyConnection) -> None:
    day = scalar(warehouse, "select min(snapshot_date) from raw.hub_snapshots where origin = 'synthetic'")
    if day is not None:
        raise Refused(
            f"The day {day} of this data home is synthetic: invented data is never uploaded, and nothing was "
            "now. Set MODELTIDE_HOME to the home of your real days."
        )


def _refuse_public(place: Dataset) -> None:
    if not place.is_private:
        raise Refused(
            f"MODELTIDE_PRIVATE_DATASET is {place.name}, which the Hub says is public: prices and returns "
            "would be redistributed, and nothing was uploaded. Make it private at the Hub, or "
            "name it as MODELTIDE_DATASET, which gets only what may be passed on."
        )


def _refuse_what_is_shown(place: Dataset, there: Record, free: frozenset[str]) -> None:
    shown = sorted(there.keys() - days.redistributable(there, free).keys())
    if shown:
        raise Refused(
            f"MODELTIDE_DATASET is {place.name}, which holds what may not be passed on ({shown[0]}), and "
            "nothing was uploaded. Name it as MODELTIDE_PRIVATE_DATASET, and another dataset here."
        )


def _refuse_shorter(settings: Settings, place: Dataset, there: Record, ours: Record) -> None:
    lost = days.lacking(there, ours)
    if lost and not settings.accept:
        on = sorted({days.day_of(load) for load in lost})
        named = ", ".join(on[:10]) + (f" and {len(on) - 10} more" if len(on) > 10 else "")
        raise Refused(
            f"{place.page} holds {len(lost)} loads that this data home lacks, of {named}: it would "
            "become shorter, and nothing was uploaded. Type `make pull`, then `make run` and "
            "`make push` again, or `make push ACCEPT=1` to delete them there."
        )


def _published(parquet: Path, free: frozenset[str] | None) -> dict[str, Path]:
    """The files of the tables that may go there, all of them if nothing is said, by their names there."""
    found = {path.relative_to(parquet): path for path in sorted(parquet.rglob("*.parquet"))}
    return {
        f"{PARQUET}/{name.as_posix()}": path
        for name, path in found.items()
        if free is None or name.parts[0].removesuffix(".parquet") in free
    }


def _push_to(
    settings: Settings,
    place: Dataset,
    there: Record,
    ours: Record,
    published: Mapping[str, Path],
    readme: str,
) -> Pushed:
    """Changed days, oldest first; the publication, if there is one, comes with the newest."""
    files = place.files  # before the first commit
    commits = sent = size = 0
    settings.cache.mkdir(parents=True, exist_ok=True)
    missing = {day for day in days.days_of(ours) if days.tar_of(day) not in files}
    batches = _batches(sorted({*days.changed(there, ours), *missing}))
    for batch in batches:
        there = {load: said for load, said in there.items() if days.day_of(load) not in batch}
        there |= {load: said for load, said in ours.items() if days.day_of(load) in batch}
        with tempfile.TemporaryDirectory(dir=settings.cache) as folder:
            put = days.pack(settings, there, batch, Path(folder))
            removed = [days.tar_of(day) for day in batch if days.tar_of(day) not in put]
            if readme and batch is batches[-1]:
                (Path(folder) / CARD).write_text(readme, encoding="utf-8")
                wanted = {**published, CARD: Path(folder) / CARD}
                put |= {n: p for n, p in wanted.items() if n not in files or not is_same(p, files[n])}
                removed += [name for name in files if _is_published(name) and name not in published]
            if put or removed:
                place.change(f"Days {batch[0]} to {batch[-1]}" if batch else "The publication", put, removed)
                commits, sent = commits + 1, sent + len(put)
                size += sum(path.stat().st_size for path in put.values())
    return Pushed(place.page, commits, sent, size)


def _batches(changed: list[str]) -> list[list[str]]:
    """A first upload that is killed goes on after the last of them; without a day there is one."""
    return [changed[at : at + DAYS_AT_ONCE] for at in range(0, len(changed), DAYS_AT_ONCE)] or [[]]


def _is_published(name: str) -> bool:
    return name.startswith(f"{PARQUET}/")
