"""Charts through the real yfinance, as Yahoo sends them and may: an odd value costs its row only."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from math import inf, nan
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from dagster_project.lib.markets.chart import read_chart
from dagster_project.lib.markets.vintages import Bar, Fetched
from dagster_project.lib.markets.yahoo import snapshot_prices
from dagster_project.lib.restore.rebuild import rebuild, up_to_date
from dagster_project.lib.settings import Settings
from tests.answering import Request, answering
from tests.landed import query
from tests.old_home import unpacked

NOW = datetime(2026, 1, 14, 6, tzinfo=UTC)
DAYS = [date(2026, 1, day) for day in (5, 6, 7, 8, 9, 12, 13)]
LAST_THREE = [date(2026, 1, day) for day in (8, 9, 13)]
Chart = dict[str, Any]
BARS = "select * exclude (fetched_at) from raw.price_bars order by symbol, vintage, session_date"


def at(day: date) -> int:
    """When a session in New York opens."""
    return int(datetime(day.year, day.month, day.day, 14, 30, tzinfo=UTC).timestamp())


def chart(days: list[date] = DAYS, **events: Any) -> Chart:
    """A chart with closes of 100, 101 and so on, and the day's own prices around them."""
    closes = [100.0 + place for place in range(len(days))]
    quote = {
        "open": [close - 0.5 for close in closes],
        "high": [close + 1 for close in closes],
        "low": [close - 1 for close in closes],
        "close": closes,
        "volume": [1_000] * len(days),
    }
    meta = {
        "currency": "USD", "instrumentType": "EQUITY", "exchangeTimezoneName": "America/New_York",
        "validRanges": ["1d", "5d", "1mo", "3mo", "6mo", "1y", "2y", "5y", "10y", "ytd", "max"],
        "currentTradingPeriod": {"regular": {"start": at(NOW.date()), "end": at(NOW.date()) + 23_400}},
    }  # fmt: skip
    result = {
        "meta": meta, "timestamp": [at(day) for day in days], "events": events,
        "indicators": {"quote": [quote], "adjclose": [{"adjclose": [close * 0.9 for close in closes]}]},
    }  # fmt: skip
    return {"chart": {"result": [result], "error": None}}


def of(said: Chart) -> Any:
    return said["chart"]["result"][0]


def column(said: Chart, name: str) -> list[Any]:
    indicators = of(said)["indicators"]
    found: list[Any] = (
        indicators["adjclose"][0]["adjclose"] if name == "adjclose" else indicators["quote"][0][name]
    )
    return found


def read(said: Any, now: datetime = NOW) -> Fetched:
    return read_chart("X", "XNYS", json.loads(json.dumps(said)), now)


def fetch(
    settings: Settings, charts: dict[str, Any], now: datetime = NOW, exchange: str = "XNYS"
) -> dict[str, Fetched]:
    """What each symbol's chart (or status) becomes, through yfinance and into the warehouse."""

    def reply(request: Request) -> None:
        said = charts.get(unquote(urlsplit(request.path).path.rpartition("/")[2]), {})
        if isinstance(said, int):
            request.say(said, b"{}")
        else:
            request.say(200, json.dumps(said).encode(), Content_Type="application/json")

    companies: list[Any] = [{"symbol": symbol, "exchange": exchange} for symbol in charts]
    with answering(reply) as server:
        at_server = replace(settings, yahoo_endpoint=server.url)
        with up_to_date(at_server) as connection:
            results = snapshot_prices(connection, at_server, companies, now.date(), now)
    return {fetched.symbol: fetched for fetched in results}


# ---- what is no price ---------------------------------------------------------------------------------

NO_PRICES = [0, 0.0, -3.25, nan, inf, -inf, 1e300, 10**400, 1e-9, "12.5", True, [100.0], {"raw": 100.0}]


