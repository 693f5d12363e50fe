"""The Hub: which day it is there, and its model listing, page by page, into landing.

Belongs here: requests to /api/models, pacing, resuming, and every reason to stop a crawl.
Does not belong here: files (landing) and what the items mean (hub_load).

The Hub serves only the present, so the day of a snapshot is the server's: the UTC date of the first page's
`Date` header. No local clock is asked.
"""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cache, partial
from urllib.parse import urlsplit

os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"  # read once, at import of huggingface_hub

import duckdb
import httpx2
from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled
from huggingface_hub.utils import (
    build_hf_headers,
    hf_raise_for_status,
    http_backoff,
    parse_ratelimit_headers,
)
from huggingface_hub.utils import logging as hub_logging

from dagster_project.lib.errors import ModelTideError
from dagster_project.lib.landing import HUB, Crawl, Opening, Page, find_crawls, open_crawl
from dagster_project.lib.settings import Settings
from dagster_project.lib.warehouse import scalar

EXPAND = (
    "author",
    "baseModels",
    "createdAt",
    "downloads",
    "downloadsAllTime",
    "gated",
    "gguf",
    "lastModified",
    "library_name",
    "likes",
    "pipeline_tag",
    "private",
    "safetensors",
    "tags",
    "trendingScore",
    "usedStorage",
)  # no cardData, config, siblings: 10 to 50 times the bytes
PAGE_SIZE = 1_000  # the largest page the Hub serves
RESUMABLE = timedelta(hours=6)
QUOTA_FLOOR = 1  # requests left in the window at which we wait for the next one
SYNTHETIC_HEADER = "X-Model-Tide-Synthetic"
CONNECT_TIMEOUT, READ_TIMEOUT, PROBE_TIMEOUT = 10.0, 30.0, 5.0  # seconds
MAX_RETRIES = 6  # of 429, 5xx, timeouts and broken answers: 1, 2, 4 … 30 seconds apart


class HubError(ModelTideError):
    """The crawl stopped; the message names the page and what to do. Landed pages are kept."""


class HubUnreachable(HubError):
    """No connection to the Hub: nothing was asked, nothing written."""


class QuotaSpent(HubError):
    """The Hub refused a request because the window's quota is spent; its answer is kept."""

    def __init__(self, message: str, response: httpx2.Response) -> None:
        super().__init__(message)
        self.response = response


class WrongDay(HubError):
    """The Hub's day is not the partition's: nothing was written, and trying again cannot help."""


@dataclass(frozen=True)
class Probe:
    """What one answer of the Hub tells: its UTC time and who answered (live, synthetic, mirror:<host>)."""

    now: datetime
    origin: str

    @property
    def day(self) -> date:
        return self.now.date()


@dataclass(frozen=True)
class Progress:
    """State of a crawl after a page. `rate` is models per second since start or resumption."""

    page: Page
    rows: int
    rate: float
    quota_left: int | None
    waited: float

    def __str__(self) -> str:
        left = "unknown" if self.quota_left is None else self.quota_left
        wait = f", waiting {self.waited:.0f} s for the next quota window" if self.waited else ""
        return (
            f"page {self.page.number} ({self.page.stream}): {self.rows} models, "
            f"{self.rate:.0f} a second, quota left {left}{wait}"
        )


def probe(settings: Settings) -> Probe:
    """Ask the Hub for its time, once, within 5 seconds. Raises HubUnreachable."""
    url = f"{settings.hub_endpoint}/api/models"
    verbosity = hub_logging.get_verbosity()
    # the error says it all; there is no second try to announce
    hub_logging.set_verbosity(hub_logging.ERROR)
    try:
        response = _get(settings, url, {"limit": 1}, retries=0, timeout=PROBE_TIMEOUT)
    except QuotaSpent as refusal:
        response = refusal.response  # a refusal tells the time as well; the crawl then waits for its window
    finally:
        hub_logging.set_verbosity(verbosity)
    return _read_probe(response, settings)


