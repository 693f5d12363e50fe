"""The synthetic public archive: a dataset that keeps a revision of the whole listing for most days.

Belongs here: its commits, its redirects to another host, the Parquet file of a revision with the columns
that the real archive had at that time, and its oddities (missing days, a file committed twice, 0 for NULL).
Does not belong here: the numbers in it (world, items) and faults of any answer (server).
"""

import hashlib
import tempfile
from collections import OrderedDict
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from email.message import Message
from pathlib import Path
from typing import NamedTuple

import duckdb
import numpy as np
import orjson

from dagster_project.synthetic.items import Items
from dagster_project.synthetic.world import World, day_number

DATASET, FILE = "cfahlgren1/hub-stats", "models.parquet"
COMMITS_PATH = f"/api/datasets/{DATASET}/commits/main"
RESOLVE_PATH, STORE_PATH = f"/datasets/{DATASET}/resolve/", "/_store/"
FIRST_DAY = date(2024, 7, 5)
COMMITTED_AT = time(5, 30)  # by a daily job, before the snapshots of the demo
MISSING = ((date(2024, 8, 1), date(2024, 8, 31)), (date(2025, 6, 1), date(2025, 6, 15)))
REUSED = (date(2025, 9, 3), date(2025, 9, 7))  # committed again as it was the day before
ZERO_FOR_NULL = (date(2025, 10, 1), date(2025, 10, 31))
ALL_TIME_FROM, LINEAGE_FROM = date(2025, 2, 27), date(2025, 7, 1)
ROW_GROUP = 4_096
_PAGE = 50  # commits, as the Hub pages them
_KEPT_FILES = 4

_ITEM_COLUMNS = {
    "_id": "varchar",
    "id": "varchar",
    "author": "varchar",
    "createdAt": "timestamp",
    "lastModified": "timestamp",
    "downloads": "bigint",
    "downloadsAllTime": "bigint",
    "likes": "bigint",
    "trendingScore": "bigint",
    "private": "boolean",
    "pipeline_tag": "varchar",
    "library_name": "varchar",
    "tags": "varchar[]",
    "baseModels": "struct(relation varchar, models struct(_id varchar, id varchar)[])",
    "safetensors": "struct(parameters map(varchar, bigint), total bigint)",
    "gguf": "struct(total bigint, architecture varchar, context_length bigint)",
}
# what the archive holds besides, which nobody asks for: most of its bytes
_BULK = """
    '{"license":"' || md5(id) || '","text":"' || repeat(md5(_id), 6) || '"}' as "cardData",
    '{"architectures":["' || md5(id || 'config') || '"]}' as config,
    sha1(_id) as sha,
    [{'rfilename': 'config.json'}, {'rfilename': md5(_id) || '.safetensors'}] as siblings
"""


class Commit(NamedTuple):
    """A commit; `content` is the day whose listing its file holds."""

    sha: str
    at: datetime
    content: date
    title: str


class Stored(NamedTuple):
    """Status, body and headers of an answer."""

    status: int
    body: bytes
    headers: dict[str, str]