@pytest.mark.parametrize("value", NO_PRICES, ids=[str(value)[:12] for value in NO_PRICES])
@pytest.mark.parametrize("name", ["close", "adjclose", "open"])
def test_a_value_that_is_no_price_is_null_and_named_and_the_rows_beside_it_are_as_they_were(
    name: str, value: object
) -> None:
    said = chart()
    column(said, name)[3] = value
    good, fetched = read(chart()), read(said)
    ours = {"adjclose": "adj_close"}.get(name, name)
    assert (fetched.status, len(fetched.bars)) == ("ok", len(DAYS))
    odd = fetched.bars[3]
    assert odd._replace(oddities=None) == good.bars[3]._replace(**{ours: None})
    assert str(odd.oddities).startswith(f"{ours} ")
    assert [b for b in fetched.bars if b != odd] == [b for b in good.bars if b.session_date != DAYS[3]]
    assert "2026-01-08" in str(fetched.detail) and ours in str(fetched.detail)


@pytest.mark.parametrize(
    ("name", "value", "ours"),
    [
        ("adjclose", 1_000_000.0, "adj_close"),  # above its close, which no dividend does
        ("adjclose", 0.001, "adj_close"),
        ("adjclose", None, "adj_close"),
        ("close", 103_000.0, "close"),  # far from the session's own open, high and low
        ("close", 0.0103, "close"),
        ("volume", -1, "volume"),
        ("volume", 1.5, "volume"),
        ("volume", 1e30, "volume"),
        ("volume", "1,000", "volume"),
    ],
)
def test_a_value_that_its_own_row_contradicts_is_null_and_named(name: str, value: object, ours: str) -> None:
    said = chart()
    column(said, name)[3] = value
    odd = read(said).bars[3]
    assert getattr(odd, ours) is None and ours in str(odd.oddities)


def test_a_volume_that_is_not_given_is_null_and_one_of_0_is_0() -> None:
    said = chart()
    column(said, "volume")[2:4] = [None, 0]
    assert [bar.volume for bar in read(said).bars[1:5]] == [1_000, None, 0, 1_000]
    assert all(bar.oddities is None for bar in read(said).bars)


def _drop(said: Chart, *names: str) -> None:
    for name in names:
        of(said)["indicators"]["quote"][0].pop(name)


@pytest.mark.parametrize(
    ("spoil", "status", "bars"),
    [
        (lambda said: of(said).update(timestamp=None), "empty", 0),
        (lambda said: of(said)["indicators"].update(quote=[]), "pending", 0),
        (lambda said: of(said)["indicators"].update(adjclose=[]), "ok", 7),
        (lambda said: _drop(said, "open", "volume"), "ok", 7),
        (lambda said: column(said, "volume").pop(), "ok", 7),  # whose volume is whose is not known
        (lambda said: of(said).update(meta=None), "ok", 7),
        (lambda said: of(said)["meta"].update(exchangeTimezoneName="Mars/Olympus"), "ok", 7),
        (lambda said: of(said)["timestamp"].__setitem__(3, None), "ok", 6),
        (lambda said: of(said)["timestamp"].__setitem__(3, 1e300), "ok", 6),
        (lambda said: of(said)["timestamp"].__setitem__(3, "2026-01-08"), "ok", 6),
        (lambda said: of(said)["timestamp"].__setitem__(6, at(date(2026, 3, 2))), "ok", 6),  # to come
        (lambda said: of(said).update(events=[]), "ok", 7),
        (lambda said: of(said).update(events={"dividends": {"x": None}, "splits": None}), "ok", 7),
        (lambda said: said.update(chart=[]), "empty", 0),
        (lambda said: said["chart"].update(result=None, error={"description": "no"}), "error", 0),
    ],
)
def test_no_shape_of_a_chart_raises(spoil: Callable[[Chart], object], status: str, bars: int) -> None:
    said = chart()
    spoil(said)
    fetched = read(said)
    assert (fetched.status, len(fetched.bars)) == (status, bars)
    assert not fetched.is_outage