def ask(settings: Settings, url: str) -> tuple[httpx2.Response, Probe]:
    """One answer of the Hub's API and who gave it. Raises HubUnreachable, or HubError for a refusal."""
    response = _get(settings, url, None, retries=MAX_RETRIES, timeout=READ_TIMEOUT)
    return response, _read_probe(response, settings)


def present_for(settings: Settings, day: date, followed: list[str]) -> datetime:
    """The Hub's present time (UTC), for a source that belongs to the snapshot of `day`.

    Raises WrongDay when the day has passed, unless a crawl of that day began at most 6 hours ago:
    then the snapshot is the same, though midnight has passed.
    """
    settings = settings.on(day)
    present = probe(settings)
    crawls = find_crawls(settings.landing, day, settings.scope_id(followed))
    if present.day != day and not any(present.now - c.started_at <= RESUMABLE for c in crawls):
        raise WrongDay(_wrong_day(day, present.day))
    return present.now


@dataclass(frozen=True)
class Request:
    """What a crawl sets out to fetch: for each stream, in order, the query of its first page.

    A stream ends where the listing does, or with the page that brings it to `enough` rows.
    """

    source: str
    scope: str
    scope_id: str
    queries: dict[str, dict[str, object]]
    enough: dict[str, int] = field(default_factory=dict)

    def is_enough(self, stream: str, rows: int) -> bool:
        return stream in self.enough and rows >= self.enough[stream]


def snapshot_request(settings: Settings, followed: list[str]) -> Request:
    """The listings that make up a snapshot: everything, or the top and all of the followed publishers."""
    common: dict[str, object] = {"limit": PAGE_SIZE, "expand": list(EXPAND)}
    by_creation = common | {"sort": "createdAt", "direction": 1}  # a stable cursor
    scope_id = settings.scope_id(followed)
    if settings.scope == "census":
        return Request(HUB, settings.scope, scope_id, {"census": by_creation})
    by_downloads = {"sort": "downloads", "direction": -1, "limit": min(PAGE_SIZE, settings.hub_top)}
    queries = {
        "top": common | by_downloads,
        **{f"publisher:{name}": by_creation | {"author": name} for name in followed},
    }
    return Request(HUB, settings.scope, scope_id, queries, {"top": settings.hub_top})


def crawl(
    settings: Settings,
    day: date,
    followed: list[str],
    *,
    report: Callable[[Progress], None] = lambda _: None,
    sleep: Callable[[float], None] = time.sleep,
    read_timeout: float = READ_TIMEOUT,
    retries: int = MAX_RETRIES,
) -> Crawl:
    """Land the day's snapshot of the listing and return it, complete; see `land`.

    A census of 3,300 pages takes half an hour: models that are created meanwhile have no part in it,
    whenever it was resumed, and the manifest says where it ends.
    """
    request = snapshot_request(settings.on(day), followed)
    return land(
        settings, day, request, report=report, sleep=sleep, read_timeout=read_timeout, retries=retries
    )


