"""The embedded Yahoo through the real yfinance, whose session only has its host swapped."""

import math
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pandas as pd
import pytest
import yfinance
from curl_cffi import requests as curl
from yfinance.exceptions import YFInvalidPeriodError, YFPricesMissingError, YFRateLimitError

from dagster_project.synthetic.market import (
    CORRECTED_SESSION,
    CORRECTED_SYMBOL,
    CORRECTION_RATIO,
    MILESTONE_SESSION,
    SPLITS,
)
from dagster_project.synthetic.server import Upstream


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path) -> Iterator[None]:
    yfinance.set_tz_cache_location(str(tmp_path))
    yfinance.config.debug.hide_exceptions = False
    yfinance.config.network.retries = 0
    yield


def session_to(upstream: Upstream) -> curl.Session:
    class Redirected(curl.Session):
        def request(self, method, url, *args, headers=None, **kwargs):  # type: ignore[no-untyped-def]
            parts = urlsplit(url)
            there = f"{upstream.url}{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
            headers = {**(headers or {}), "X-Forwarded-Host": parts.hostname}
            return super().request(method, there, *args, headers=headers, **kwargs)

    return Redirected(impersonate="chrome")


def history(upstream: Upstream, symbol: str, period: str = "max") -> pd.DataFrame:
    ticker = yfinance.Ticker(symbol, session=session_to(upstream))
    frame = ticker.history(period=period, auto_adjust=False, actions=True, keepna=True, timeout=5)
    frame.index = [stamp.date() for stamp in frame.index]
    return frame


def at(upstream: Upstream, month: int, day: int, hour: float = 6) -> None:
    minutes = int(hour % 1 * 60)
    upstream.set_now(datetime(2026, month, day, int(hour), minutes, tzinfo=UTC))


def test_history_begins_in_2023_and_skips_each_exchanges_holidays(upstream: Upstream) -> None:
    at(upstream, 2, 27)
    new_york, hong_kong = history(upstream, "BABA"), history(upstream, "9988.HK")
    assert new_york.index[0] == hong_kong.index[0] == date(2023, 1, 3)
    assert date(2026, 1, 19) not in new_york.index and date(2026, 1, 19) in hong_kong.index
    assert date(2026, 2, 17) in new_york.index and date(2026, 2, 17) not in hong_kong.index
    assert not new_york.isna().any().any()
    assert date(2023, 9, 1) in new_york.index and date(2023, 9, 1) not in hong_kong.index, "a storm"


def test_every_company_of_the_seeds_has_prices(upstream: Upstream) -> None:
    for symbol in upstream.market.companies:
        chart = upstream.market.chart(symbol, {"range": ["1mo"]}, int(upstream.now().timestamp()))
        assert chart["chart"]["result"][0]["timestamp"]


def test_at_six_hong_kong_is_running_and_new_york_is_not(upstream: Upstream) -> None:
    at(upstream, 1, 14)
    assert history(upstream, "0700.HK", "5d").index[-1] == date(2026, 1, 14)
    assert history(upstream, "MSFT", "5d").index[-1] == date(2026, 1, 13)
    live = history(upstream, "0700.HK", "5d").iloc[-1]
    at(upstream, 1, 15)
    done = history(upstream, "0700.HK", "5d").loc[date(2026, 1, 14)]
    assert live["Volume"] < done["Volume"] and live["Close"] != done["Close"]


def test_the_current_trading_period_tells_that_the_session_runs(upstream: Upstream) -> None:
    at(upstream, 1, 14)
    chart = upstream.market.chart("0700.HK", {}, int(upstream.now().timestamp()))
    regular = chart["chart"]["result"][0]["meta"]["currentTradingPeriod"]["regular"]
    assert regular["start"] < upstream.now().timestamp() < regular["end"]


def test_a_split_restates_closes_and_volume_of_the_whole_past(upstream: Upstream) -> None:
    ((day, ratio),) = SPLITS["ORCL"]
    at(upstream, 2, 3)
    before = history(upstream, "ORCL")
    at(upstream, 2, 4)
    after = history(upstream, "ORCL")
    assert after.loc[day, "Stock Splits"] == ratio and (before["Stock Splits"] == 0).all()
    shared = after.loc[before.index]
    for column in ("Open", "Close", "Adj Close"):
        assert (before[column] / shared[column]).to_numpy() == pytest.approx(ratio)
    assert (shared["Volume"] / before["Volume"]).median() == pytest.approx(ratio, rel=1e-4)


