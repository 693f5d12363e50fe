"""The synthetic stock market: daily bars since 2023 of every symbol in companies.csv, as Yahoo's
chart JSON.

Belongs here: returns (market, sector, company, chance), sessions of both exchanges, splits,
dividends, a correction after the fact, the running session's bar, and what of all that is known
at a given time.
Does not belong here: HTTP and faults (server), which companies there are (seeds/tables).

All prices are invented. Like Yahoo's: closes are split-adjusted by every split known so far,
adjclose is lowered by every dividend known so far, and both restate the whole past on the day
that they become known.
"""

import math
import zlib
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from zoneinfo import ZoneInfo

import exchange_calendars
import numpy as np

from dagster_project.synthetic.chance import Floats, normal, uniform
from dagster_project.synthetic.world import MILESTONE_FAMILY, SEEDS, read_rows

FIRST_SESSION = date(2023, 1, 3)
_LAST_SESSION = date(2026, 12, 31)
LISTED = {"2513.HK": date(2026, 1, 8), "0100.HK": date(2026, 1, 9)}
SPLITS = {"NVDA": ((date(2024, 6, 10), 10),), "ORCL": ((date(2026, 2, 3), 2),)}
# ex-dates and the share of the price that is paid out
DIVIDENDS: dict[str, tuple[tuple[date, float], ...]] = {
    "IBM": tuple((date(y, m, 10), 0.007) for y in (2023, 2024, 2025, 2026) for m in (2, 5, 8, 11)),
    "MSFT": tuple((date(y, m, 19), 0.002) for y in (2023, 2024, 2025, 2026) for m in (2, 5, 8, 11)),
    "SPY": tuple((date(y, m, 20), 0.0035) for y in (2023, 2024, 2025, 2026) for m in (3, 6, 9, 12)),
    "BABA": tuple((date(y, 6, 12), 0.012) for y in (2023, 2024, 2025, 2026)),
    "0700.HK": tuple((date(y, 5, 16), 0.008) for y in (2023, 2024, 2025, 2026)),
}
# until `known` Yahoo shows the close of `session` off by `ratio`, afterwards the right one
CORRECTED_SYMBOL, CORRECTED_SESSION, CORRECTION_KNOWN = "PDD", date(2026, 1, 30), date(2026, 2, 5)
CORRECTION_RATIO = 1.013
MILESTONE_SESSION, MILESTONE_JUMP = date(2026, 1, 20), 0.05  # the session after the milestone's day

# storms, as the seed session_corrections has them: the calendar knows nothing of them, and no bar is shown
STORMS = {"XHKG": {date(2023, 9, 1), date(2023, 9, 8)}}

_EXCHANGES = {
    "XNYS": ("America/New_York", "NYQ", "USD"),
    "XHKG": ("Asia/Hong_Kong", "HKG", "HKD"),
}
_TYPES = {"company": "EQUITY", "fund": "ETF", "index": "INDEX"}
_RANGES = ("1d", "5d", "1mo", "3mo", "6mo", "1y", "2y", "5y", "10y", "ytd", "max")
_RANGE_DAYS = {"1d": 1, "5d": 7, "1mo": 31, "3mo": 92, "6mo": 183, "1y": 366, "2y": 731}
_RANGE_DAYS |= {"5y": 1_827, "10y": 3_653}
_LEVELS = {"^GSPC": 4_000.0, "^HSI": 20_000.0, "SPY": 400.0, "QQQ": 280.0}
_MARKET_OF = {"XNYS": "market.XNYS", "XHKG": "market.XHKG"}


@dataclass(frozen=True)
class Sessions:
    """An exchange's sessions: dates with opening and closing time in seconds since 1970."""

    timezone: ZoneInfo
    days: list[date]
    opens: list[int]
    closes: list[int]
    place: dict[date, int] = field(default_factory=dict)


@dataclass(frozen=True)
class PricePath:
    """Prices of a symbol on the basis of its last split, and the events on its way."""

    sessions: Sessions
    first: int  # place of its first session
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats
    dividends: dict[int, float]  # place of the ex-date: amount on the last basis
    splits: dict[int, int]


