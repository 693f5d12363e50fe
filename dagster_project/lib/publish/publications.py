"""The folder published/: each publication in a folder of its own, and the link that readers come through.

    versions/<UTC time>/   modeltide.duckdb and parquet/ of one publication
    current                link to one of the versions, the one thing that a publication swaps
    modeltide.duckdb       link to current/modeltide.duckdb
    parquet                link to current/parquet

Belongs here: making, swapping and deleting versions, and moving what former releases wrote into this layout.
Does not belong here: what a publication holds (file, daily_tables), and the pages beside the links.

Both forms change with one rename, so a reader never meets the file of one publication beside the Parquet of
another. The former version stays until the next publication begins: whoever opened it reads to its end.
Every link is relative, so that the data home can be moved or copied.
"""

import errno
import logging
import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from dagster_project.lib.errors import ModelTideError
from dagster_project.lib.files import sync
from dagster_project.lib.settings import Settings

FILE, PARQUET = "modeltide.duckdb", "parquet"
_STAMP = "%Y%m%dT%H%M%S_%f"  # sorts by time
# links and folders on their way to a name, folders on their way out, and files that former releases wrote
# beside. Not modeltide.duckdb.tmp: there DuckDB 1.2 keeps what a reader's memory does not hold
_TEMPORARY = re.compile(r".*\.(link|old|new)\.tmp|modeltide\.\d+\.tmp(\.wal)?")
_NO_LINKS = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS)


class PublishError(ModelTideError):
    """Nothing was published; the former publication stays."""


def current(settings: Settings) -> Path:
    """Where the publication is that readers see; it does not exist before the first one."""
    return settings.published / "current"


def next_time(settings: Settings) -> datetime:
    """The first time, UTC without zone, that is later than the publication that readers see."""
    try:
        return datetime.strptime(_shown(settings), _STAMP) + timedelta(microseconds=1)
    except ValueError:  # there is none
        return datetime.min


def begin(settings: Settings) -> None:
    """Delete every version but the one that readers see, and give the folder its layout.

    The caller is the only writer. Raises OSError, and PublishError where there are no links.
    """
    _remove(settings, lambda version, shown: version != shown)
    if _adopt(settings):
        _remove(settings, lambda version, shown: version != shown)


@contextmanager
def new_version(settings: Settings, made_at: datetime) -> Iterator[Path]:
    """An empty folder for a whole publication, which readers see once the block has ended well; else it goes.

    `made_at` is not before next_time. Raises OSError, and PublishError where there are no links.
    """
    folder = _versions(settings) / made_at.strftime(_STAMP)
    try:
        folder.mkdir(parents=True)
        _try_links(folder)
        yield folder
        _sync(folder)
        _swap(settings, folder)
    except BaseException:
        remove_unfinished(settings)
        raise


def remove_unfinished(settings: Settings) -> None:
    """Delete what a killed publication left; the former one stays. The caller is the only writer."""
    shows = current(settings)
    is_copy = shows.is_dir() and not shows.is_symlink()  # that followed links, and names no version
    _remove(settings, lambda version, shown: version > shown and not is_copy)


def _versions(settings: Settings) -> Path:
    return settings.published / "versions"


def _shown(settings: Settings) -> str:
    """Name of the version that readers see; empty if there is none."""
    path = current(settings)
    return path.readlink().name if path.is_symlink() else ""


def _remove(settings: Settings, is_left: Callable[[str, str], bool]) -> None:
    """Delete temporary files, and each version that is left over by its name and that of the shown one.

    What cannot be deleted, such as a folder that a reader is spilling into, waits for the next time: it is no
    reason to lose a load.
    """
    published = settings.published
    if not published.is_dir():
        return
    left = [path for path in published.iterdir() if _TEMPORARY.fullmatch(path.name)]
    if not (published / PARQUET).is_symlink():  # of a former release, which wrote there
        left += (published / PARQUET).rglob("*.tmp")
    if _versions(settings).is_dir():
        shown = _shown(settings)
        left += [path for path in _versions(settings).iterdir() if is_left(path.name, shown)]
    try:
        for path in left:
            _delete(path)
        if current(settings).is_dir():
            _add_missing_links(settings)
    except OSError as error:
        logging.getLogger(__name__).warning("%s cannot be tidied: %s", published, error)


def _adopt(settings: Settings) -> bool:
    """Make a version of a file and a folder that stand where the links belong, as former releases wrote them
    and as a copy that follows links leaves them; returns whether there were any.

    Both are linked, not copied, and stay in their place until the version is the current one; after a kill
    the next publication does it again.
    """
    paths = [settings.published / name for name in (FILE, PARQUET)]
    own = [path for path in paths if path.exists() and not path.is_symlink()]
    if not own:
        return False
    written = datetime.fromtimestamp(own[0].stat().st_mtime, UTC).replace(tzinfo=None)
    with new_version(settings, max(written, next_time(settings))) as version:
        for path in paths:
            source = path if path.exists() else current(settings) / path.name
            if source.is_dir():
                shutil.copytree(source, version / path.name, copy_function=os.link)
            elif source.exists():
                os.link(source.resolve(), version / path.name)
    for path in own:
        _set_link(path, Path("current", path.name))
    return True


def _try_links(folder: Path) -> None:
    """Raises PublishError at once where there are no links, rather than after the work."""
    probe, *links = (folder / name for name in ("probe", "symbolic", "hard"))
    probe.touch()
    try:
        links[0].symlink_to(probe.name)
        links[1].hardlink_to(probe)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        raise PublishError(
            f"{folder.parents[1]} is on a file system without symbolic or hard links, so nothing was "
            "published. Set MODELTIDE_HOME to a folder on one that has both, such as ext4, xfs or APFS."
        ) from error
    finally:
        for path in (probe, *links):
            path.unlink(missing_ok=True)


def _sync(folder: Path) -> None:
    """On disk for good; what is shared with the former version is there already."""
    for path in (*folder.rglob("*"), folder, folder.parent):
        if path.is_dir() or path.stat().st_nlink == 1:
            sync(path)


def _swap(settings: Settings, folder: Path) -> None:
    _add_missing_links(settings)
    # DuckDB 1.2 keeps the log of a program that wrote beside the link, and reads it into any publication
    (settings.published / f"{FILE}.wal").unlink(missing_ok=True)
    _set_link(current(settings), Path("versions", folder.name))
    sync(settings.published)


def _add_missing_links(settings: Settings) -> None:
    for name in (FILE, PARQUET):
        if not os.path.lexists(settings.published / name):
            _set_link(settings.published / name, Path("current", name))


def _set_link(path: Path, target: Path) -> None:
    """Put a link in the place of whatever is there; only a folder has to make way for an instant."""
    link = path.with_name(f"{path.name}.link.tmp")
    link.symlink_to(target)
    former = path.with_name(f"{path.name}.old.tmp")
    if path.is_dir() and not path.is_symlink():
        path.rename(former)
    link.replace(path)
    _delete(former)


def _delete(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
