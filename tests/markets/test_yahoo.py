"""Prices through the real yfinance: every outcome is a row, the past is kept in vintages, nothing raises."""

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from dagster_project.lib.markets.vintages import Fetched
from dagster_project.lib.markets.yahoo import period_since, snapshot_prices
from dagster_project.lib.restore.rebuild import rebuild, up_to_date
from dagster_project.lib.seeds.tables import COMPANIES, read_seed
from dagster_project.lib.settings import Settings
from dagster_project.synthetic.server import Upstream
from tests.landed import query

FOUR = ("BIDU", "IBM", "ORCL", "PDD")
BARS = "select * exclude (fetched_at) from raw.price_bars order by symbol, vintage, session_date"
TABLES = ("price_bars", "price_vintages", "price_fetches")


@pytest.fixture(scope="module")
def running() -> Iterator[Upstream]:
    with Upstream(models=2_500) as market:
        yield market


@pytest.fixture
def market(running: Upstream) -> Upstream:
    """The synthetic market, without faults."""
    running.faults.clear()
    running.clear_log()
    return running


@pytest.fixture
def at_market(settings: Settings, market: Upstream) -> Settings:
    return replace(settings, yahoo_endpoint=market.url)


def fetch(
    settings: Settings, market: Upstream, when: str, symbols: tuple[str, ...] = FOUR, **options: Any
) -> dict[str, Fetched]:
    """A day's prices of some symbols, `when` by the Hub's clock."""
    now = datetime.fromisoformat(when).replace(tzinfo=UTC)
    market.set_now(now)
    companies = [row for row in read_seed(COMPANIES, settings) if row["symbol"] in symbols]
    companies += options.get("more", [])
    with up_to_date(settings) as connection:
        results = snapshot_prices(connection, settings, companies, now.date(), now)
    return {fetched.symbol: fetched for fetched in results}


def statuses(settings: Settings, day: str) -> dict[str, str]:
    rows = query(
        settings,
        "select symbol, status from raw.price_fetches where snapshot_date = ?",
        date.fromisoformat(day),
    )
    assert len(rows) == len(dict(rows)), "one row per day and symbol"
    return dict(rows)


def vintages(settings: Settings, symbol: str) -> list[tuple[Any, ...]]:
    return query(
        settings,
        "select vintage, snapshot_date, reason, restated_session, round(restated_ratio, 3) "
        "from raw.price_vintages where symbol = ? order by vintage",
        symbol,
    )


def charts(market: Upstream) -> list[str]:
    """Symbols whose charts were asked for."""
    return [r.path.rpartition("/")[2] for r in market.requests if "/chart/" in r.path]


# ---- how a fetch ends ---------------------------------------------------------------------------------


def test_every_symbol_of_the_seed_is_fetched_whole_and_ends_ok(at_market: Settings, market: Upstream) -> None:
    symbols = tuple(str(row["symbol"]) for row in read_seed(COMPANIES, at_market))
    fetch(at_market, market, "2026-02-27T06:00", symbols)
    assert statuses(at_market, "2026-02-27") == dict.fromkeys(symbols, "ok")
    first = query(
        at_market, "select symbol, min(session_date), max(session_date) from raw.price_bars group by 1"
    )
    spans = {symbol: (start, end) for symbol, start, end in first}
    assert spans["IBM"] == (date(2023, 1, 3), date(2026, 2, 26))
    assert spans["2513.HK"] == (date(2026, 1, 8), date(2026, 2, 26))
    units = query(at_market, "select distinct currency, exchange_timezone, reason from raw.price_vintages")
    assert sorted(units) == [("HKD", "Asia/Hong_Kong", "first"), ("USD", "America/New_York", "first")]