class Archive:
    """Answers as the Hub does for a dataset; a revision is made when it is asked for."""

    def __init__(self, world: World, items: Items) -> None:
        self.world = world
        self.is_taken_down = False
        self.spoilt: dict[date, str] = {}  # SQL that a day's columns are selected with, for tests
        self._items = items
        self._files: OrderedDict[tuple[date, str], bytes] = OrderedDict()
        self._folder = tempfile.TemporaryDirectory(prefix="model-tide-archive-")
        self._commits = _all_commits()
        self._by_sha = {commit.sha: commit for commit in self._commits}

    def commits(self, now: datetime) -> list[Commit]:
        """Newest first."""
        return [commit for commit in reversed(self._commits) if commit.at <= now]

    def answer(
        self, path: str, query: dict[str, list[str]], headers: Mapping[str, str] | Message, now: datetime
    ) -> Stored | None:
        """The answer to a request of the archive; None if the path is none of its."""
        if path.startswith(STORE_PATH):
            return self._store(path.removeprefix(STORE_PATH), query, headers.get("Range"))
        if path != COMMITS_PATH and not path.startswith(RESOLVE_PATH):
            return None
        if self.is_taken_down:
            return Stored(404, b'{"error":"Repository not found"}', {"X-Error-Code": "RepoNotFound"})
        host = headers.get("Host", "")
        if path == COMMITS_PATH:
            return self._commit_page(int(query.get("p", ["0"])[0]), host, now)
        return self._resolve(path.removeprefix(RESOLVE_PATH), host, now)

    def file(self, content: date) -> bytes:
        """The Parquet file with the listing of a day."""
        key = (content, self.spoilt.get(content, ""))
        if key not in self._files:
            self._files[key] = self._write(content, key[1])
            while len(self._files) > _KEPT_FILES:
                self._files.popitem(last=False)
        self._files.move_to_end(key)
        return self._files[key]

    def _commit_page(self, page: int, host: str, now: datetime) -> Stored:
        commits = self.commits(now)
        shown = commits[page * _PAGE : (page + 1) * _PAGE]
        body = [
            {
                "id": commit.sha,
                "title": commit.title,
                "message": "",
                "authors": [{"user": "synthetic"}],
                "date": commit.at.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
            }
            for commit in shown
        ]
        more = (page + 1) * _PAGE < len(commits)
        link = {"Link": f'<http://{host}{COMMITS_PATH}?p={page + 1}>; rel="next"'} if more else {}
        return Stored(200, orjson.dumps(body), link)

    def _resolve(self, rest: str, host: str, now: datetime) -> Stored:
        sha, _, name = rest.partition("/")
        commit = self._by_sha.get(sha)
        if commit is None or commit.at > now:
            return Stored(404, b'{"error":"Invalid rev id"}', {"X-Error-Code": "RevisionNotFound"})
        if name != FILE:
            return Stored(404, b'{"error":"Entry not found"}', {"X-Error-Code": "EntryNotFound"})
        port = host.rpartition(":")[2]
        etag = self._etag(commit.content)
        return Stored(
            302,
            b"",
            {
                # another host than the Hub's: a client must not send its token there
                "Location": f"http://localhost:{port}{STORE_PATH}{commit.content}/{etag}?Signature=synthetic",
                "X-Repo-Commit": sha,
                "X-Linked-Size": str(len(self.file(commit.content))),
                "X-Linked-Etag": f'"{etag}"',
                "Accept-Ranges": "bytes",
            },
        )

    def _store(self, rest: str, query: dict[str, list[str]], asked: str | None) -> Stored:
        content = date.fromisoformat(rest.partition("/")[0])
        if "Signature" not in query:
            return Stored(403, b"", {})
        body = self.file(content)
        if asked is None:
            return Stored(200, body, {"Accept-Ranges": "bytes"})
        first, _, last = asked.removeprefix("bytes=").partition("-")
        start = int(first) if first else max(0, len(body) - int(last))
        end = min(int(last) + 1 if first and last else len(body), len(body))
        return Stored(206, body[start:end], {"Content-Range": f"bytes {start}-{end - 1}/{len(body)}"})

    def _etag(self, content: date) -> str:
        said = f"{content}{self.world.size}{self.spoilt.get(content, '')}"
        return hashlib.sha256(said.encode()).hexdigest()

    def _write(self, content: date, spoilt: str) -> bytes:
        number = day_number(content)
        rows = np.arange(self.world.size, dtype=np.int64)
        state = self.world.state(rows[self.world.exists(rows, number)], number)
        listing, target = Path(self._folder.name) / "listing.json", Path(self._folder.name) / FILE
        listing.write_bytes(self._items.page(state))
        columns = ", ".join(f"'{name}': '{kind}'" for name, kind in _ITEM_COLUMNS.items())
        shown = ", ".join(f'"{name}"' for name in columns_on(content))
        if has_zero_for_null(content):
            shown = shown.replace(
                '"downloadsAllTime"', 'coalesce("downloadsAllTime", 0) as "downloadsAllTime"'
            )
        with duckdb.connect(config={"threads": 1}) as connection:
            connection.execute(
                f"copy (select {spoilt or '*'} from (select {shown}, {_BULK} from "
                f"read_json('{listing}', format = 'array', columns = {{{columns}}}))) to '{target}' "
                f"(format parquet, compression snappy, row_group_size {ROW_GROUP})"
            )
        return target.read_bytes()


def columns_on(content: date) -> list[str]:
    """The columns that the file of a day has and that somebody asks for."""
    since = {"downloadsAllTime": ALL_TIME_FROM, "baseModels": LINEAGE_FROM}
    return [name for name in _ITEM_COLUMNS if content >= since.get(name, FIRST_DAY)]


def has_zero_for_null(content: date) -> bool:
    """Whether the file of a day says 0 downloads since creation where it does not know them."""
    return ZERO_FOR_NULL[0] <= content <= ZERO_FOR_NULL[1]


def _all_commits() -> list[Commit]:
    """Oldest first: one a day, on Mondays another one that changes the card alone, after it."""
    commits = []
    day = FIRST_DAY
    while day <= date(2026, 3, 31):
        if not any(first <= day <= last for first, last in MISSING):
            content = day - timedelta(days=1) if day in REUSED else day
            at = datetime.combine(day, COMMITTED_AT, UTC)
            commits.append(Commit(_sha(f"{day}"), at, content, "Update stats"))
            if day.weekday() == 0:
                later = at + timedelta(hours=3)
                commits.append(Commit(_sha(f"{day} card"), later, content, "Update README.md"))
        day += timedelta(days=1)
    return commits


def _sha(text: str) -> str:
    return hashlib.sha1(text.encode()).hexdigest()
