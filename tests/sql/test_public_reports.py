"""Prices that users of the same source have reported in public: what the product makes of each.

Belongs here: rows as they were reported, by repository and number.
Does not belong here: the rule (test_prices).
"""

from datetime import date
from typing import Any

import pytest

from benchmarks.price_warehouse import PriceWarehouse, weekdays
from tests.sql.test_prices import add, rows
from tests.worlds.warehouse import Template

DAYS = weekdays(date(2024, 3, 18), 10)
# closes as reported, from the first day on
REPORTED: dict[str, list[float]] = {
    # dpguthrie/yahooquery#87: two days of AXE.AX are a hundred times the others
    "HUNDREDFOLD": [0.80, 120.00, 101.00, 0.975, 0.98],
    # ranaroussi/yfinance#280: from one day on easyJet is in pounds, not in pence
    "POUNDS": [612.20, 609.60, 5.854, 5.872, 5.73],
    # ranaroussi/yfinance#2002: BCAN's split of 1 for 190 is told, and not in the prices before it
    "UNADJUSTED": [0.020, 0.021, 0.019, 2.51, 1.96],
    # ranaroussi/yfinance#1531: one day before a split has it, the others have not; here 1 for 20
    "HALF_DONE": [1.00, 20.2, 1.01, 20.3, 20.4],
    # ranaroussi/yfinance#1106: PNL.L turns from pounds to pence within a session, and back
    "WITHIN": [489.00, 492.00, 48_754.21, 504.00, 507.00],
}


@pytest.fixture(scope="module")
def reported(template: Template, tmp_path_factory: pytest.TempPathFactory) -> PriceWarehouse:
    warehouse = PriceWarehouse(tmp_path_factory.mktemp("reported"), template)
    warehouse.add_sessions("XNYS", DAYS)
    for symbol, closes in REPORTED.items():
        warehouse.add_share(symbol, exchange="XNYS")
        for day, close in zip(DAYS, closes, strict=False):
            is_split = symbol == "UNADJUSTED" and close == 2.51
            low = 488.50 if close == 48_754.21 else close
            add(warehouse, symbol, day, close, low=low, split_ratio=1 / 190 if is_split else 0.0)
    warehouse.build_market()
    return warehouse


@pytest.mark.parametrize(
    ("symbol", "untrue"),
    [
        ("HUNDREDFOLD", [1, 3]),
        ("POUNDS", [2]),
        ("UNADJUSTED", [3]),
        ("HALF_DONE", [1, 2, 3]),
        ("WITHIN", [2, 3]),
    ],
)
def test_a_jump_that_users_reported_is_flagged_and_is_no_return(
    reported: PriceWarehouse, symbol: str, untrue: list[int]
) -> None:
    found: list[tuple[Any, ...]] = rows(
        reported,
        "select session_date, log_return is null, is_split_unadjusted from marts.fct_ticker_returns_daily "
        f"where symbol = '{symbol}' and previous_session is not null order by session_date",
    )
    assert [(day, flagged) for day, _, flagged in found] == [
        (day, place in untrue) for place, day in enumerate(DAYS[:5]) if place
    ]
    assert all(is_none == flagged for _, is_none, flagged in found)
