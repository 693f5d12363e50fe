"""The record as it lies at a place: a tar for each day, and the list of all that they hold.

Belongs here: the list, what one record holds and another lacks, packing the files of a day and taking them
out again.
Does not belong here: the files of snapshots/ (record/snapshots), and how a place is reached (place).

A year of files would be 7,000, and to ask the Hub for each takes longer than its quota of some thousand
requests allows; a year of days is 365. The list is one file in the format of sha256sum, with every file below
snapshots/. Which days differ is told by two lists, and no tar is opened for it.
"""

import re
import shutil
import tarfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from dagster_project.lib.errors import ModelTideError
from dagster_project.lib.files import sync
from dagster_project.lib.record import checksums, snapshots
from dagster_project.lib.record.checksums import Checksum
from dagster_project.lib.settings import Settings
from dagster_project.lib.warehouse.raw_tables import HUB_TABLES, ROW_SOURCES, Table

FOLDER = "record"
LIST = f"{FOLDER}/checksums.sha256"
# also what keeps a list from naming a file outside of snapshots/
_FILE = re.compile(r"(?P<load>\w+/\d{4}-\d{2}-\d{2}\.[\w-]+)(?:/\w+)?\.parquet")

Record = dict[str, dict[str, Checksum]]  # by the name of a load its files, by their names below snapshots/


class RecordError(ModelTideError):
    """A record cannot be restored or packed; the message says which and what to do."""


@contextmanager
def room_for_it(settings: Settings) -> Iterator[None]:
    """A disk that is full or read-only is one line."""
    try:
        yield
    except OSError as error:
        raise RecordError(
            f"Cannot write or read {error.filename or settings.home}: {error.strerror or error}. What was "
            "restored or uploaded stays. Make room (or mend the permissions) and run again."
        ) from error


def held_by(settings: Settings) -> Record:
    """The loads of this home that have checksums, as those of a warehouse that is up to date all have."""
    loads = [load.name for load in snapshots.hub_days(settings)]
    loads += [load.name for source in ROW_SOURCES for load in snapshots.row_loads(settings, source)]
    found = {name: checksums.read(settings.snapshots, name) for name in loads}
    return {name: files for name, files in found.items() if files}


def read_list(text: str, place: str) -> Record:
    """The record of a list. Raises RecordError for one that is none."""
    record: Record = {}
    files = checksums.of_text(text)
    for name, known in files.items():
        found = _FILE.fullmatch(name)
        if found is None:
            break
        record.setdefault(found["load"], {})[name] = known
    if sum(map(len, record.values())) != len(files) or not files:
        raise RecordError(
            f"{LIST} of {place} is no list of a record, so nothing was fetched or uploaded. Restore an "
            "earlier commit of it at the Hub, then run again."
        )
    return record


def day_of(load: str) -> str:
    """The day of a load."""
    return load.partition("/")[2].partition(".")[0]


def tar_of(day: str) -> str:
    """Where the files of a day lie at a place."""
    return f"{FOLDER}/{day}.tar"


def days_of(record: Record) -> dict[str, Record]:
    """The loads of each day, oldest day first."""
    days: dict[str, Record] = {day: {} for day in sorted({day_of(load) for load in record})}
    for load in sorted(record):
        days[day_of(load)][load] = record[load]
    return days


def lacking(theirs: Iterable[str], ours: Iterable[str]) -> list[str]:
    """Loads of theirs that ours lack. A day of the Hub counts as there if a later load of it is."""
    mine = set(ours)
    newest = {day_of(load): _id_of(load) for load in sorted(mine, key=_id_of) if _is_of_the_hub(load)}
    return sorted(
        load
        for load in set(theirs) - mine
        if not (_is_of_the_hub(load) and newest.get(day_of(load), "") > _id_of(load))
    )


def redistributable(record: Record, free: frozenset[str]) -> Record:
    """The loads whose tables may all be passed on."""
    tables: dict[str, Iterable[Table]] = {source.name: source.tables for source in ROW_SOURCES}
    tables |= dict.fromkeys(snapshots.DAYS, HUB_TABLES)
    kept = {source for source, of_it in tables.items() if free.issuperset(table.name for table in of_it)}
    return {load: files for load, files in record.items() if load.partition("/")[0] in kept}


def changed(there: Record, ours: Record) -> list[str]:
    """The days that differ, oldest first."""
    former, now = days_of(there), days_of(ours)
    return sorted(day for day in former.keys() | now.keys() if former.get(day) != now.get(day))


def pack(settings: Settings, record: Record, days: Sequence[str], folder: Path) -> dict[str, Path]:
    """A tar for each of the days that has a load, and the list of the whole record, by their names there.

    The same bytes each time: what an upload that was killed had sent is known again. Raises RecordError for a
    file that is not what its checksum says: whoever pulled it could not use it.
    """
    if not days:
        return {}
    by_day = days_of(record)
    files = {LIST: folder / "list"}
    files[LIST].write_text(
        "".join(checksums.as_text(record[load]) for load in sorted(record)), encoding="ascii"
    )
    for day in by_day.keys() & days:
        for load, said in by_day[day].items():
            if problem := checksums.damage(settings.snapshots, said, contents=True):
                raise RecordError(
                    f"{load} was not uploaded, and nothing of its day: {problem}. Type `make rebuild`, which "
                    "writes it again from the warehouse."
                )
        files[tar_of(day)] = folder / f"{day}.tar"
        with tarfile.open(files[tar_of(day)], "w") as archive:
            for name in sorted(name for load in by_day[day].values() for name in load):
                archive.add(settings.snapshots / name, name, filter=_without_circumstances)
    return files


def unpack(settings: Settings, archive: Path, loads: Record) -> None:
    """Put loads of a day in place, each whole. Raises RecordError for one that is not what the list says."""
    folder = archive.with_suffix("")
    _extract(archive, {name for files in loads.values() for name in files}, folder)
    for load, files in loads.items():
        problem = checksums.damage(folder, files, contents=True)
        if problem is not None:
            raise RecordError(f"{load} was not restored: {problem}. Type `make pull` again.")
        for name in files:
            sync(folder / name)
        suffix = ".parquet" if f"{load}.parquet" in files else ""
        target = settings.snapshots / f"{load}{suffix}"
        target.parent.mkdir(parents=True, exist_ok=True)
        snapshots.set_aside(target)
        checksums.write(settings.snapshots, load, files)
        (folder / f"{load}{suffix}").replace(target)
        sync(target.parent)
    shutil.rmtree(folder)


def _extract(archive: Path, names: set[str], folder: Path) -> None:
    """What a tar lacks that is damaged or not there is missed by whoever looks for it."""
    with suppress(FileNotFoundError, tarfile.TarError), tarfile.open(archive) as tar:
        for member in tar:
            content = tar.extractfile(member) if member.name in names else None
            if content is not None:
                target = folder / member.name
                target.parent.mkdir(parents=True, exist_ok=True)
                with content, open(target, "wb") as file:
                    shutil.copyfileobj(content, file)


def _without_circumstances(member: tarfile.TarInfo) -> tarfile.TarInfo:
    return member.replace(mtime=0, mode=0o644, uid=0, gid=0, uname="", gname="", deep=False)


def _id_of(load: str) -> str:
    return load.rpartition(".")[2]


def _is_of_the_hub(load: str) -> bool:
    return load.partition("/")[0] in snapshots.DAYS
