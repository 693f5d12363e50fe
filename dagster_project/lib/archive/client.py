"""The public archive of the Hub's listing: a dataset with a revision a day.

Belongs here: which revision belongs to which day, where its file lies, and requests for bytes of it.
Does not belong here: which bytes (byte_ranges), which days and what they cost (backfill).

The archive is somebody's dataset on the Hub and was taken down once. A commit's day is its UTC date; the last
commit of a day counts. A file that is the one of an earlier day says nothing about its own.
"""

import re
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from itertools import pairwise

import httpx2
import orjson
from huggingface_hub import hf_hub_url

from dagster_project.lib.errors import ModelTideError
from dagster_project.lib.hub import crawl as hub
from dagster_project.lib.hub.client import LIMITS, HubRefused, Walk, ask_hub
from dagster_project.lib.settings import Settings
from dagster_project.lib.sources import http
from dagster_project.lib.sources.http import Limits, host_of, origin_of

FILE = "models.parquet"
GONE = (401, 403, 404, 410)  # the Hub says 401 of a repository that is not there
# what the Hub says where it is not one file that is missing
WHOLLY_GONE = ("RepoNotFound", "GatedRepo", "DisabledRepo")
# of the largest range, 16 MB; what a range may have at most is what was asked for
RANGE = replace(LIMITS, timeout=60.0, retries=5)
UNPACKED = {"Accept-Encoding": "identity"}  # the size and the bytes of the file, not of its compression
KEPT = "Days loaded so far stay; run the same command again to go on."


class ArchiveError(ModelTideError):
    """The archive cannot be asked any further; days that are loaded stay."""


class NotThere(ArchiveError):
    """What was asked for is not there, and the archive is: another day may be."""


@dataclass(frozen=True)
class Revision:
    """The last commit of a day; `before` is the last one of an earlier day, None for the first."""

    sha: str
    committed_at: datetime
    before: str | None


@dataclass(frozen=True)
class RemoteFile:
    """Where the file of a revision lies; `etag` is its content's."""

    url: str
    size: int
    etag: str


@dataclass
class Archive:
    """Revisions by day, as the Hub listed them at `asked_at`."""

    settings: Settings
    name: str
    origin: str
    asked_at: datetime
    revisions: dict[date, Revision]
    _files: dict[str, RemoteFile | None] = field(default_factory=dict)
    requests: int = 0

    def locate(self, sha: str, day: date) -> RemoteFile | None:
        """One request to the resolver; the bytes come from elsewhere and are not counted there.

        None if the revision has no such file.
        """
        if sha not in self._files:
            url = hf_hub_url(
                self.name, FILE, repo_type="dataset", revision=sha, endpoint=self.settings.hub_endpoint
            )
            self.requests += 1
            # where the bytes lie is asked for them later, and gets no token
            what = f"{FILE} of {day} ({sha[:8]})"
            try:
                answer = self._ask("HEAD", url, RANGE, what, UNPACKED, follows=False)
            except NotThere:
                return self._files.setdefault(sha, None)
            found = _located(answer)
            if found is None:
                raise ArchiveError(
                    f"{self.settings.hub_host} does not say how large {FILE} of {day} is or what is in it. "
                    f"{KEPT} A mirror must pass the Hub's headers on."
                )
            self._files[sha] = found
        return self._files[sha]

    def read(self, file: RemoteFile, day: date, start: int, end: int) -> bytes:
        """The bytes from `start` up to `end`; never others, and never more."""
        if end <= start:
            return b""  # an empty range cannot be asked for
        what = f"{FILE} of {day}, bytes {start} to {end}"
        limits = replace(RANGE, largest=end - start)
        headers = {**UNPACKED, "Range": f"bytes={start}-{end - 1}"}
        response = self._ask("GET", file.url, limits, what, headers)
        is_meant = response.headers.get("Content-Range", "").startswith(f"bytes {start}-")
        if response.status_code != 206 or not is_meant:
            raise ArchiveError(
                f"{host_of(file.url)} does not serve ranges: it answered {what} with others. {KEPT} "
                "A mirror must serve the bytes that are asked for."
            )
        return response.content

    def _ask(
        self, method: str, url: str, limits: Limits, what: str, headers: dict[str, str], follows: bool = True
    ) -> httpx2.Response:
        try:
            return ask_hub(self.settings, method, url, limits, headers=headers, follows=follows)
        except http.Refused as refusal:
            is_whole = refusal.response.headers.get("X-Error-Code") not in WHOLLY_GONE
            kind = NotThere if refusal.status in (404, 410) and is_whole else ArchiveError
            raise kind(_refused(refusal, self.name, host_of(url), what)) from None
        except http.NoAnswer as silence:
            raise ArchiveError(f"Lost {host_of(url)} at {what} ({silence.reason}). {KEPT}") from None
        except http.RequestFailed as failure:
            raise ArchiveError(f"{what}: {failure}. {KEPT}") from None


