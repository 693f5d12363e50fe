"""Daily prices through yfinance, one symbol at a time, every outcome as data.

Belongs here: what to ask Yahoo for, and naming what went wrong.
Does not belong here: what an answer says (chart), vintages and how bars are stored (vintages).

A symbol that fails never raises: prices have a history and can be fetched tomorrow. So a fetch ends as one of
ok, missing, empty, pending or error. yfinance asks; Yahoo's answer is read whatever yfinance thinks of it.
"""

import json  # which takes NaN and Infinity
import logging
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import duckdb
import yfinance as yf
from curl_cffi import requests as curl_requests
from yfinance import cache
from yfinance.exceptions import YFRateLimitError

from dagster_project.lib.markets.chart import TIMEZONES, read_chart
from dagster_project.lib.markets.vintages import Fetched, find_restatement, read_stored, store
from dagster_project.lib.redaction import redact
from dagster_project.lib.seeds.files import Row
from dagster_project.lib.settings import YAHOO_ENDPOINT, Settings

TIMEOUT = 15.0  # seconds a request
PACE = 0.25  # seconds between symbols: Yahoo names no quota and answers 429 without warning
GIVE_UP_AFTER = 3  # symbols in a row without an answer: the source is down, not the symbol
CHART_PATH = "/v8/finance/chart/"
Asked = tuple[str, str, str]  # symbol, exchange, period
PERIODS = ((20, "1mo"), (80, "3mo"), (170, "6mo"), (350, "1y"), (720, "2y"), (1_800, "5y"))
logger = logging.getLogger(__name__)


def snapshot_prices(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    companies: list[Row],
    day: date,
    now: datetime,
    report: Callable[[Fetched], None] = lambda _: None,
) -> list[Fetched]:
    """Fetch every company's prices and add what is new, in one transaction. Grain: a day.

    `now` is the UTC time by the Hub's clock. A source that fails leaves a status row and raises nothing;
    the rows are written as a folder of snapshots/ before they are committed.
    """
    with yahoo_session(settings) as session:
        fetch = partial(fetch_all, now=now, session=session, pace=pace_for(settings), report=report)
        return add_prices(connection, settings, companies, day, now, fetch)


def add_prices(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    companies: list[Row],
    day: date,
    now: datetime,
    fetch: Callable[[list[Asked]], list[Fetched]],
) -> list[Fetched]:
    """Add what `fetch` brings that is new; a symbol whose past was restated is fetched whole."""
    stored = read_stored(connection, [str(c["symbol"]) for c in companies])
    requests = [
        (symbol, str(c["exchange"]), period_since(stored[symbol].last_session, now.date()))
        for c in companies
        for symbol in [str(c["symbol"])]
    ]
    results = fetch(requests)
    restated = {
        f.symbol: found
        for f in results
        if f.status == "ok" and (found := find_restatement(stored[f.symbol], f.bars)) is not None
    }
    again = [(symbol, exchange, "max") for symbol, exchange, _ in requests if symbol in restated]
    for fetched in fetch(again):
        results = [fetched if f.symbol == fetched.symbol else f for f in results]
        # one odd value of the shorter chart is no new history if the whole one does not have it
        if fetched.status == "ok" and find_restatement(stored[fetched.symbol], fetched.bars) is None:
            del restated[fetched.symbol]
    store(connection, settings, day, now, results, stored, restated)
    return results


def period_since(last_session: date | None, today: date) -> str:
    """The shortest period that overlaps what is stored by at least a week; everything if nothing is."""
    if last_session is not None:
        gap = (today - last_session).days
        for days, period in PERIODS:
            if gap <= days:
                return period
    return "max"


@contextmanager
def yahoo_session(settings: Settings) -> Iterator[Any]:
    """The HTTP session for yfinance: its own, or one that takes every request to YAHOO_ENDPOINT.

    yfinance has its hosts written in many places; scheme and host are swapped here, where every
    request of it passes, so paths, cookies and parameters stay its own.
    """
    session = _YahooSession(settings.yahoo_endpoint)
    folder = settings.cache
    folder.mkdir(parents=True, exist_ok=True)
    _configure(folder)
    with session:
        yield session


