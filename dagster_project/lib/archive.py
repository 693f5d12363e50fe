"""The public archive of the Hub's listing: a dataset with a revision a day.

Belongs here: which revision belongs to which day, where its file lies, and requests for bytes of it.
Does not belong here: which bytes (ranges), which days and what they cost (backfill).

The archive is somebody's dataset on the Hub and was taken down once. A commit's day is its UTC date; the last
commit of a day counts. A file that is the one of an earlier day says nothing about its own.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial
from itertools import pairwise
from typing import TypeVar
from urllib.parse import urlsplit

import httpx2
from huggingface_hub import get_hf_file_metadata, hf_hub_url
from huggingface_hub.errors import HfHubHTTPError
from huggingface_hub.utils import build_hf_headers, hf_raise_for_status, http_backoff

from dagster_project.lib import hub
from dagster_project.lib.errors import ModelTideError
from dagster_project.lib.hub_answers import CONNECT_TIMEOUT, HubError
from dagster_project.lib.settings import Settings

FILE = "models.parquet"
GONE = (401, 403, 404, 410)  # the Hub says 401 of a repository that is not there
TIMEOUT = httpx2.Timeout(60.0, connect=CONNECT_TIMEOUT)  # of the largest range, 16 MB
Answer = TypeVar("Answer")
KEPT = "Days loaded so far stay; run the same command again to go on."


class ArchiveError(ModelTideError):
    """The archive cannot be asked any further; days that are loaded stay."""


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
    _files: dict[str, RemoteFile] = field(default_factory=dict)
    requests: int = 0

    def locate(self, sha: str, day: date) -> RemoteFile:
        """One request to the resolver; the bytes come from elsewhere and are not counted there."""
        if sha not in self._files:
            url = hf_hub_url(
                self.name, FILE, repo_type="dataset", revision=sha, endpoint=self.settings.hub_endpoint
            )
            self.requests += 1
            found = self._ask(
                partial(
                    get_hf_file_metadata,
                    url,
                    token=self.settings.hub_token or False,
                    endpoint=self.settings.hub_endpoint,
                    retry_on_errors=True,
                ),
                f"{FILE} of {day} ({sha[:8]})",
            )
            if found.size is None or found.etag is None:
                raise ArchiveError(
                    f"{self.settings.hub_host} does not say how large {FILE} of {day} is or what is in it. "
                    f"{KEPT} A mirror must pass the Hub's headers on."
                )
            self._files[sha] = RemoteFile(found.location, found.size, found.etag)
        return self._files[sha]

    def read(self, file: RemoteFile, day: date, start: int, end: int) -> bytes:
        """The bytes from `start` up to `end`."""
        at_hub = urlsplit(file.url).netloc == self.settings.hub_host
        headers = build_hf_headers(token=(self.settings.hub_token or False) if at_hub else False)

        def ask() -> httpx2.Response:
            response = http_backoff(
                "GET", file.url, headers={**headers, "Range": f"bytes={start}-{end - 1}"}, timeout=TIMEOUT
            )
            hf_raise_for_status(response)
            return response

        response = self._ask(ask, f"{FILE} of {day}, bytes {start} to {end}")
        # a server without ranges answers 200 with the whole file
        return response.content if response.status_code == 206 else response.content[start:end]

    def _ask(self, request: Callable[[], Answer], what: str) -> Answer:
        host = self.settings.hub_host
        try:
            return request()
        except HfHubHTTPError as error:
            raise ArchiveError(_refused(error, self.name, host, what)) from error
        except httpx2.HTTPError as error:
            reason = str(error) or type(error).__name__
            raise ArchiveError(f"Lost {host} at {what} ({reason}). {KEPT}") from error


def open_archive(settings: Settings) -> Archive:
    """List the archive's commits. Raises ArchiveError, or HubUnreachable without a connection, in seconds."""
    hub.probe(settings)  # the listing itself is tried again for a minute
    name = settings.hub_archive
    url: str | None = f"{settings.hub_endpoint}/api/datasets/{name}/commits/main"
    commits: list[tuple[datetime, str]] = []
    probe = None
    while url is not None:
        try:
            response, probe = hub.ask(settings, url)
        except HubError as error:
            if isinstance(error.__cause__, HfHubHTTPError):
                raise ArchiveError(
                    _refused(error.__cause__, name, settings.hub_host, "its commits")
                ) from error
            raise
        commits += [(datetime.fromisoformat(c["date"]), c["id"]) for c in response.json()]
        url = response.links.get("next", {}).get("url")
    assert probe is not None
    return Archive(settings, name, probe.origin, probe.now, _last_of_each_day(commits))


def _last_of_each_day(commits: list[tuple[datetime, str]]) -> dict[date, Revision]:
    last: dict[date, tuple[datetime, str]] = {}
    for at, sha in sorted(commits):
        last[at.date()] = (at, sha)
    before = {day: last[earlier][1] for earlier, day in pairwise(sorted(last))}
    return {day: Revision(sha, at, before.get(day)) for day, (at, sha) in last.items()}


def _refused(error: HfHubHTTPError, name: str, host: str, what: str) -> str:
    status = error.response.status_code
    if status in GONE and what == "its commits":
        return (
            f"The archive {name} is not on {host} ({status}): it was taken down once before. "
            "Nothing was loaded; days loaded earlier stay. Set HUB_ARCHIVE to a copy of it, or "
            "`make import` a file."
        )
    if status == 429:
        return f"{host} answered 429 to {what}: the quota is spent. {KEPT} Wait 5 minutes first."
    return f"{host} answered {status} to {what} of {name}. {KEPT}"
