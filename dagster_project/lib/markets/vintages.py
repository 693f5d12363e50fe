"""Fetched prices into the raw tables: append-only, a new vintage whenever the past was restated.

Belongs here: what a fetch brings, comparing its overlap, vintages and status rows.
Does not belong here: talking to Yahoo (yahoo), adding the rows (record/append), the exchanges' calendars
(sessions).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple

import duckdb

from dagster_project.lib.record.append import add_rows
from dagster_project.lib.redaction import redact
from dagster_project.lib.settings import Settings
from dagster_project.lib.warehouse.raw_tables import PRICE_BARS, PRICE_FETCHES, PRICE_VINTAGES, PRICES

Connection = duckdb.DuckDBPyConnection

# a dividend of 1 cent on 180 dollars moves the past by 5.6e-5; Yahoo's own rounding by less than 1e-6
RESTATED_BEYOND = 1e-5


class Bar(NamedTuple):
    """One finished session; prices in the listing's currency, see raw.price_bars."""

    session_date: date
    open: float | None
    high: float | None
    low: float | None
    close: float
    adj_close: float
    volume: int | None
    dividend: float
    split_ratio: float


@dataclass
class Fetched:
    """How the fetch of one symbol ended; `bars` are finished sessions only, oldest first."""

    symbol: str
    status: str
    detail: str | None = None
    bars: list[Bar] = field(default_factory=list)
    pending: int = 0
    currency: str | None = None
    timezone: str | None = None

    def __post_init__(self) -> None:
        self.detail = redact(self.detail or "") or None


@dataclass(frozen=True)
class Stored:
    """What the warehouse has of a symbol's newest vintage: session → (close, adjusted close)."""

    vintage: int
    closes: dict[date, tuple[float, float]]

    @property
    def last_session(self) -> date | None:
        return max(self.closes, default=None)


@dataclass(frozen=True)
class Restatement:
    """The first session of the overlap that no longer agrees, and why that may be."""

    session: date
    ratio: float
    reason: str


NOTHING_STORED = Stored(0, {})


def find_restatement(stored: Stored, bars: list[Bar]) -> Restatement | None:
    """The first fetched session whose close or adjusted close differs from what is stored."""
    overlap = [bar for bar in bars if bar.session_date in stored.closes]
    if stored.closes and bars and not overlap:
        first = bars[0]
        return Restatement(first.session_date, float("nan"), "no overlap")
    for bar in overlap:
        close, adj_close = stored.closes[bar.session_date]
        moved = max(abs(bar.close / close - 1), abs(bar.adj_close / adj_close - 1))
        if moved > RESTATED_BEYOND:
            return Restatement(bar.session_date, bar.adj_close / adj_close, _reason(stored, bars, bar, close))
    return None


def _reason(stored: Stored, bars: list[Bar], first: Bar, close: float) -> str:
    newer = [bar for bar in bars if bar.session_date not in stored.closes]
    if any(bar.split_ratio for bar in newer):
        return "split"
    if any(bar.dividend for bar in newer) and abs(first.close / close - 1) <= RESTATED_BEYOND:
        return "dividend"
    return "close" if abs(first.close / close - 1) > RESTATED_BEYOND else "adjusted close"


def read_stored(connection: Connection, symbols: Iterable[str]) -> dict[str, Stored]:
    """The newest vintage of each symbol, or NOTHING_STORED."""
    newest: dict[tuple[str, int], dict[date, tuple[float, float]]] = {}
    for symbol, vintage, session, *closes in connection.execute(
        "select symbol, vintage, session_date, close, adj_close from raw.price_bars semi join ("
        "select symbol, max(vintage) as vintage from raw.price_bars group by symbol) using (symbol, vintage)"
    ).fetchall():
        newest.setdefault((symbol, vintage), {})[session] = (closes[0], closes[1])
    found = {symbol: Stored(vintage, closes) for (symbol, vintage), closes in newest.items()}
    return {symbol: found.get(symbol, NOTHING_STORED) for symbol in symbols}


def store(
    connection: Connection,
    settings: Settings,
    day: date,
    now: datetime,
    results: list[Fetched],
    stored: dict[str, Stored],
    restated: dict[str, Restatement],
) -> None:
    """Add what is new, in one transaction.

    `restated` symbols were fetched whole and start a vintage. Grain: a day; `now` is UTC by the Hub's clock.
    """
    at = now.replace(tzinfo=None)
    bars: list[tuple[Any, ...]] = []
    vintages: list[tuple[Any, ...]] = []
    fetches: list[tuple[Any, ...]] = []
    for fetched in results:
        before = stored[fetched.symbol]
        cause = restated.get(fetched.symbol)
        starts_vintage = fetched.status == "ok" and (before.vintage == 0 or cause is not None)
        vintage = before.vintage + starts_vintage
        added = [bar for bar in fetched.bars if starts_vintage or bar.session_date not in before.closes]
        bars += [(fetched.symbol, vintage, *bar, at) for bar in added]
        if starts_vintage:
            ratio = None if cause is None or cause.ratio != cause.ratio else cause.ratio
            vintages.append(
                (
                    fetched.symbol,
                    vintage,
                    day,
                    at,
                    cause.reason if cause else "first",
                    cause.session if cause else None,
                    ratio,
                    fetched.currency,
                    fetched.timezone,
                )
            )
        sessions = [bar.session_date for bar in added]
        if not starts_vintage and before.last_session is not None:
            sessions.append(before.last_session)
        fetches.append(
            (
                day,
                fetched.symbol,
                fetched.status,
                fetched.detail,
                len(added),
                fetched.pending,
                vintage or None,
                max(sessions, default=None),
                at,
            )
        )
    rows_of = {PRICE_BARS: bars, PRICE_VINTAGES: vintages, PRICE_FETCHES: fetches}
    add_rows(connection, settings, PRICES, day, rows_of)