def fetch_symbol(symbol: str, exchange: str, period: str, now: datetime, session: Any) -> Fetched:
    """One symbol's bars of `period` that were finished at `now` (UTC). Only YFRateLimitError rises."""
    # saves a request for the time zone, and for a dead symbol a second one
    cache.get_tz_cache().store(symbol, TIMEZONES[exchange])
    ticker = yf.Ticker(symbol, session=session)
    session.chart = None
    refusal = ""
    try:
        # period and not start/end: those are cached in the process and depend on the local clock
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            ticker.history(
                period=period,
                interval="1d",
                auto_adjust=False,
                actions=True,
                keepna=True,
                timeout=TIMEOUT,
            )
    except YFRateLimitError:
        raise
    except Exception as error:  # it refuses charts that hold bars, such as one of a share listed this week
        refusal = _one_line(error)
    return _read_answer(symbol, exchange, session.chart, refusal, now)


def _read_answer(symbol: str, exchange: str, answer: Any, refusal: str, now: datetime) -> Fetched:
    if answer is None:
        return Fetched(symbol, "error", refusal or "Yahoo was not asked", is_outage=True)
    status = answer.status_code
    if status == 404:
        return Fetched(symbol, "missing", refusal or "Yahoo does not know it")
    if status != 200:
        # of another 4xx Yahoo refuses what it was asked for, not everybody who asks
        is_outage = status >= 500 or status in (401, 403)
        return Fetched(symbol, "error", f"Yahoo answered {status}", is_outage=is_outage)
    try:
        chart = json.loads(answer.content)
    except ValueError:
        return Fetched(symbol, "error", f"Yahoo's answer is no JSON ({refusal})", is_outage=True)
    return read_chart(symbol, exchange, chart, now)


def fetch_all(
    requests: list[Asked],
    now: datetime,
    session: Any,
    *,
    pace: float = PACE,
    report: Callable[[Fetched], None] = lambda _: None,
) -> list[Fetched]:
    """Fetch (symbol, exchange, period) one after the other; after a refusal the rest is not asked."""
    results: list[Fetched] = []
    refused: str | None = None
    failures = 0
    for position, (symbol, exchange, period) in enumerate(requests):
        if refused is not None:
            fetched = Fetched(symbol, "error", refused)
        else:
            if position:
                time.sleep(pace)
            try:
                fetched = fetch_symbol(symbol, exchange, period, now, session)
            except YFRateLimitError:
                refused = "not asked: Yahoo throttles (429); the next run asks again"
                fetched = Fetched(symbol, "error", "Yahoo throttles (429); the next run asks again")
        failures = failures + 1 if fetched.is_outage else 0
        if failures == GIVE_UP_AFTER and refused is None:
            refused = f"not asked: {GIVE_UP_AFTER} symbols in a row failed, so Yahoo is down"
        report(fetched)
        if fetched.detail:
            logger.info(f"{symbol}: {fetched.status} ({fetched.detail})")
        results.append(fetched)
    return results


def pace_for(settings: Settings) -> float:
    """Seconds between symbols: none on this machine, where nobody else is served."""
    return 0.0 if urlsplit(settings.yahoo_endpoint).hostname in ("127.0.0.1", "localhost") else PACE


class _YahooSession(curl_requests.Session):  # type: ignore[type-arg]
    """Asks `endpoint` instead of Yahoo if it is another one, and remembers the last chart."""

    def __init__(self, endpoint: str) -> None:
        super().__init__(impersonate="chrome")
        self.endpoint = endpoint
        self.chart: Any = None  # the answer; None if none came

    def request(self, method: Any, url: str, **options: Any) -> Any:  # type: ignore[override]
        is_chart = urlsplit(url).path.startswith(CHART_PATH)
        if is_chart:
            self.chart = None
        if self.endpoint == YAHOO_ENDPOINT:
            response = super().request(method, url, **options)
        else:
            response = super().request(method, **self._redirected(url, options))
            response.url = url  # yfinance looks at it for Yahoo's consent page
        if is_chart:
            self.chart = response
        return response

    def _redirected(self, url: str, options: dict[str, Any]) -> dict[str, Any]:
        asked = urlsplit(url)
        query = f"?{asked.query}" if asked.query else ""
        headers = {**(options.get("headers") or {}), "X-Forwarded-Host": asked.hostname or ""}
        return {**options, "url": f"{self.endpoint}{asked.path or '/'}{query}", "headers": headers}


def _configure(folder: Path) -> None:
    yf.set_tz_cache_location(str(folder))  # the default is shared by every process of the user
    yf.config.debug.hide_exceptions = False  # else a failure is an empty frame and a log line
    yf.config.network.retries = 1  # of connections only; 429 and 5xx are not retried


def _one_line(error: Exception) -> str:
    return redact(" ".join(f"{type(error).__name__}: {error}".split()))[:300]