def test_of_two_bars_of_a_day_the_later_counts_if_it_is_one() -> None:
    said = chart([*DAYS, DAYS[-1], DAYS[-1]])
    column(said, "close")[-1] = -1.0
    assert [bar.close for bar in read(said).bars][-2:] == [105.0, 107.0]


# ---- later runs ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["close", "adjclose"])
def test_a_price_that_was_none_is_taken_once_it_is_one_and_none_takes_away_a_price(
    settings: Settings, name: str
) -> None:
    odd = chart()
    column(odd, name)[3] = -3.25
    fetch(settings, {"X": odd, "Y": chart()})
    first = query(settings, BARS)
    for _ in range(2):
        assert {f.status for f in fetch(settings, {"X": odd, "Y": odd}).values()} == {"ok"}
        assert query(settings, BARS) == first, "an odd value again, and one in place of a price: nothing new"
    fetch(settings, {"X": chart(), "Y": chart()})
    reasons = "select symbol, vintage, reason, restated_session, restated_ratio from raw.price_vintages"
    assert sorted(query(settings, f"{reasons} where vintage > 1")) == [
        ("X", 2, "no price before", date(2026, 1, 8), None)
    ]
    stored = {row: None for row in query(settings, BARS)}
    settings.warehouse.unlink()
    rebuild(settings, lambda _: None)
    assert {row: None for row in query(settings, BARS)} == stored


def test_a_stored_price_of_an_older_version_that_is_none_stops_no_run(settings: Settings) -> None:
    fetch(settings, {"X": chart(), "Y": chart()})
    with up_to_date(settings) as connection:
        for day, value in ((5, "0"), (6, "-1"), (7, "'nan'"), (8, "'inf'")):
            connection.execute(
                f"update raw.price_bars set close = {value}, adj_close = {value} "
                f"where symbol = 'X' and session_date = date '2026-01-{day:02}'"
            )
    assert {f.status for f in fetch(settings, {"X": chart(), "Y": chart()}).values()} == {"ok"}
    assert query(settings, "select reason from raw.price_vintages where vintage = 2") == [
        ("no price before",)
    ]


def test_a_home_of_an_older_version_gets_the_columns_that_came_later(tmp_path: Path) -> None:
    home = unpacked(tmp_path)
    kept = "select count(*), count(close), count(dividend_currency), count(oddities) from raw.price_bars"
    with up_to_date(home) as connection:
        (rows,) = connection.execute(kept).fetchall()
        assert rows[0] == rows[1] > 100 and rows[2:] == (0, 0)
    fetch(home, {"X": chart(dividends=paid(DAYS[1], 0.25))})
    assert query(home, kept) == [(rows[0] + 7, rows[1] + 7, 1, 0)]
    assert rebuild(home, lambda _: None) > 1
    assert query(home, kept) == [(rows[0] + 7, rows[1] + 7, 1, 0)]


# ---- who is to blame ----------------------------------------------------------------------------------


def test_shares_listed_this_week_are_stored_whole_and_cost_the_others_nothing(settings: Settings) -> None:
    young = chart(LAST_THREE)
    of(young)["meta"]["validRanges"] = ["1d", "5d"]
    charts = {"A": young, "B": young, "C": young, "D": chart()}
    results = fetch(settings, charts)
    assert {symbol: (f.status, len(f.bars)) for symbol, f in results.items()} == {
        "A": ("ok", 3), "B": ("ok", 3), "C": ("ok", 3), "D": ("ok", 7),
    }  # fmt: skip


