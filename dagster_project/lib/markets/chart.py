"""What one of Yahoo's charts says: its finished bars, each value a price or named as odd.

Belongs here: reading the JSON of /v8/finance/chart, telling finished bars from running ones, and what a value
can be. Does not belong here: asking for it (yahoo), vintages and how bars are stored (vintages).

yfinance's frame is not read: it fills a missing volume with 0, adds up dividends of two currencies, moves
them to days with a bar, and refuses a whole chart for one odd value of it.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from dagster_project.lib.markets.vintages import Bar, Fetched, is_price

TIMEZONES = {"XNYS": "America/New_York", "XHKG": "Asia/Hong_Kong"}
SETTLE = timedelta(minutes=20)  # after the close; Yahoo's prices lag by 15 minutes
# of an adjusted close, in closes: dividends only lower it, at most 1.0 in 3,900 recorded bars; a fund that
# pays out 60 % a year stands at 0.0025 of its close of ten years ago
ADJUSTED_BETWEEN = (1e-4, 1.5)
FURTHEST = 30  # times: no session moves that far from all of its own open, high and low
MOST_SHARES = 1e13  # a session; the busiest shares of Hong Kong trade some 10^10
LONGEST_SHOWN = 40  # characters of a value that is odd


def read_chart(symbol: str, exchange: str, chart: Any, now: datetime) -> Fetched:
    """The bars of a chart's JSON that were finished at `now` (UTC). Nothing in it costs more than its row."""
    result = _first(_of(_of(chart, "chart"), "result"))
    meta, stamps = _of(result, "meta"), _list(_of(result, "timestamp"))
    error = _of(_of(_of(chart, "chart"), "error"), "description")
    if error is not None:
        return Fetched(symbol, "error", f"Yahoo says: {error}")
    if not stamps:
        return Fetched(symbol, "empty", "no bars")
    zone = _zone(_of(meta, "exchangeTimezoneName"), exchange)
    currency = _of(meta, "currency") if isinstance(_of(meta, "currency"), str) else None
    last_day = _last_finished_day(_of(_of(meta, "currentTradingPeriod"), "regular"), zone, now)
    bars: dict[date, Bar] = {}
    pending, undated, open_days = 0, 0, set()
    for stamp, values in zip(stamps, _rows(_of(result, "indicators"), len(stamps)), strict=True):
        day = _day(stamp, zone)
        if day is None:
            undated += 1
            continue
        if values[3] is None or day > last_day:
            pending += 1  # today's unfinished bar, or one with a volume and no price yet
            open_days.add(day)
            continue
        bar = _bar(day, *values)
        # the running session's bar comes a second time once it has ended; an odd one replaces no good one
        if day not in bars or is_price(bar.close):
            bars[day] = bar
    for day, paid in _actions(_of(result, "events"), zone, currency):
        # of a day without trading too, but not before the sessions around it are finished
        if day in bars or (bars and day < max(bars) and day not in open_days):
            bars[day] = _with_action(bars.get(day, Bar(day)), paid)
    found = [bars[day] for day in sorted(bars)]
    odd = [f"{bar.session_date} {bar.oddities}" for bar in found if bar.oddities]
    odd += [f"{undated} without a day"] if undated else []
    said = f"odd rows: {len(odd)}, such as {'; '.join(odd[:3])}" if odd else None
    if not found:
        said = f"{pending} unfinished bars" + (f", {said}" if said else "")
    status = "ok" if found else "pending"
    return Fetched(symbol, status, said, found, pending, currency, zone.key)


def _rows(indicators: Any, count: int) -> Iterator[tuple[Any, ...]]:
    """Open, high, low, close, adjusted close and volume; a list of another length says nothing."""
    quote, adjusted = _first(_of(indicators, "quote")), _first(_of(indicators, "adjclose"))
    columns = [_list(_of(quote, name)) for name in ("open", "high", "low", "close")]
    columns += [_list(_of(adjusted, "adjclose")), _list(_of(quote, "volume"))]
    return zip(*(c if len(c) == count else [None] * count for c in columns), strict=True)


