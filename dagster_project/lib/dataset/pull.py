"""`make pull`: the record of the datasets, as far as this home lacks it.

Belongs here: which loads are fetched, and from where.
Does not belong here: reading them into the warehouse (restore/rebuild).
"""

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from dagster_project.lib.dataset import days
from dagster_project.lib.dataset.days import Record
from dagster_project.lib.dataset.place import Dataset
from dagster_project.lib.record import checksums
from dagster_project.lib.record.checksums import Checksum
from dagster_project.lib.settings import Settings
from dagster_project.lib.warehouse.connection import exclusive


def pull(settings: Settings) -> dict[str, int]:
    """Fetch the loads that this home lacks or has damaged; returns how many came from which dataset.

    The private one comes first, since it has all of them. Raises PlaceError and RecordError.
    """
    # all of them before anything is fetched: a name that is wrong begins no new record
    places = [Dataset(settings, name) for name in (settings.private_dataset, settings.dataset) if name]
    with exclusive(settings), days.room_for_it(settings):
        return {place.name: _pull_from(settings, place) for place in places}


def record_at(place: Dataset) -> Record:
    """The record of a dataset; empty if nothing was ever uploaded there."""
    if days.LIST not in place.files:
        return {}
    # into an empty folder: where a list lies from before, the client would take that one when the Hub answers
    # with an error (findings/hub_download_of_another_commit.sh)
    with tempfile.TemporaryDirectory() as folder:
        place.fetch([days.LIST], Path(folder))
        return days.read_list(Path(folder, days.LIST).read_text(encoding="utf-8"), place.page)


def _pull_from(settings: Settings, place: Dataset) -> int:
    there = record_at(place)
    here = days.held_by(settings)
    damaged = {load for load in there.keys() & here if _is_damaged(settings, here[load])}
    wanted = damaged.union(days.lacking(there, here))
    missing = days.days_of({load: there[load] for load in wanted})
    folder = settings.cache / "datasets" / place.name
    if missing:
        place.fetch([days.tar_of(day) for day in missing], folder)
    for day, loads in missing.items():
        days.unpack(settings, folder / days.tar_of(day), loads)
    shutil.rmtree(folder, ignore_errors=True)
    return len(wanted)


def _is_damaged(settings: Settings, files: Mapping[str, Checksum]) -> bool:
    return checksums.damage(settings.snapshots, files, contents=True) is not None