class Market:
    """Built on first use: the calendars take most of a second."""

    def __init__(self, seeds: Path = SEEDS) -> None:
        self.companies = {row["symbol"]: row for row in read_rows(seeds / "companies.csv")}
        publishers = read_rows(seeds / "publishers.csv")
        self._milestone_companies = {
            row["company"] for row in publishers if row.get("family") == MILESTONE_FAMILY
        } - {""}
        self._paths: dict[str, PricePath] = {}

    @cached_property
    def _sessions(self) -> dict[str, Sessions]:
        return {exchange: _sessions_of(exchange) for exchange in _EXCHANGES}

    def chart(self, symbol: str, query: dict[str, list[str]], now: int) -> dict[str, object] | None:
        """The answer to /v8/finance/chart/<symbol>, as of `now`; None for a symbol that is
        unknown.
        """
        if symbol not in self.companies:
            return None
        path = self._path(symbol)
        first, last = _window(query, now)
        opens, closes = path.sessions.opens, path.sessions.closes
        closed = STORMS.get(self.companies[symbol]["exchange"], set())
        known = [
            at
            for at in range(path.first, len(opens))
            if opens[at] <= now and path.sessions.days[at] not in closed
        ]
        shown = [at for at in known if first <= opens[at] < last]
        splits = _split_factors(path, known)
        adjust = _dividend_factors(path, known)
        columns: dict[str, list[float | int | None]] = {
            name: [] for name in ("open", "high", "low", "close", "volume")
        }
        stamps: list[int] = []
        adjusted: list[float] = []
        for at in shown:
            bar = self._bar(symbol, path, at, now)
            is_live = now < closes[at]
            stamps.append(now if is_live else opens[at])
            for name, value in zip(("open", "high", "low", "close"), bar, strict=True):
                columns[name].append(value * splits[at])
            part = (now - opens[at]) / (closes[at] - opens[at]) if is_live else 1.0
            columns["volume"].append(int(path.volume[at - path.first] / splits[at] * part))
            adjusted.append(bar[3] * splits[at] * adjust[at])
        result: dict[str, object] = {"meta": self._meta(symbol, path, known, shown, splits, now, query)}
        if stamps:
            result["timestamp"] = stamps
            events = _events(path, shown, splits)
            if events:
                result["events"] = events
        quote: dict[str, object] = dict(columns) if stamps else {}
        close: dict[str, object] = {"adjclose": adjusted} if stamps else {}
        result["indicators"] = {"quote": [quote], "adjclose": [close]}
        return {"chart": {"result": [result], "error": None}}

    # ------------------------------------------------------------------ prices

    def _bar(self, symbol: str, path: PricePath, at: int, now: int) -> tuple[float, float, float, float]:
        place = at - path.first
        bar = [float(column[place]) for column in (path.open, path.high, path.low, path.close)]
        if now < path.sessions.closes[at]:
            start, end = path.sessions.opens[at], path.sessions.closes[at]
            bar[3] = bar[0] + (bar[3] - bar[0]) * (now - start) / (end - start)
        wrong = symbol == CORRECTED_SYMBOL and path.sessions.days[at] == CORRECTED_SESSION
        if wrong and datetime.fromtimestamp(now, UTC).date() < CORRECTION_KNOWN:
            bar[3] *= CORRECTION_RATIO
            bar[1] = max(bar[1], bar[3])
        return bar[0], bar[1], bar[2], bar[3]

    def _path(self, symbol: str) -> PricePath:
        if symbol not in self._paths:
            self._paths[symbol] = self._draw(symbol)
        return self._paths[symbol]

    def _draw(self, symbol: str) -> PricePath:
        row = self.companies[symbol]
        sessions = self._sessions[row["exchange"]]
        first = max(0, _place_from(sessions, LISTED.get(symbol, FIRST_SESSION)))
        days = sessions.days[first:]
        number = np.array([day.toordinal() for day in days], dtype=np.int64)
        dividends = {_place_from(sessions, day): share for day, share in DIVIDENDS.get(symbol, ())}
        dividends = {at: share for at, share in dividends.items() if at > first}
        returns = self._returns(row, number)
        for at, share in dividends.items():
            returns[at - first] += math.log1p(-share)
        level = _LEVELS.get(symbol, 30 + 200 * _luck(symbol, "level"))
        close = level * np.exp(np.cumsum(returns))
        gap = 0.3 * returns + 0.002 * normal(number, f"gap.{symbol}")
        before = np.concatenate([[level], close[:-1]])
        opened = before * np.exp(gap)
        spread = (
            0.008 * np.abs(normal(number, f"high.{symbol}")),
            0.008 * np.abs(normal(number, f"low.{symbol}")),
        )
        volume = 4e6 * np.exp(2 * _luck(symbol, "volume") + 0.3 * normal(number, f"volume.{symbol}"))
        volume *= 1 + 20 * np.abs(returns)
        return PricePath(
            sessions,
            first,
            opened,
            np.maximum(opened, close) * np.exp(spread[0]),
            np.minimum(opened, close) * np.exp(-spread[1]),
            close,
            volume,
            {at: share * float(close[at - first - 1]) for at, share in dividends.items()},
            {_place_from(sessions, day): ratio for day, ratio in SPLITS.get(symbol, ())},
        )

    def _returns(self, row: dict[str, str], number: np.ndarray) -> Floats:
        """Log returns: beta times market, plus sector, plus the company's own, plus chance."""
        symbol, exchange = row["symbol"], row["exchange"]
        market = 0.0003 + 0.009 * normal(number, _MARKET_OF[exchange])
        if exchange == "XHKG":  # Hong Kong wakes up to what New York did
            market = market + 0.35 * 0.009 * normal(number - 1, _MARKET_OF["XNYS"])
        if row["kind"] == "index" or symbol == "SPY":
            return np.asarray(market + 0.0003 * normal(number, f"tracking.{symbol}"))
        if row["kind"] == "fund":
            return np.asarray(market + _sector(symbol, number))
        beta = 0.8 + 0.5 * _luck(symbol, "beta")
        own = row.get("company") or symbol
        shared = 0.007 * normal(number, f"company.{own}") + 0.004 * normal(number, f"chance.{symbol}")
        returns = beta * market + shared
        if row.get("sector_symbol"):
            returns = returns + 0.8 * _sector(row["sector_symbol"], number)
        if own in self._milestone_companies:
            returns = returns + np.where(number == MILESTONE_SESSION.toordinal(), MILESTONE_JUMP, 0.0)
        return np.asarray(returns)

    # ------------------------------------------------------------------ the rest of the answer

    def _meta(
        self,
        symbol: str,
        path: PricePath,
        known: list[int],
        shown: list[int],
        splits: dict[int, float],
        now: int,
        query: dict[str, list[str]],
    ) -> dict[str, object]:
        row = self.companies[symbol]
        timezone_name, exchange, currency = _EXCHANGES[row["exchange"]]
        here = datetime.fromtimestamp(now, path.sessions.timezone)
        offset = here.utcoffset() or timedelta(0)
        periods = _trading_periods(path.sessions, here, now)
        meta: dict[str, object] = {
            "currency": currency,
            "symbol": symbol,
            "exchangeName": exchange,
            "fullExchangeName": row["exchange"],
            "instrumentType": _TYPES[row["kind"]],
            "firstTradeDate": path.sessions.opens[path.first],
            "regularMarketTime": min(now, path.sessions.closes[known[-1]]) if known else now,
            "hasPrePostMarketData": row["exchange"] == "XNYS",
            "gmtoffset": int(offset.total_seconds()),
            "timezone": here.tzname(),
            "exchangeTimezoneName": timezone_name,
            "longName": f"{row['name']} (synthetic)",
            "shortName": row["name"],
            "priceHint": 2,
            "currentTradingPeriod": periods,
            "dataGranularity": "1d",
            "range": query.get("range", [""])[0],
            "validRanges": _ranges_of((now - path.sessions.opens[path.first]) / 86_400),
        }
        if known:
            price = self._bar(symbol, path, known[-1], now)[3] * splits[known[-1]]
            meta["regularMarketPrice"] = price
            start = shown[0] if shown else known[-1]
            previous = max(start - 1, path.first)
            meta["chartPreviousClose"] = float(path.close[previous - path.first]) * splits[previous]
        return meta


