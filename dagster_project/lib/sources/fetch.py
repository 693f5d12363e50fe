"""Answers of the small sources into landing, and how each of them ended.

Belongs here: asking item by item, landing what came before anybody looks into it, not asking twice a day for
what is there, and the status rows of a fetch.
Does not belong here: how an answer is asked for (web), what it means (openrouter, models_dev, registries) and
the tables (record/append).
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import duckdb

from dagster_project.lib.record.landing import Crawl, LandingError, Opening, Page, find_crawls, open_crawl
from dagster_project.lib.redaction import redact
from dagster_project.lib.settings import Settings
from dagster_project.lib.sources.web import Answer, Web
from dagster_project.lib.warehouse.connection import scalar
from dagster_project.lib.warehouse.raw_tables import Source

RETAKEN = ("partial", "empty", "malformed", "renamed", "short")  # answered, but worth asking again
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Request:
    """One item of a source and how to ask for it; `headers` are sent and never stored."""

    item: str
    path: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Reading:
    """What an answer says: its rows as the source's module understands them."""

    status: str = "ok"
    detail: str | None = None
    rows: list[Any] = field(default_factory=list)
    as_of: datetime | None = None


@dataclass
class Outcome:
    """How the fetch of one item ended. `fetched_at` and `as_of` are UTC."""

    item: str
    fetched_at: datetime
    status: str
    detail: str | None = None
    rows: list[Any] = field(default_factory=list)
    as_of: datetime | None = None
    origin: str | None = None
    new_rows: int = 0

    def __post_init__(self) -> None:
        self.detail = redact(self.detail or "") or None

    @property
    def is_answered(self) -> bool:
        return self.origin is not None


def fetch_all(
    settings: Settings,
    source: Source,
    day: date,
    now: datetime,
    requests: Sequence[Request],
    web: Web,
    read: Callable[[str, bytes], Reading],
    *,
    scope_id: str = "daily",
) -> list[Outcome]:
    """Ask for every item that is not landed already today, and read what is landed. Grain: an item.

    REFETCH asks for all of them again; so does an answer that could not be used as it is.
    """
    landed = _landed(settings, source, day, scope_id, web.endpoint)
    outcomes = []
    for request in requests:
        outcome = None
        page = landed.page_of(request.item)
        if page is not None and not settings.refetch:
            outcome = landed.read(page, read)
        if outcome is None or outcome.status in RETAKEN:
            answer = web.get(request.path, request.parameters, request.headers)
            if answer.status == "ok":
                outcome = landed.read(landed.add(request.item, answer, now), read)
            elif outcome is None:
                outcome = Outcome(request.item, now, answer.status, answer.detail)
        tell(source, outcome)
        outcomes.append(outcome)
    landed.finish(requests)
    return outcomes


def tell(source: Source, outcome: Outcome) -> None:
    """A line of an item that did not end ok."""
    if outcome.status != "ok":
        logger.info(f"{source.name} {outcome.item}: {outcome.status} ({outcome.detail})")


def refuse_mixed(connection: duckdb.DuckDBPyConnection, outcomes: Sequence[Outcome]) -> None:
    """Invented and real figures never stand in one data home: the later ones lose their rows."""
    present = scalar(connection, "select origin from raw.hub_snapshots where is_accepted limit 1")
    for outcome in outcomes:
        both = (present, outcome.origin)
        if None not in both and "synthetic" in both and outcome.origin != present:
            outcome.rows = []
            outcome.status = "error"
            outcome.detail = (
                f"a {outcome.origin} answer does not belong among {present} days: set another MODELTIDE_HOME"
            )


def status_rows(day: date, outcomes: Sequence[Outcome], attribution: str | None) -> list[tuple[Any, ...]]:
    """Rows of the source's fetches. `attribution` may hold {as_of}."""
    return [
        (
            day,
            o.item,
            o.status,
            o.detail,
            len(o.rows) if o.is_answered else None,
            o.new_rows,
            _naive(o.as_of or o.fetched_at) if o.is_answered else None,
            cited(attribution, o.as_of or o.fetched_at) if o.is_answered else None,
            o.origin,
            _naive(o.fetched_at),
        )
        for o in outcomes
    ]


def cited(attribution: str | None, as_of: datetime) -> str | None:
    """The attribution text for figures of that time."""
    if attribution is None:
        return None
    return attribution.replace("{as_of}", f"{as_of.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}")


@dataclass
class _Landed:
    """The day's pages of a source, in one crawl that grows until each item has one."""

    settings: Settings
    source: Source
    day: date
    scope_id: str
    endpoint: str
    crawl: Crawl | None

    def page_of(self, item: str) -> Page | None:
        pages = [page for page in self.crawl.pages if page.stream == item] if self.crawl else []
        return pages[-1] if pages else None

    def add(self, item: str, answer: Answer, now: datetime) -> Page:
        if self.crawl is None:
            self.crawl = open_crawl(
                self.settings.landing,
                Opening(
                    day=self.day.isoformat(),
                    scope=self.scope_id,
                    scope_id=self.scope_id,
                    endpoint=self.endpoint,
                    origin=str(answer.origin),
                    streams=[],
                    started_at=now.isoformat(),
                    source=self.source.name,
                ),
            )
        # how many rows there are is known only to who reads the page; it is landed unread
        return self.crawl.add_page(item, answer.body, 0, now, None)

    def finish(self, requests: Sequence[Request]) -> None:
        is_whole = self.crawl is not None and all(self.page_of(request.item) for request in requests)
        if self.crawl is not None and is_whole and not self.crawl.is_complete:
            self.crawl.finish()

    def read(self, page: Page, read: Callable[[str, bytes], Reading]) -> Outcome:
        assert self.crawl is not None
        try:
            reading = read(page.stream, self.crawl.read(page))
        except LandingError as error:
            reading = Reading("malformed", str(error))  # and so asked for again
        return Outcome(
            page.stream,
            datetime.fromisoformat(page.served_at),
            reading.status,
            reading.detail,
            reading.rows,
            reading.as_of,
            self.crawl.opening.origin,
        )


def _landed(settings: Settings, source: Source, day: date, scope_id: str, endpoint: str) -> _Landed:
    crawls = find_crawls(settings.landing, day, scope_id, source.name)
    same = [crawl for crawl in crawls if crawl.opening.endpoint == endpoint]
    return _Landed(settings, source, day, scope_id, endpoint, same[0] if same else None)


def _naive(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)