def land(
    settings: Settings,
    day: date,
    request: Request,
    *,
    report: Callable[[Progress], None] = lambda _: None,
    sleep: Callable[[float], None] = time.sleep,
    read_timeout: float = READ_TIMEOUT,
    retries: int = MAX_RETRIES,
) -> Crawl:
    """Land what is requested and return it, complete; resumes a crawl that was cut short.

    A day that is landed already is returned as it is, without a request, unless `settings.refetch`.
    Raises WrongDay when the Hub's day is another one, HubUnreachable, or HubError for an answer
    that cannot be trusted.
    """
    earlier = find_crawls(settings.landing, day, request.scope_id, request.source)
    if not settings.refetch:
        for landed in earlier:
            if landed.is_complete:
                return landed
    fetch = partial(_get, settings, retries=retries, timeout=read_timeout)
    current = _resumable(settings, earlier, day)
    streams = current.opening.streams if current else list(request.queries)
    pace = _Pace(report, sleep, current.rows if current else 0)
    for stream in streams:
        pages = [page for page in current.pages if page.stream == stream] if current else []
        seen = {page.next_url for page in pages}
        rows = sum(page.rows for page in pages)
        url = pages[-1].next_url if pages else f"{settings.hub_endpoint}/api/models"
        parameters = None if pages else request.queries[stream]
        while url is not None and not request.is_enough(stream, rows):
            where = f"page {len(current.pages) if current else 0} ({stream}) of {day}"
            try:
                response = fetch(url, parameters)
            except HubUnreachable as error:
                if current is None:
                    raise
                raise HubUnreachable(
                    f"Lost {settings.hub_host} at {where} ({error.__cause__!r}). "
                    "Landed pages are kept; run again within 6 hours to resume."
                ) from error
            answered = _read_probe(response, settings)
            if current is None and answered.day != day:
                raise WrongDay(_wrong_day(day, answered.day))
            count = _count_items(response, where)
            next_url = _next_url(response, settings, seen, where)
            if current is None:
                current = open_crawl(
                    settings.landing,
                    Opening(
                        day=day.isoformat(),
                        scope=request.scope,
                        scope_id=request.scope_id,
                        endpoint=settings.hub_endpoint,
                        origin=answered.origin,
                        streams=streams,
                        started_at=answered.now.isoformat(),
                        source=request.source,
                        created_until=answered.now.isoformat() if request.scope == "census" else None,
                    ),
                )
            page = current.add_page(stream, response.content, count, answered.now, next_url)
            seen.add(next_url)
            rows, url, parameters = rows + count, next_url, None
            is_last = stream == streams[-1] and (url is None or request.is_enough(stream, rows))
            pace.after(page, current.rows, response, is_last)
    assert current is not None  # every scope has at least one stream
    current.finish()
    return current


@dataclass
class _Pace:
    """Waits for the next quota window before this one is spent, and reports each page."""

    report: Callable[[Progress], None]
    sleep: Callable[[float], None]
    rows_before: int
    started: float = field(default_factory=time.monotonic)

    def after(self, page: Page, rows: int, response: httpx2.Response, is_last: bool) -> None:
        quota = parse_ratelimit_headers(response.headers)
        is_spent = quota is not None and quota.remaining <= QUOTA_FLOOR and not is_last
        wait = quota.reset_in_seconds + 1.0 if quota is not None and is_spent else 0.0
        elapsed = max(time.monotonic() - self.started, 1e-9)
        rate = (rows - self.rows_before) / elapsed
        self.report(Progress(page, rows, rate, quota.remaining if quota else None, wait))
        if wait:
            self.sleep(wait)


def _resumable(settings: Settings, earlier: list[Crawl], day: date) -> Crawl | None:
    """The newest crawl of the day if it was cut short at most 6 hours ago, by the Hub's clock."""
    if not earlier or earlier[0].is_complete:
        return None
    current = earlier[0]
    if current.opening.endpoint != settings.hub_endpoint:
        return None  # half of one Hub and half of another is no snapshot
    present = probe(settings)
    if present.now - current.started_at <= RESUMABLE:
        return current
    if present.day == day:
        return None
    raise WrongDay(
        f"The crawl of {day} began at {current.started_at:%Y-%m-%d %H:%M} UTC, more than "
        f"{RESUMABLE // timedelta(hours=1)} hours ago by the Hub's clock, and can no longer be "
        f"resumed. Nothing was written; run the Hub's day, {present.day}, instead (`make run`)."
    )


