"""From bars and a calendar to returns: what is no price, no session or a lost split, on one small world.

Belongs here: what crosses several SQL models of the market.
Does not belong here: the rule of each of them (dbt unit tests beside the models).
"""

import math
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from benchmarks.price_warehouse import PriceWarehouse, weekdays
from tests.worlds.warehouse import Template

STORMS = (date(2023, 9, 1), date(2023, 9, 8))
DAYS = weekdays(date(2023, 7, 24), 40)
TRADED = [day for day in DAYS if day not in STORMS]
HOLE, STRAY, LOST = date(2023, 8, 15), date(2023, 8, 19), date(2023, 8, 1)


@pytest.fixture(scope="module")
def market(template: Template, tmp_path_factory: pytest.TempPathFactory) -> PriceWarehouse:
    """Four shares of Hong Kong that rise by 1 % a session and know of the storms, unlike the calendar."""
    warehouse = PriceWarehouse(tmp_path_factory.mktemp("market"), template)
    warehouse.add_sessions("XHKG", DAYS)
    for symbol in ("GOOD", "HOLED", "STRAYED", "SPLIT"):
        warehouse.add_share(symbol, exchange="XHKG")
        for place, day in enumerate(TRADED):
            close = 100 * math.exp(0.01 * place) * (8 if symbol == "SPLIT" and day < LOST else 1)
            if symbol != "HOLED" or day != HOLE:
                add(warehouse, symbol, day, close)
    add(warehouse, "STRAYED", STRAY, 5_000.0)
    add(warehouse, "STRAYED", STORMS[0], 110.0, volume=0)
    add(warehouse, "GOOD", date(2023, 8, 20), None, dividend=0.5, dividend_currency="HKD")
    warehouse.build_market()
    return warehouse


def add(warehouse: PriceWarehouse, symbol: str, day: date, close: float | None, **more: Any) -> None:
    bar = {"vintage": 1, "close": close, "adj_close": close, "high": close, "low": close, "volume": 1_000}
    row = bar | {"dividend": 0.0, "split_ratio": 0.0} | more
    warehouse.insert("raw.price_bars", symbol=symbol, session_date=day, **row)


def rows(warehouse: PriceWarehouse, query: str) -> list[tuple[Any, ...]]:
    return warehouse.connection.execute(query).fetchall()


def test_a_day_without_any_bar_is_the_calendars_and_one_share_without_a_bar_its_own(
    market: PriceWarehouse,
) -> None:
    assert rows(market, "select symbol, session_date from marts.fct_missing_sessions") == [("HOLED", HOLE)]
    found = rows(
        market, "select session_date from intermediate.int_sessions__evidence where finding is not null"
    )
    assert sorted(found) == [(day,) for day in STORMS]


def test_what_stands_beside_a_row_that_is_none_has_its_return(market: PriceWarehouse) -> None:
    unusual = rows(
        market,
        "select symbol, session_date, close, no_return_reason from marts.fct_ticker_returns_daily "
        "where log_return is null and previous_session is not null or close is null order by all",
    )
    assert [row[:2] for row in unusual] == [
        ("GOOD", date(2023, 8, 20)), ("SPLIT", LOST), ("STRAYED", STRAY), ("STRAYED", STORMS[0]),
    ]  # fmt: skip
    assert [row[3].partition(" of those")[0] for row in unusual] == [
        "no bar, only a dividend or a split",
        f"the prices are {round(math.exp(0.01) / 8, 4)}",
        "the exchange did not trade that day",
        "no trade: volume 0 and one price all day",
    ]
    daily = rows(market, "select log_return from marts.fct_ticker_returns_daily where not is_gap_spanning")
    assert {round(log_return, 9) for (log_return,) in daily if log_return is not None} == {0.01}
    # each share's first has none, nor has SPLIT's of the first of August
    count = "select count(daily_return) from intermediate.int_returns__daily where symbol = "
    assert [rows(market, f"{count} '{symbol}'") for symbol in ("GOOD", "STRAYED", "SPLIT", "HOLED")] == [
        [(len(TRADED) - 1,)], [(len(TRADED) - 1,)], [(len(TRADED) - 2,)], [(len(TRADED) - 3,)],
    ]  # fmt: skip


def test_the_dividend_of_a_day_without_a_bar_is_there(market: PriceWarehouse) -> None:
    paid = "select symbol, session_date, dividend, dividend_currency from marts.fct_ticker_returns_daily"
    assert rows(market, f"{paid} where dividend > 0") == [("GOOD", date(2023, 8, 20), 0.5, "HKD")]


def test_a_correction_has_the_last_word_and_ends_the_finding(market: PriceWarehouse, tmp_path: Path) -> None:
    corrected = market.copied_to(tmp_path)
    for day in STORMS:
        corrected.insert("seeds.session_corrections", exchange="XHKG", session_date=day, is_session=False)
    corrected.build("int_bars__newest+")
    assert rows(corrected, "from intermediate.int_sessions__evidence where finding is not null") == []
    assert rows(corrected, "from marts.fct_ticker_returns_daily order by all") == rows(
        market, "from marts.fct_ticker_returns_daily order by all"
    )
