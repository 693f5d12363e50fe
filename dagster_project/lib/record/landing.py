"""Landing: the pages of a crawl as they came, compressed, with a manifest that says which can be trusted.

Belongs here: the folder layout, writing a page so that a kill leaves it whole or absent, reading a manifest
back, pruning old days.
Does not belong here: what to ask for (hub/crawl and the other sources) and what the pages mean
(hub/read_pages, ...).

A crawl is a folder landing/<source>/<day>/<scope_id>/crawl-<n>/ of page files and manifest.jsonl: one line
that opens the crawl, one per page, one when it is complete. A page counts only when its manifest line does.
Beside a page may lie what was made of it already (page-<n>.columns), until the day is loaded: it can be made
again from the page, so nothing waits for it to be on disk, and nothing fails if it is not there.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zlib import crc32

import orjson
import zstandard

from dagster_project.lib.errors import ModelTideError
from dagster_project.lib.files import write_whole
from dagster_project.lib.record.items import items_of

HUB = "hub"
KEPT_DAYS = 14  # 285 MB a day for a census
_MANIFEST = "manifest.jsonl"
_COLUMNS = ".columns"
_MARK = 8  # bytes before columns: of which page they are, and that they are whole
_COMPRESSOR = zstandard.ZstdCompressor(level=3)  # made once: a new one for each page takes half as long again


class LandingError(ModelTideError):
    """A page could not be written or read back; the message names it."""


@dataclass(frozen=True)
class Opening:
    """First line of a manifest: what the crawl set out to fetch."""

    day: str
    scope: str
    scope_id: str
    endpoint: str
    origin: str
    streams: list[str]
    started_at: str
    source: str = HUB
    created_until: str | None = None  # models created later are no part of the crawl


@dataclass(frozen=True)
class Page:
    """One line of a manifest: a page that is whole on disk."""

    stream: str
    number: int
    file: str
    rows: int
    bytes: int
    served_at: str
    next_url: str | None
    ids: str | None = None  # digest of what it lists; manifests of earlier versions have none


@dataclass
class Crawl:
    """A crawl on disk: complete when every stream reached its end."""

    folder: Path
    opening: Opening
    pages: list[Page]
    is_complete: bool

    @property
    def started_at(self) -> datetime:
        return datetime.fromisoformat(self.opening.started_at)

    @property
    def boundary(self) -> datetime | None:
        """Newest creation time that counts; None where the listing has no such end."""
        until = self.opening.created_until
        return datetime.fromisoformat(until) if until else None

    @property
    def finished_at(self) -> datetime:
        return datetime.fromisoformat(self.pages[-1].served_at if self.pages else self.opening.started_at)

    @property
    def rows(self) -> int:
        return sum(page.rows for page in self.pages)

    def add_page(
        self,
        stream: str,
        body: bytes,
        rows: int,
        served_at: datetime,
        next_url: str | None,
        ids: str | None = None,
    ) -> Page:
        """Write the page, then its manifest line; each is on disk before the next begins."""
        number = len(self.pages)
        name = f"page-{number:05d}.json.zst"
        _write(self.folder / name, _COMPRESSOR.compress(body))
        page = Page(stream, number, name, rows, len(body), served_at.isoformat(), next_url, ids)
        self._append({"page": asdict(page)})
        self.pages.append(page)
        return page

    def finish(self) -> None:
        self._append({"complete": True})
        self.is_complete = True

    def read(self, page: Page) -> bytes:
        """The page as it came. Raises LandingError if it is damaged."""
        path = self.folder / page.file
        try:
            return zstandard.decompress(path.read_bytes())
        except (zstandard.ZstdError, OSError) as error:
            raise _damaged(path, str(error)) from error

    def keep_columns(self, page: Page, columns: bytes) -> None:
        """Lay down beside a page what was made of it."""
        with suppress(OSError):
            self._columns(page).write_bytes(self._mark(page, columns) + columns)

    def kept_columns(self, page: Page) -> bytes | None:
        """What was laid down beside a page, if it is whole and the page is the one that it was made of."""
        try:
            content = self._columns(page).read_bytes()
            return content[_MARK:] if self._mark(page, content[_MARK:]) == content[:_MARK] else None
        except OSError:
            return None

    def drop_columns(self) -> None:
        """Delete what was made of pages, in this crawl and others of its day and scope: the day is loaded."""
        for path in self.folder.parent.glob(f"crawl-*/page-*{_COLUMNS}"):
            with suppress(OSError):
                path.unlink()

    def items(self, page: Page) -> list[Any]:
        """The items of a page that is a list. Raises LandingError if it is damaged or none."""
        try:
            return items_of(self.read(page))
        except ValueError as error:
            raise _damaged(self.folder / page.file, str(error)) from error

    def _columns(self, page: Page) -> Path:
        return self.folder / f"page-{page.number:05d}{_COLUMNS}"

    def _mark(self, page: Page, columns: bytes) -> bytes:
        sums = (crc32((self.folder / page.file).read_bytes()), crc32(columns))
        return b"".join(one.to_bytes(_MARK // 2, "big") for one in sums)

    def _append(self, line: dict[str, object]) -> None:
        path = self.folder / _MANIFEST
        try:
            with open(path, "ab") as manifest:
                manifest.write(orjson.dumps(line) + b"\n")
                manifest.flush()
                os.fsync(manifest.fileno())
        except OSError as error:
            raise _cannot_write(path, error) from error


def day_folder(landing: Path, day: date, source: str = HUB) -> Path:
    """Where every crawl of a day is, whatever its scope."""
    return landing / source / day.isoformat()


def open_crawl(landing: Path, opening: Opening) -> Crawl:
    """A new, empty crawl beside earlier ones of the same day and scope."""
    parent = landing / opening.source / opening.day / opening.scope_id
    number = max(_crawls_in(parent), default=0) + 1
    crawl = Crawl(parent / f"crawl-{number}", opening, [], False)
    try:
        crawl.folder.mkdir(parents=True)
    except OSError as error:
        raise _cannot_write(crawl.folder, error) from error
    crawl._append({"opening": asdict(opening)})
    return crawl


def find_crawls(landing: Path, day: date, scope_id: str, source: str = HUB) -> list[Crawl]:
    """Crawls of a day and scope, newest first; a torn or unopened one is left out."""
    folders = _crawls_in(day_folder(landing, day, source) / scope_id)
    newest_first = [folders[number] for number in sorted(folders, reverse=True)]
    return [crawl for folder in newest_first if (crawl := read_crawl(folder)) is not None]


def newest_complete(landing: Path, day: date, scope_id: str, source: str = HUB) -> Crawl:
    """The newest complete crawl of a day and scope. Raises LandingError if there is none."""
    for crawl in find_crawls(landing, day, scope_id, source):
        if crawl.is_complete:
            return crawl
    raise LandingError(
        f"No complete crawl of {day} ({scope_id}) is in {day_folder(landing, day, source)}. Landing keeps "
        f"{KEPT_DAYS} days; a day that is gone from it cannot be loaded again."
    )


def read_crawl(folder: Path) -> Crawl | None:
    """The trusted part of a crawl; None if not even its opening is whole.

    A kill can tear the last line only: from the first line that is no JSON, or whose page file is
    not there, nothing is trusted, and the manifest is cut back to what is.
    """
    path = folder / _MANIFEST
    if not path.is_file():
        return None
    content = path.read_bytes()
    opening: Opening | None = None
    pages: list[Page] = []
    complete, trusted = False, 0
    for line in content.splitlines(keepends=True):
        try:
            entry = orjson.loads(line) if line.endswith(b"\n") else {}
            if "opening" in entry:
                opening = Opening(**entry["opening"])
                datetime.fromisoformat(opening.started_at)
            elif "page" in entry and (folder / entry["page"]["file"]).exists():
                pages.append(Page(**entry["page"]))
            elif "complete" in entry:
                complete = True
            else:
                break
        except (ValueError, TypeError, KeyError):
            break
        trusted += len(line)
    if trusted < len(content):
        _write(path, content[:trusted])
    return Crawl(folder, opening, pages, complete) if opening else None


def prune(landing: Path, newest: date, keep: set[date]) -> list[date]:
    """Delete landed days older than KEPT_DAYS before `newest`, except those in `keep`; returns them."""
    oldest = newest - timedelta(days=KEPT_DAYS)
    gone = [(day, folder) for day, folder in _landed_days(landing) if day <= oldest and day not in keep]
    for _, folder in gone:
        shutil.rmtree(folder)
    return sorted({day for day, _ in gone})


def _damaged(path: Path, reason: str) -> LandingError:
    return LandingError(
        f"The landed page {path} is damaged: {reason.rstrip('.')}. Nothing was loaded; type "
        "`make run REFETCH=1` on the same UTC day to crawl it again."
    )


def _landed_days(landing: Path) -> Iterator[tuple[date, Path]]:
    for folder in sorted(landing.glob("*/????-??-??")):
        with suppress(ValueError):  # whatever else somebody put there is not ours to delete
            if folder.is_dir():
                yield date.fromisoformat(folder.name), folder


def _crawls_in(folder: Path) -> dict[int, Path]:
    """The folders of crawls by their numbers; anything else that lies there is none."""
    numbers = {path: path.name.removeprefix("crawl-") for path in folder.glob("crawl-*") if path.is_dir()}
    return {int(number): path for path, number in numbers.items() if number.isdecimal()}


def _write(path: Path, content: bytes) -> None:
    try:
        write_whole(path, content)
    except OSError as error:
        raise _cannot_write(path, error) from error


def _cannot_write(path: Path, error: OSError) -> LandingError:
    return LandingError(
        f"Cannot write {path}: {error.strerror}. Pages landed so far are kept; "
        "make room (or mend the permissions) and run again to resume."
    )