def _get(
    settings: Settings, url: str, parameters: dict[str, object] | None, *, retries: int, timeout: float
) -> httpx2.Response:
    # a token that is stored on the machine would list its owner's private models: only HF_TOKEN counts
    headers = build_hf_headers(
        token=settings.hub_token or False, library_name="model-tide", library_version="0.1"
    )
    try:
        response = http_backoff(
            "GET",
            url,
            params=parameters,
            headers=headers,
            # list_models and paginate pass timeout=None, which waits for ever on a dead socket
            timeout=httpx2.Timeout(timeout, connect=min(timeout, CONNECT_TIMEOUT)),
            max_retries=retries,
            base_wait_time=1,
            max_wait_time=30,
        )
        hf_raise_for_status(response)
    except OfflineModeIsEnabled as error:
        raise HubUnreachable(_unreachable(settings, "HF_HUB_OFFLINE is set")) from error
    except HfHubHTTPError as error:
        status = error.response.status_code
        advice = (
            "check HF_TOKEN or unset it: no account is needed"
            if status in (401, 403)
            else "run again later: landed pages are kept"
        )
        message = f"{settings.hub_host} answered {status} to {_shown(url)}; {advice}."
        if status == 429:
            raise QuotaSpent(message, error.response) from error
        raise HubError(message) from error
    except httpx2.HTTPError as error:
        reason = str(error) or type(error).__name__
        raise HubUnreachable(_unreachable(settings, reason)) from error
    return response


def _read_probe(response: httpx2.Response, settings: Settings) -> Probe:
    served_at = response.headers.get("Date")
    if not served_at:
        raise HubError(
            f"{settings.hub_host} sent no Date header, so its day is unknown. "
            "Ask the mirror's keeper to pass it on, or use another HF_ENDPOINT."
        )
    if response.headers.get(SYNTHETIC_HEADER):
        origin = "synthetic"
    else:
        origin = "live" if settings.is_live_hub else f"mirror:{settings.hub_host}"
    return Probe(parsedate_to_datetime(served_at).astimezone(UTC), origin)


def _count_items(response: httpx2.Response, where: str) -> int:
    """Read by what will load the page: a seventh of the time of making Python objects of it."""
    try:
        body = response.content.decode()
        count = _asked_of("json_array_length", body)
        kind = "ARRAY" if count else _asked_of("json_type", body)  # what is no list has length 0
    except (duckdb.Error, UnicodeDecodeError) as error:
        start = response.text[:60]
        raise HubError(f"{where} is no JSON: it begins {start!r}. Run again later.") from error
    if kind != "ARRAY":
        raise HubError(
            f"{where} is no list but {str(kind).lower()}: {response.text[:60]!r}. Run again later."
        )
    return int(str(count))


def _asked_of(function: str, body: str) -> object:
    return scalar(_reader().cursor(), f"select {function}($1)", [body])


@cache
def _reader() -> duckdb.DuckDBPyConnection:
    return duckdb.connect(config={"threads": 1})


def _next_url(response: httpx2.Response, settings: Settings, seen: set[str | None], where: str) -> str | None:
    link = response.links.get("next", {}).get("url")
    for address in (str(response.url), link or settings.hub_endpoint):
        parts = urlsplit(address)  # of a redirected answer, where it ended
        if f"{parts.scheme}://{parts.netloc}" != _origin_of(settings.hub_endpoint):
            raise HubError(
                f"{where} leads to {parts.netloc}, not {settings.hub_host}: the rest would come from "
                "elsewhere. A mirror must rewrite the addresses of its Link header."
            )
    if link is None:
        return None
    if link in seen or link == str(response.url):
        raise HubError(f"{where}: the cursor does not advance. Run again; landed pages are kept.")
    return str(link)


def _origin_of(endpoint: str) -> str:
    parts = urlsplit(endpoint)
    return f"{parts.scheme}://{parts.netloc}"


def _shown(url: str) -> str:
    return urlsplit(url).path


def _wrong_day(partition: date, server_day: date) -> str:
    return (
        f"The Hub's day is {server_day}, not {partition}: the Hub serves only the present, so this "
        f"partition cannot be fetched. Nothing was written; run {server_day} instead (`make run`)."
    )


def _unreachable(settings: Settings, reason: str) -> str:
    return (
        f"Could not reach {settings.hub_host} ({reason}). Nothing was written. "
        "Check the network or HF_ENDPOINT; `make demo` needs no network."
    )