@pytest.mark.parametrize(
    "said",
    [
        {},
        [],
        {"chart": {"result": None, "error": {"code": "Bad Request", "description": "Invalid input"}}},
        {"chart": {"result": [{"meta": {}, "timestamp": [1], "indicators": {}}], "error": None}},
        400,
        404,
        422,
    ],
)
def test_what_is_wrong_with_a_symbol_is_not_taken_for_an_outage(settings: Settings, said: Any) -> None:
    results = fetch(settings, {"A": said, "B": said, "C": said, "D": said, "E": chart()})
    assert results["E"].status == "ok"
    assert {results[symbol].status for symbol in "ABCD"}.isdisjoint({"ok"})


@pytest.mark.parametrize("said", [500, 503, 401])
def test_an_outage_is_one_still(settings: Settings, said: int) -> None:
    results = fetch(settings, {"A": said, "B": said, "C": said, "D": chart()})
    assert "3 symbols in a row failed" in str(results["D"].detail)


# ---- dividends and splits -----------------------------------------------------------------------------


def paid(day: date, amount: Any, **more: Any) -> dict[str, Any]:
    return {str(at(day)): {"amount": amount, "date": at(day), **more}}


def actions(fetched: Fetched) -> dict[int, tuple[Any, ...]]:
    return {
        bar.session_date.day: (bar.close, bar.dividend, bar.dividend_currency, bar.split_ratio, bar.oddities)
        for bar in fetched.bars
        if bar != Bar(*bar[:7])
    }


def test_dividends_and_splits_keep_their_own_day_and_currency(settings: Settings) -> None:
    ninth, twelfth = date(2026, 1, 9), date(2026, 1, 12)
    said = chart(
        LAST_THREE,
        dividends=paid(ninth, 0.125, currency="USD") | paid(twelfth, 0.5, currency="HKD"),
        splits={"x": {"date": at(twelfth), "numerator": 3, "denominator": 2}},
    )
    of(said)["meta"]["currency"] = "HKD"
    fetched = fetch(settings, {"9988.HK": said})["9988.HK"]
    expected = {9: (101.0, 0.125, "USD", 0.0, None), 12: (None, 0.5, "HKD", 1.5, None)}
    assert actions(fetched) == expected
    days = "select day(session_date), close, dividend, dividend_currency, split_ratio, oddities"
    rows = query(settings, f"{days} from raw.price_bars where dividend <> 0 order by session_date")
    assert {row[0]: row[1:] for row in rows} == expected
    before = query(settings, BARS)
    fetch(settings, {"9988.HK": said})
    assert query(settings, BARS) == before, "a day with a dividend alone restates nothing"


def test_a_dividend_without_a_currency_is_in_that_of_the_prices_and_two_of_a_day_add_up() -> None:
    day = date(2026, 1, 8)
    twice = paid(day, 0.25) | {"special": {"amount": 1.0, "date": at(day), "currency": ""}}
    assert actions(read(chart(dividends=twice))) == {8: (103.0, 1.25, "USD", 0.0, None)}


def test_two_currencies_of_a_day_are_no_sum_and_an_odd_dividend_or_split_is_null_and_named() -> None:
    day = date(2026, 1, 8)
    two = paid(day, 0.25) | {"special": {"amount": 1.0, "date": at(day), "currency": "HKD"}}
    said = "dividend 0.25 USD; dividend 1.0 HKD"
    assert actions(read(chart(dividends=two))) == {8: (103.0, None, None, 0.0, said)}
    odd = read(
        chart(dividends=paid(day, -0.25), splits={"x": {"date": at(day), "numerator": 1, "denominator": 0}})
    )
    assert actions(odd) == {8: (103.0, None, None, None, "dividend -0.25 USD; split (1, 0)")}


def test_a_dividend_of_a_session_that_has_not_ended_waits_for_it() -> None:
    days = [*DAYS, NOW.date()]
    said = chart(days, dividends=paid(NOW.date(), 0.25))
    assert read(said).bars[-1].session_date == DAYS[-1]
    later = read(said, datetime(2026, 1, 15, 6, tzinfo=UTC)).bars[-1]
    assert (later.session_date, later.dividend) == (NOW.date(), 0.25)