def _located(answer: httpx2.Response) -> RemoteFile | None:
    """What the resolver says of a file: its own headers where it leads elsewhere, else those of the file."""
    headers = answer.headers
    is_elsewhere = answer.has_redirect_location
    size = headers.get("X-Linked-Size") or (None if is_elsewhere else headers.get("Content-Length"))
    etag = (headers.get("X-Linked-Etag") or headers.get("ETag") or "").removeprefix("W/").strip('"')
    url = http.led_to(answer, headers["Location"]) if is_elsewhere else str(answer.url)
    if not etag or size is None or re.fullmatch("[0-9]{1,18}", size) is None or not origin_of(url):
        return None
    return RemoteFile(url, int(size), etag)


def open_archive(settings: Settings) -> Archive:
    """List the archive's commits. Raises ArchiveError, or HubUnreachable without a connection, in seconds."""
    hub.probe(settings)  # the listing itself is tried again for a minute
    name = settings.hub_archive
    first = f"{settings.hub_endpoint}/api/datasets/{name}/commits/main"
    url: str | None = first
    commits: dict[str, datetime] = {}
    walk = Walk(settings, "Nothing was loaded; run again later, or set HUB_ARCHIVE to a copy.")
    walk.addresses.add(first)
    probe = None
    while url is not None:
        try:
            response, probe = hub.ask(settings, url)
        except HubRefused as refusal:
            raise ArchiveError(_refused(refusal, name, settings.hub_host, "its commits")) from None
        page = _commits(response, settings, name)
        commits |= page
        where = f"page {walk.pages} of the commits of {name}"
        url = walk.next_address(response, where)
        walk.take(page, url, where)
    assert probe is not None
    if not commits:
        raise ArchiveError(
            f"{settings.hub_host} listed no commit of {name}, and a dataset has one at least. {walk.again}"
        )
    return Archive(settings, name, probe.origin, probe.now, last_of_each_day(commits))


def _commits(response: httpx2.Response, settings: Settings, name: str) -> dict[str, datetime]:
    """A page of commits with their UTC times. Raises ArchiveError for anything else."""
    where = f"{settings.hub_host} listed the commits of {name} as"
    again = "Nothing was loaded; run again later, or set HUB_ARCHIVE to a copy."
    start = response.content[:60].decode(errors="replace")
    try:
        listed = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        raise ArchiveError(f"{where} what is no JSON: it begins {start!r}. {again}") from None
    if not isinstance(listed, list):
        raise ArchiveError(f"{where} what is no list: it begins {start!r}. {again}")
    return dict(_commit(entry, f"{where} what is none: {str(entry)[:80]!r}. {again}") for entry in listed)


def _commit(entry: object, problem: str) -> tuple[str, datetime]:
    sha, said = (entry.get("id"), entry.get("date")) if isinstance(entry, dict) else (None, None)
    # it becomes a part of an address
    if not isinstance(sha, str) or re.fullmatch("[0-9a-f]{7,64}", sha) is None or not isinstance(said, str):
        raise ArchiveError(problem)
    try:
        at = datetime.fromisoformat(said)
        return sha, (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ArchiveError(problem) from None


def last_of_each_day(commits: dict[str, datetime]) -> dict[date, Revision]:
    """The revision that counts for each day that has one, of commits with their UTC times."""
    last: dict[date, tuple[datetime, str]] = {}
    for at, sha in sorted((at, sha) for sha, at in commits.items()):
        last[at.date()] = (at, sha)
    before = {day: last[earlier][1] for earlier, day in pairwise(sorted(last))}
    return {day: Revision(sha, at, before.get(day)) for day, (at, sha) in last.items()}


def _refused(refusal: http.Refused | HubRefused, name: str, host: str, what: str) -> str:
    status = refusal.response.status_code
    if isinstance(refusal, http.TooLongAWait):
        return f"{what} of {name}: {refusal}. {KEPT}"
    if status in GONE and what == "its commits":
        return (
            f"The archive {name} is not on {host} ({status}): it was taken down once before. "
            "Nothing was loaded; days loaded earlier stay. Set HUB_ARCHIVE to a copy of it, or "
            "`make import` a file."
        )
    if status == 429:
        return f"{host} answered 429 to {what}: the quota is spent. {KEPT} Wait 5 minutes first."
    return f"{host} answered {status} to {what} of {name}. {KEPT}"
