"""`make pull`: the record of the datasets, as far as this home lacks it.

Belongs here: which loads are fetched, and from where.
Does not belong here: reading them into the warehouse (restore/rebuild).
"""

import shutil

from dagster_project.lib.dataset import days
from dagster_project.lib.dataset.days import Record
from dagster_project.lib.dataset.place import Dataset
from dagster_project.lib.record import checksums
from dagster_project.lib.settings import Settings
from dagster_project.lib.warehouse.connection import exclusive


def pull(settings: Settings) -> dict[str, int]:
    """Fetch the loads that this home lacks or has damaged; returns how many came from which dataset.

    The private one comes first, since it has all of them. Raises PlaceError and RecordError.
    """
    # the first one that can be reached tells less than all of them: a name that is wrong begins no new record
    places = [Dataset(settings, name) for name in (settings.private_dataset, settings.dataset) if name]
    with exclusive(settings):
        return {place.name: _pull_from(settings, place) for place in places}


def record_at(settings: Settings, place: Dataset) -> Record:
    """The record of a dataset; empty if nothing was ever uploaded there."""
    if days.LIST not in place.files():
        return {}
    folder = settings.cache / "datasets" / place.name
    place.fetch([days.LIST], folder)
    return days.read_list((folder / days.LIST).read_text(encoding="utf-8"), place.page)


def _pull_from(settings: Settings, place: Dataset) -> int:
    there = record_at(settings, place)
    here = days.held_by(settings)
    wanted = {
        *days.lacking(there, here),
        *(load for load in there.keys() & here if _is_damaged(settings, load)),
    }
    missing = days.days_of({load: there[load] for load in wanted})
    folder = settings.cache / "datasets" / place.name
    if missing:
        place.fetch([days.tar_of(day) for day in missing], folder)
    for day, loads in missing.items():
        days.unpack(settings, folder / days.tar_of(day), loads)
    shutil.rmtree(folder, ignore_errors=True)
    return len(wanted)


def _is_damaged(settings: Settings, load: str) -> bool:
    said = checksums.read(settings.snapshots, load)
    return not said or checksums.damage(settings.snapshots, said, contents=True) is not None