@pytest.mark.parametrize(
    ("fault", "options", "status", "detail"),
    [
        ("status", {"status": 404}, "missing", "ORCL"),
        ("empty_result", {}, "empty", "no bars"),
        ("null_closes", {"count": 2_000}, "pending", "unfinished bars"),
        ("status", {"status": 500}, "error", "Yahoo answered 500"),
        ("status", {"status": 401}, "error", "Yahoo answered 401"),
        ("html", {}, "error", "JSON"),
        ("truncate", {}, "error", "IncompleteRead"),
        ("down", {}, "error", "ConnectionError"),
    ],
)
def test_a_symbol_that_fails_is_a_row_with_its_reason_and_the_others_go_on(
    at_market: Settings, market: Upstream, fault: str, options: dict[str, int], status: str, detail: str
) -> None:
    market.faults.add(fault, symbol="ORCL", times=0, **options)
    results = fetch(at_market, market, "2026-02-02T06:00")
    assert statuses(at_market, "2026-02-02") == dict.fromkeys(FOUR, "ok") | {"ORCL": status}
    assert detail in str(results["ORCL"].detail)
    stored = "select status, new_bars, vintage, last_session from raw.price_fetches where symbol = 'ORCL'"
    assert query(at_market, stored) == [(status, 0, None, None)]
    assert query(at_market, "select count(distinct symbol) from raw.price_bars") == [(3,)]
    market.faults.clear()
    fetch(at_market, market, "2026-02-03T06:00")
    assert statuses(at_market, "2026-02-03")["ORCL"] == "ok", "and is asked for again, from the beginning"
    assert vintages(at_market, "ORCL") == [(1, date(2026, 2, 3), "first", None, None)]


def test_a_symbol_that_does_not_exist_is_missing(at_market: Settings, market: Upstream) -> None:
    dead = {"symbol": "DEAD", "exchange": "XNYS"}
    results = fetch(at_market, market, "2026-02-02T06:00", more=[dead])
    assert statuses(at_market, "2026-02-02") == dict.fromkeys(FOUR, "ok") | {"DEAD": "missing"}
    assert "delisted" in str(results["DEAD"].detail)


@pytest.mark.parametrize(
    ("when", "newest"),
    [
        ("2026-02-02T14:00", date(2026, 1, 30)),  # Monday, New York opens in half an hour
        ("2026-02-02T18:00", date(2026, 1, 30)),  # it is open
        ("2026-02-02T21:10", date(2026, 1, 30)),  # it has closed, Yahoo is 15 minutes late
        ("2026-02-02T21:25", date(2026, 2, 2)),
    ],
)
def test_the_running_sessions_bar_is_not_stored(
    at_market: Settings, market: Upstream, when: str, newest: date
) -> None:
    results = fetch(at_market, market, when, ("IBM",))
    assert results["IBM"].pending == (1 if when[11:] in ("18:00", "21:10") else 0)
    last = "select max(session_date) from raw.price_bars"
    assert query(at_market, last) == query(at_market, "select last_session from raw.price_fetches")
    assert query(at_market, last) == [(newest,)]
    fetch(at_market, market, "2026-02-03T06:00", ("IBM",))
    assert query(at_market, last) == [(date(2026, 2, 2),)]
    assert len(vintages(at_market, "IBM")) == 1, "a finished bar restates nothing"


def test_an_open_session_in_hong_kong_is_told_by_its_own_clock(at_market: Settings, market: Upstream) -> None:
    results = fetch(at_market, market, "2026-02-03T06:00", ("0700.HK", "IBM"))
    assert (results["0700.HK"].pending, results["IBM"].pending) == (1, 0)
    newest = "select symbol, max(session_date) from raw.price_bars group by 1 order by 1"
    assert query(at_market, newest) == [("0700.HK", date(2026, 2, 2)), ("IBM", date(2026, 2, 2))]


# ---- a source that is down ----------------------------------------------------------------------------


