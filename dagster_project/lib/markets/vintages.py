"""Fetched prices into the raw tables: append-only, a new vintage whenever the past was restated.

Belongs here: what a fetch brings, comparing its overlap, vintages and status rows.
Does not belong here: talking to Yahoo (yahoo), adding the rows (record/append), the exchanges' calendars
(sessions).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from math import nan
from typing import Any, NamedTuple

import duckdb

from dagster_project.lib.record.append import add_rows
from dagster_project.lib.redaction import redact
from dagster_project.lib.settings import Settings
from dagster_project.lib.warehouse.raw_tables import PRICE_BARS, PRICE_FETCHES, PRICE_VINTAGES, PRICES

Connection = duckdb.DuckDBPyConnection

# a dividend of 1 cent on 180 dollars moves the past by 5.6e-5; Yahoo's own rounding by less than 1e-6
RESTATED_BEYOND = 1e-5
# the dearest share stands at 750,000 dollars, the highest index of an exchange at some millions
PRICE_BETWEEN = (1e-6, 1e9)


def is_price(value: Any) -> bool:
    """Whether a value is a number that a price can be."""
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return is_number and PRICE_BETWEEN[0] <= value <= PRICE_BETWEEN[1]


class Bar(NamedTuple):
    """One finished session, or a day with a dividend or split only; see raw.price_bars.

    What is no price is None, and `oddities` says what the source said in its place.
    """

    session_date: date
    open: float | None = None
    high: float | None = None
    low: float | None = None
    close: float | None = None
    adj_close: float | None = None
    volume: int | None = None
    dividend: float | None = 0.0
    split_ratio: float | None = 0.0
    dividend_currency: str | None = None
    oddities: str | None = None


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
    is_outage: bool = False  # the source did not answer, whatever symbol it was asked for

    def __post_init__(self) -> None:
        self.detail = redact(self.detail or "") or None


@dataclass(frozen=True)
class Stored:
    """What the warehouse has of a symbol's newest vintage: session → (close, adjusted close)."""

    vintage: int
    closes: dict[date, tuple[float | None, float | None]]

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
    """The first fetched session whose close or adjusted close differs from what is stored.

    A price where none is stored differs; what is no price now says nothing of the price that is stored.
    """
    overlap = [bar for bar in bars if bar.session_date in stored.closes]
    if stored.closes and bars and not overlap:
        return Restatement(bars[0].session_date, nan, "no overlap")
    for bar in overlap:
        pairs = list(zip(stored.closes[bar.session_date], (bar.close, bar.adj_close), strict=True))
        if any(is_price(new) and not is_price(old) for old, new in pairs):
            return Restatement(bar.session_date, nan, "no price before")
        close, adj_close = (_ratio(*pair) for pair in pairs)
        if max(abs(close - 1), abs(adj_close - 1)) > RESTATED_BEYOND:
            ratio = adj_close if is_price(bar.adj_close) else nan
            return Restatement(bar.session_date, ratio, _reason(stored, bars, close))
    return None


def _ratio(old: float | None, new: float | None) -> float:
    """New over old price, 1 where one of them is none."""
    return new / old if old is not None and new is not None and is_price(old) and is_price(new) else 1.0


def _reason(stored: Stored, bars: list[Bar], close_ratio: float) -> str:
    newer = [bar for bar in bars if bar.session_date not in stored.closes]
    if any(bar.split_ratio for bar in newer):
        return "split"
    is_close = abs(close_ratio - 1) > RESTATED_BEYOND
    if any(bar.dividend for bar in newer) and not is_close:
        return "dividend"
    return "close" if is_close else "adjusted close"


def read_stored(connection: Connection, symbols: Iterable[str]) -> dict[str, Stored]:
    """The newest vintage of each symbol, or NOTHING_STORED."""
    newest: dict[tuple[str, int], dict[date, tuple[float | None, float | None]]] = {}
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
        # in the order of the contract, whose last columns came later than fetched_at
        bars += [(fetched.symbol, vintage, *bar[:-2], at, *bar[-2:]) for bar in added]
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
