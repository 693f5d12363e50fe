"""The Hub: which day it is there, and its model listing, page by page, into landing.

Belongs here: which pages are asked for, pacing, resuming, and that a page is read while the next is awaited.
Does not belong here: a single answer (client), files (record/landing), reading a page (page_columns,
read_pages) and what the items mean (load_day).

The Hub serves only the present, so the day of a snapshot is the server's: the UTC date of the first page's
`Date` header. No local clock is asked.
"""

import logging
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import partial

import httpx2

from dagster_project.lib.hub.client import (
    LIMITS,
    HubError,
    HubUnreachable,
    Probe,
    QuotaSpent,
    Walk,
    WrongDay,
    count_items,
    digest_of_ids,
    get,
    read_probe,
    refuse_long_wait,
    seconds_to_wait,
)
from dagster_project.lib.hub.fields import EXPAND
from dagster_project.lib.hub.odd_values import OddValues
from dagster_project.lib.hub.page_columns import Columns, columns_of
from dagster_project.lib.hub.read_pages import keep_columns
from dagster_project.lib.record.landing import HUB, Crawl, Opening, Page, find_crawls, open_crawl
from dagster_project.lib.settings import Settings
from dagster_project.lib.sources.http import in_background, quota_of

PAGE_SIZE = 1_000  # the largest page the Hub serves
RESUMABLE = timedelta(hours=6)
LONGEST_WAITS = 4 * 3600.0  # seconds of a crawl for quota windows; a census needs half an hour of them
READ_TIMEOUT, PROBE_TIMEOUT = LIMITS.timeout, 5.0  # seconds
TOLD_EVERY = 25  # pages a line: it costs a run a commit, as dear as a page; a top has 200, a census 3,300
MAX_RETRIES = LIMITS.retries  # of 429, 5xx, timeouts and broken answers: 1, 2, 4 … 30 seconds apart
logger = logging.getLogger(__name__)


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
    once = replace(LIMITS, timeout=PROBE_TIMEOUT, deadline=PROBE_TIMEOUT, retries=0)
    try:
        response = get(settings, url, {"limit": 1}, once)
    except QuotaSpent as refusal:
        response = refusal.response  # a refusal tells the time as well; the crawl then waits for its window
    return read_probe(response, settings)


def ask(settings: Settings, url: str) -> tuple[httpx2.Response, Probe]:
    """One answer of the Hub's API and who gave it. Raises HubUnreachable, or HubError for a refusal."""
    response = get(settings, url, None)
    return response, read_probe(response, settings)


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
    fetch = partial(get, settings, limits=replace(LIMITS, retries=retries, timeout=read_timeout))
    current = _resumable(settings, earlier, day)
    streams = current.opening.streams if current else list(request.queries)
    pace = _Pace(report, sleep, current.rows if current else 0)
    changed: set[str] = set()
    for stream in streams:
        pages = [page for page in current.pages if page.stream == stream] if current else []
        walk = Walk(settings, "Run again; landed pages are kept.")
        for page in pages:
            walk.take([page.ids or page.file] if page.rows else [], page.next_url, page.file)
        rows = sum(page.rows for page in pages)
        url = pages[-1].next_url if pages else f"{settings.hub_endpoint}/api/models"
        parameters = None if pages else request.queries[stream]
        ahead: Future[httpx2.Response] | None = None
        while url is not None and not request.is_enough(stream, rows):
            where = f"page {len(current.pages) if current else 0} ({stream}) of {day}"
            try:
                response = ahead.result() if ahead else fetch(url, parameters)
            except HubUnreachable as error:
                if current is None:
                    raise
                raise HubUnreachable(
                    f"Lost {settings.hub_host} at {where} ({error.reason}). "
                    "Landed pages are kept; run again within 6 hours to resume.",
                    error.reason,
                ) from None
            answered = read_probe(response, settings)
            if current is None and answered.day != day:
                raise WrongDay(_wrong_day(day, answered.day))
            next_url = walk.next_address(response, where)
            may_end = next_url is None or request.is_enough(stream, rows + PAGE_SIZE)
            wait = seconds_to_wait(response)
            ahead = None if may_end or wait else in_background(partial(fetch, next_url, None), "next page")
            columns = columns_of(response.content) if request.source == HUB else None
            count, ids = _look_through(response, columns, where)
            walk.take([ids] if count else [], next_url, where)
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
            page = current.add_page(stream, response.content, count, answered.now, next_url, ids)
            if request.source == HUB:
                _tell_of_changes(keep_columns(current, page, columns), settings, changed)
            rows, url, parameters = rows + count, next_url, None
            is_last = stream == streams[-1] and (url is None or request.is_enough(stream, rows))
            if not is_last:
                refuse_long_wait(wait, settings, where)
            pace.after(page, current.rows, response, 0.0 if is_last else wait)
    assert current is not None  # every scope has at least one stream
    current.finish()
    return current


@dataclass
class _Pace:
    """Waits for the next quota window before this one is spent; reports each page and tells of some."""

    report: Callable[[Progress], None]
    sleep: Callable[[float], None]
    rows_before: int
    started: float = field(default_factory=time.monotonic)
    waited: float = 0.0

    def after(self, page: Page, rows: int, response: httpx2.Response, wait: float) -> None:
        quota = quota_of(response)
        elapsed = max(time.monotonic() - self.started, 1e-9)
        rate = (rows - self.rows_before) / elapsed
        progress = Progress(page, rows, rate, quota.remaining if quota else None, wait)
        if wait or page.number % TOLD_EVERY == 0:
            logger.info(str(progress))
        self.report(progress)
        if self.waited + wait > LONGEST_WAITS:
            raise HubError(
                f"The Hub's quota made this crawl wait for {self.waited / 3600:.1f} hours, and asks for more "
                f"after page {page.number}. Run again within 6 hours to resume: landed pages are kept."
            )
        if wait:
            self.waited += wait
            self.sleep(wait)


def _look_through(response: httpx2.Response, columns: Columns | None, where: str) -> tuple[int, str]:
    """How many items a page lists, and a digest of their ids. Raises HubError if it is no list."""
    if columns is None:
        return count_items(response, where), digest_of_ids(response.content)
    hub_ids = columns.hub_ids()
    return len(hub_ids), digest_of_ids(response.content, hub_ids)


def _tell_of_changes(odd: OddValues, settings: Settings, told: set[str]) -> None:
    """Say once of a field that changed upstream on which page that begins; the load refuses the day."""
    for name, reason in odd.changes(settings).items():
        if name not in told:
            logger.warning(reason[:1].upper() + reason[1:])
            told.add(name)


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


def _wrong_day(partition: date, server_day: date) -> str:
    return (
        f"The Hub's day is {server_day}, not {partition}: the Hub serves only the present, so this "
        f"partition cannot be fetched. Nothing was written; run {server_day} instead (`make run`)."
    )