def test_a_429_stops_asking_and_leaves_a_row_for_every_symbol(at_market: Settings, market: Upstream) -> None:
    fetch(at_market, market, "2026-02-02T06:00")
    before = query(at_market, BARS)
    market.clear_log()
    market.faults.add("status", status=429, symbol="IBM", times=0)
    results = fetch(at_market, market, "2026-02-03T06:00")
    assert statuses(at_market, "2026-02-03") == dict.fromkeys(FOUR, "error") | {"BIDU": "ok"}
    assert set(charts(market)) == {"BIDU", "IBM"}, "ORCL and PDD are not asked for"
    assert "throttles (429)" in str(results["IBM"].detail)
    assert "not asked" in str(results["PDD"].detail)
    assert [bar for bar in query(at_market, BARS) if bar[0] != "BIDU"] == [
        b for b in before if b[0] != "BIDU"
    ]
    kept = "select symbol, vintage, last_session from raw.price_fetches where status = 'error' order by 1"
    assert query(at_market, kept) == [(symbol, 1, date(2026, 1, 30)) for symbol in FOUR[1:]]
    market.faults.clear()
    fetch(at_market, market, "2026-02-03T06:30")
    assert statuses(at_market, "2026-02-03") == dict.fromkeys(FOUR, "ok")


def test_a_source_that_refuses_every_connection_leaves_a_row_for_every_symbol_in_seconds(
    settings: Settings,
) -> None:
    companies = read_seed(COMPANIES, settings)
    now = datetime(2026, 2, 2, 6, tzinfo=UTC)
    started = time.monotonic()
    with up_to_date(settings) as connection:
        results = snapshot_prices(connection, settings, companies, now.date(), now)
    assert time.monotonic() - started < 10
    assert len(results) == len(companies)
    assert statuses(settings, "2026-02-02") == {str(row["symbol"]): "error" for row in companies}
    assert sum("not asked" in str(fetched.detail) for fetched in results) == len(companies) - 3


def test_three_errors_in_a_row_are_the_source_and_two_are_not(at_market: Settings, market: Upstream) -> None:
    for symbol in FOUR[:2]:
        market.faults.add("status", status=500, symbol=symbol, times=0)
    fetch(at_market, market, "2026-02-02T06:00")
    assert list(statuses(at_market, "2026-02-02").values()).count("ok") == 2
    market.faults.add("status", status=500, symbol=FOUR[2], times=0)
    results = fetch(at_market, market, "2026-02-03T06:00")
    assert "3 symbols in a row failed" in str(results[FOUR[3]].detail)


# ---- vintages -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("symbol", "before", "known", "reason", "session", "ratio"),
    [
        ("IBM", "2026-02-10T06:00", "2026-02-11T06:00", "dividend", date(2026, 1, 12), 0.993),
        ("ORCL", "2026-02-03T06:00", "2026-02-04T06:00", "split", date(2026, 1, 5), 0.5),
        ("PDD", "2026-02-04T06:00", "2026-02-05T06:00", "close", date(2026, 1, 30), 0.987),
    ],
)
def test_a_restated_past_starts_a_vintage_with_its_reason_and_the_old_one_stays(
    at_market: Settings,
    market: Upstream,
    symbol: str,
    before: str,
    known: str,
    reason: str,
    session: date,
    ratio: float,
) -> None:
    fetch(at_market, market, before)
    old = query(at_market, BARS)
    fetch(at_market, market, known)
    day = date.fromisoformat(known[:10])
    first = (1, date.fromisoformat(before[:10]), "first", None, None)
    assert vintages(at_market, symbol) == [first, (2, day, reason, session, ratio)]
    others = [other for other in FOUR if other != symbol]
    assert [vintages(at_market, other) for other in others] == [[first]] * 3
    new = query(at_market, BARS)
    assert [bar for bar in new if bar in old] == old, "rows are only ever added"
    one, two = ({b[2]: b for b in new if b[:2] == (symbol, vintage)} for vintage in (1, 2))
    assert set(two) == {*one, max(two)}, "the new vintage is the whole history and the newest session"
    assert two[session][7] / one[session][7] == pytest.approx(ratio, abs=1e-3)
    fetched = "select vintage, new_bars from raw.price_fetches where symbol = ? and snapshot_date = ?"
    assert query(at_market, fetched, symbol, day) == [(2, len(two))]
    fetch(at_market, market, "2026-02-27T06:00", (symbol,))
    assert len(vintages(at_market, symbol)) == 2, "what is known already restates nothing"