def _bar(day: date, opened: Any, high: Any, low: Any, close: Any, adjusted: Any, volume: Any) -> Bar:
    odd = ["adj_close is missing"] if adjusted is None else []
    opened = _kept(odd, "open", opened, is_price)
    high, low = _kept(odd, "high", high, is_price), _kept(odd, "low", low, is_price)
    around = [price for price in (opened, high, low) if price is not None]
    close = _kept(odd, "close", close, lambda price: is_price(price) and _is_near(price, around))
    adjusted = _kept(odd, "adj_close", adjusted, lambda price: is_price(price) and _is_adjusted(price, close))
    volume = _kept(odd, "volume", volume, _is_volume)
    volume = None if volume is None else int(volume)
    return Bar(day, opened, high, low, close, adjusted, volume, oddities="; ".join(odd) or None)


def _is_near(price: float, around: list[float]) -> bool:
    """Whether a close is within reach of any other price of its session, if there is one."""
    return not around or any(1 / FURTHEST <= price / other <= FURTHEST for other in around)


def _is_adjusted(value: float, close: float | None) -> bool:
    return close is None or ADJUSTED_BETWEEN[0] * close <= value <= ADJUSTED_BETWEEN[1] * close


def _is_volume(value: Any) -> bool:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return is_number and 0 <= value <= MOST_SHARES and value == int(value)


def _kept(odd: list[str], name: str, value: Any, fits: Callable[[Any], bool]) -> Any:
    """The value, or None and a note if it is none of its kind."""
    if value is None or fits(value):
        return value
    odd.append(f"{name} {value!r}"[:LONGEST_SHOWN])
    return None


Action = tuple[str, Any, str | None]  # column of Bar, value, currency


def _actions(events: Any, zone: ZoneInfo, currency: str | None) -> Iterator[tuple[date, Action]]:
    """Dividends and splits, each with its own day; one without a day is left out."""
    for kind, column in (("dividends", "dividend"), ("splits", "split_ratio")):
        said = _of(events, kind)
        for key, event in said.items() if isinstance(said, dict) else ():
            stamp = _of(event, "date")
            day = _day(int(key) if stamp is None and key.isdecimal() else stamp, zone)
            if day is None:
                continue
            if kind == "dividends":
                own = _of(event, "currency")
                paid_in = own if isinstance(own, str) and own else currency
                yield day, (column, _of(event, "amount"), paid_in)
            else:
                parts = _of(event, "numerator"), _of(event, "denominator")
                yield day, (column, parts[0] / parts[1] if all(map(is_price, parts)) else parts, None)


def _with_action(bar: Bar, action: Action) -> Bar:
    """The bar with a dividend or split of its day; two that are no sum of each other are NULL, and named."""
    column, value, currency = action
    odd = [bar.oddities] if bar.oddities else []
    before = getattr(bar, column)
    if column == "dividend":
        is_sum = before == 0 or (before is not None and bar.dividend_currency == currency)
        if is_price(value) and is_sum:
            return bar._replace(dividend=before + value, dividend_currency=currency)
        if value == 0 and is_sum:
            return bar
        known = f"dividend {before!r} {bar.dividend_currency}; " if before else ""
        odd.append(f"{known}dividend {value!r}"[: 2 * LONGEST_SHOWN] + (f" {currency}" if currency else ""))
        return bar._replace(dividend=None, dividend_currency=None, oddities="; ".join(odd))
    if is_price(value) and before is not None:
        return bar._replace(split_ratio=(before or 1.0) * value)
    odd.append(f"split {value!r}"[:LONGEST_SHOWN])
    return bar._replace(split_ratio=None, oddities="; ".join(odd))


def _last_finished_day(regular: Any, zone: ZoneInfo, now: datetime) -> date:
    """The last day at the exchange whose bar is final at `now`."""
    today = now.astimezone(zone).date()
    start, end = _time(_of(regular, "start")), _time(_of(regular, "end"))
    if start is None or end is None:
        return today - timedelta(days=1)
    # of a day without a session Yahoo names the next one
    session = start.astimezone(zone).date()
    return session - timedelta(days=1) if now < end + SETTLE and session <= today else today


def _zone(name: Any, exchange: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (TypeError, ValueError, OSError, LookupError):
        return ZoneInfo(TIMEZONES[exchange])


def _day(stamp: Any, zone: ZoneInfo) -> date | None:
    found = _time(stamp)
    return None if found is None else found.astimezone(zone).date()


def _time(stamp: Any) -> datetime | None:
    if isinstance(stamp, bool) or not isinstance(stamp, (int, float)):
        return None
    try:
        return datetime.fromtimestamp(stamp, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _of(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, dict) else None


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _first(value: Any) -> Any:
    return value[0] if isinstance(value, list) and value else None