def _ranges_of(age: float) -> list[str]:
    """Ranges that Yahoo names for a share listed so many days ago: of a week's one neither ytd nor max."""
    known = [name for name in _RANGES if _RANGE_DAYS.get(name, 31) <= max(age, 7)]
    return known if age >= 31 else [name for name in known if name in ("1d", "5d")]


def _sessions_of(exchange: str) -> Sessions:
    calendar = exchange_calendars.get_calendar(
        exchange, start=FIRST_SESSION.isoformat(), end=_LAST_SESSION.isoformat()
    )
    days = [stamp.date() for stamp in calendar.sessions]
    opens = [int(stamp.timestamp()) for stamp in calendar.schedule["open"]]
    closes = [int(stamp.timestamp()) for stamp in calendar.schedule["close"]]
    place = {day: at for at, day in enumerate(days)}
    return Sessions(ZoneInfo(_EXCHANGES[exchange][0]), days, opens, closes, place)


def _place_from(sessions: Sessions, day: date) -> int:
    """Place of the session on the day or, on a holiday, of the next one."""
    return next(at for at, session in enumerate(sessions.days) if session >= day)


def _luck(symbol: str, purpose: str) -> float:
    return float(uniform(np.array([zlib.crc32(symbol.encode())]), purpose)[0])