def test_a_dividend_restates_adjusted_closes_only(upstream: Upstream) -> None:
    at(upstream, 2, 10)
    before = history(upstream, "IBM")
    at(upstream, 2, 11)
    after = history(upstream, "IBM")
    assert after.loc[date(2026, 2, 10), "Dividends"] > 0
    assert (before["Close"] == after.loc[before.index, "Close"]).all()
    ratio = after.loc[before.index, "Adj Close"] / before["Adj Close"]
    assert ratio.max() < 1 and ratio.min() == pytest.approx(ratio.max())
    assert (after["Dividends"] > 0).sum() == 13


def test_a_past_close_is_corrected_later(upstream: Upstream) -> None:
    at(upstream, 2, 4)
    before = history(upstream, CORRECTED_SYMBOL, "1mo")["Close"]
    at(upstream, 2, 5)
    after = history(upstream, CORRECTED_SYMBOL, "1mo")["Close"]
    ratio = (before / after).dropna()
    assert ratio.pop(CORRECTED_SESSION) == pytest.approx(CORRECTION_RATIO)
    assert ratio.to_numpy() == pytest.approx(1)


def test_new_listings_have_few_sessions(upstream: Upstream) -> None:
    at(upstream, 1, 14)
    assert next(iter(history(upstream, "2513.HK", "5d").index)) == date(2026, 1, 8)
    assert next(iter(history(upstream, "0100.HK", "5d").index)) == date(2026, 1, 9)
    with pytest.raises(YFInvalidPeriodError, match="1d, 5d"):  # yfinance alone refuses the whole history
        history(upstream, "2513.HK")


def test_the_milestone_moves_its_company_and_not_the_market(upstream: Upstream) -> None:
    at(upstream, 2, 27)
    for symbol, sector in (("BABA", "KWEB"), ("9988.HK", "3033.HK")):
        own, other = (history(upstream, s)["Close"].map(math.log).diff() for s in (symbol, sector))
        excess = (own - other).dropna()
        assert 0.025 < excess[MILESTONE_SESSION] < 0.08
        assert excess[MILESTONE_SESSION] > 2.5 * excess.std()


def test_a_dead_symbol_is_not_found(upstream: Upstream) -> None:
    with pytest.raises(Exception, match=r"(?i)delisted|not found|404"):
        history(upstream, "DEAD.X")


def test_periods_by_seconds_and_by_name_agree(upstream: Upstream) -> None:
    at(upstream, 2, 27)
    now = int(upstream.now().timestamp())
    named = upstream.market.chart("MSFT", {"range": ["1mo"]}, now)
    seconds = upstream.market.chart("MSFT", {"period1": [str(now - 31 * 86_400)], "period2": [str(now)]}, now)
    assert named["chart"]["result"][0]["timestamp"] == seconds["chart"]["result"][0]["timestamp"]


# ---------------------------------------------------------------------- faults


def test_a_fault_can_hit_one_symbol(upstream: Upstream) -> None:
    upstream.faults.add("status", status=404, symbol="BABA", times=0)
    with pytest.raises(Exception, match=r"(?i)delisted|not found|404"):
        history(upstream, "BABA", "1mo")
    assert len(history(upstream, "JD", "1mo")) > 15


def test_a_throttled_yahoo_is_a_rate_limit_error(upstream: Upstream) -> None:
    upstream.faults.add("status", status=429, path="/v8/", times=0)
    with pytest.raises(YFRateLimitError):
        history(upstream, "BABA", "1mo")


@pytest.mark.parametrize("kind", ["html", "down", "truncate"])
def test_a_broken_yahoo_answer_raises(upstream: Upstream, kind: str) -> None:
    upstream.faults.add(kind, path="/v8/", times=0)
    with pytest.raises(Exception):  # noqa: B017  yfinance has no common base class
        history(upstream, "BABA", "1mo")


def test_an_empty_result_is_missing_prices(upstream: Upstream) -> None:
    upstream.faults.add("empty_result", symbol="BABA", times=0)
    with pytest.raises(YFPricesMissingError, match="no price data found"):
        history(upstream, "BABA", "1mo")


def test_the_last_closes_can_be_null(upstream: Upstream) -> None:
    upstream.faults.add("null_closes", symbol="BABA", count=2, times=0)
    assert history(upstream, "BABA", "1mo")["Close"].isna().tolist()[-3:] == [False, True, True]


def test_the_requests_say_which_host_they_were_meant_for(upstream: Upstream) -> None:
    history(upstream, "BABA", "1mo")
    hosts = {r.forwarded_host for r in upstream.requests if r.path.startswith("/v8/")}
    assert hosts and all(host.endswith("finance.yahoo.com") for host in hosts)