def test_a_reload_that_fails_leaves_the_old_vintage_and_the_next_run_tries_again(
    at_market: Settings, market: Upstream
) -> None:
    """The month shows the split; the whole history then cannot be had."""
    fetch(at_market, market, "2026-02-03T06:00", ("ORCL",))
    before = query(at_market, BARS)
    market.faults.add("down", symbol="ORCL", skip=1, times=0)
    fetch(at_market, market, "2026-02-04T06:00", ("ORCL",))
    assert statuses(at_market, "2026-02-04") == {"ORCL": "error"}
    assert query(at_market, BARS) == before
    market.faults.clear()
    fetch(at_market, market, "2026-02-05T06:00", ("ORCL",))
    assert [row[:3] for row in vintages(at_market, "ORCL")][1:] == [(2, date(2026, 2, 5), "split")]


def test_a_second_run_of_the_same_day_adds_no_bars(at_market: Settings, market: Upstream) -> None:
    fetch(at_market, market, "2026-02-11T06:00")
    bars = query(at_market, BARS)
    fetch(at_market, market, "2026-02-11T06:10")
    assert query(at_market, BARS) == bars
    assert [len(vintages(at_market, symbol)) for symbol in FOUR] == [1, 1, 1, 1]
    again = "select sum(new_bars), min(status), count(*) from raw.price_fetches"
    assert query(at_market, again) == [(0, "ok", 4)]


# ---- gaps ---------------------------------------------------------------------------------------------

SHORTEST = {"1mo": 28, "3mo": 89, "6mo": 181, "1y": 365, "2y": 730, "5y": 1_826}


def test_the_period_overlaps_what_is_stored_by_a_week_at_least() -> None:
    today = date(2026, 3, 1)
    for gap in range(3_000):
        period = period_since(date.fromordinal(today.toordinal() - gap), today)
        assert period == "max" or SHORTEST[period] - gap >= 7, gap
    assert period_since(None, today) == "max"
    assert period_since(date(2026, 2, 27), today) == "1mo", "and no longer than it must be"


def test_a_gap_of_seven_weeks_is_closed_without_a_new_vintage(at_market: Settings, market: Upstream) -> None:
    fetch(at_market, market, "2026-01-05T06:00", ("BIDU",))
    fetch(at_market, market, "2026-02-24T06:00", ("BIDU",))
    asked = [r.query.get("range") for r in market.requests if r.path.endswith("/BIDU")]
    assert asked[-1] == ["3mo"]
    found = query(at_market, "select session_date, close from raw.price_bars order by 1")
    assert len(vintages(at_market, "BIDU")) == 1
    fresh = replace(at_market, home=at_market.home.parent / "fresh")
    fetch(fresh, market, "2026-02-24T06:00", ("BIDU",))
    assert found == query(fresh, "select session_date, close from raw.price_bars order by 1")


def test_rebuilt_prices_equal_stored_ones(at_market: Settings, market: Upstream) -> None:
    """Two vintages, a symbol that failed, and a day that was run twice with another outcome."""
    market.faults.add("status", status=500, symbol="BIDU", times=0)
    for when in ("2026-02-03T06:00", "2026-02-04T06:00"):
        fetch(at_market, market, when)
    market.faults.clear()
    fetch(at_market, market, "2026-02-04T06:30")
    stored = {t: sorted(query(at_market, f"from raw.{t}"), key=repr) for t in TABLES}
    assert [len(rows) > 0 for rows in stored.values()] == [True] * 3
    at_market.warehouse.unlink()
    assert rebuild(at_market) == 3
    assert {t: sorted(query(at_market, f"from raw.{t}"), key=repr) for t in TABLES} == stored
    assert statuses(at_market, "2026-02-04")["BIDU"] == "ok"