def _sector(symbol: str, number: np.ndarray) -> Floats:
    return np.asarray(0.008 * normal(number, f"sector.{symbol}"))


def _window(query: dict[str, list[str]], now: int) -> tuple[float, float]:
    if "period1" in query:
        return float(query["period1"][0]), float(query.get("period2", [str(now + 1)])[0])
    asked = query.get("range", ["1mo"])[0]
    if asked == "max":
        return 0.0, now + 1.0
    if asked == "ytd":
        start = datetime(datetime.fromtimestamp(now, UTC).year, 1, 1, tzinfo=UTC)
        return start.timestamp(), now + 1.0
    return now - _RANGE_DAYS[asked] * 86_400.0, now + 1.0


def _split_factors(path: PricePath, known: list[int]) -> dict[int, float]:
    """What a price on the last basis is multiplied by, as long as only the known splits have
    happened.
    """
    last = known[-1] if known else -1
    ahead = math.prod(ratio for at, ratio in path.splits.items() if at > last)
    return dict.fromkeys(known, float(ahead))


def _dividend_factors(path: PricePath, known: list[int]) -> dict[int, float]:
    factors: dict[int, float] = {}
    factor = 1.0
    for at in reversed(known):
        factors[at] = factor
        if at in path.dividends:
            factor *= 1 - path.dividends[at] / float(path.close[at - 1 - path.first])
    return factors


def _events(path: PricePath, shown: list[int], splits: dict[int, float]) -> dict[str, object]:
    opens = path.sessions.opens
    events: dict[str, object] = {}
    paid = {
        str(opens[at]): {"amount": path.dividends[at] * splits[at], "date": opens[at]}
        for at in shown
        if at in path.dividends
    }
    split = {
        str(opens[at]): {
            "date": opens[at],
            "numerator": path.splits[at],
            "denominator": 1,
            "splitRatio": f"{path.splits[at]}:1",
        }
        for at in shown
        if at in path.splits
    }
    if paid:
        events["dividends"] = paid
    if split:
        events["splits"] = split
    return events


def _trading_periods(sessions: Sessions, here: datetime, now: int) -> dict[str, object]:
    """Today's session there or, on a day without one, the next."""
    at = sessions.place.get(here.date())
    if at is None:
        at = next((i for i, opened in enumerate(sessions.opens) if opened > now), len(sessions.opens) - 1)
    start, end = sessions.opens[at], sessions.closes[at]
    local = datetime.fromtimestamp(start, sessions.timezone)
    offset = int((local.utcoffset() or timedelta(0)).total_seconds())

    def period(first: int, last: int) -> dict[str, object]:
        return {"timezone": local.tzname(), "start": first, "end": last, "gmtoffset": offset}

    return {
        "pre": period(start - 19_800, start),
        "regular": period(start, end),
        "post": period(end, end + 14_400),
    }
