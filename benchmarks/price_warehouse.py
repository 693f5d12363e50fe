"""A warehouse of given prices and events, with the market's SQL models built over it.

Belongs here: the raw tables and seeds that those models read, written by hand.
Does not belong here: which prices; the simulations, the tests and the worked example bring theirs.
"""

from collections.abc import Mapping
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tests.worlds.warehouse import BUILT, Template, Warehouse

CLOSES = {"XNYS": time(21), "XHKG": time(8)}  # UTC
# what follows from prices, seeds and events; the Hub's models are built once, empty
MARKET_MODELS = ("int_bars__newest+", "int_companies__listings+", "int_factors__components",
                 "fct_price_restatements", "dim_confounders")  # fmt: skip
OWN_SEEDS = (
    "companies", "headline_events", "confounders", "publishers", "families", "session_corrections",
)  # fmt: skip


class PriceWarehouse(Warehouse):
    """Raw prices in a folder of its own. Shipped constants; companies and events are the caller's."""

    def __init__(self, folder: Path, template: Template | None = None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        super().__init__(folder, template or Template(folder), BUILT)
        for seed in OWN_SEEDS:
            self.execute(f"delete from seeds.{seed}")

    def frame(self, query: str) -> pd.DataFrame:
        """Rows of a query as a frame."""
        return self.connection.execute(query).df()

    def insert_frame(self, table: str, frame: pd.DataFrame) -> None:
        """Add the rows of a frame by the names of its columns."""
        self.connection.register("frame", frame)
        self.connection.execute(f"insert into {table} by name select * from frame")
        self.connection.unregister("frame")

    def add_sessions(self, exchange: str, days: list[date]) -> None:
        """Expected sessions, closing at the usual time."""
        rows = [
            {"exchange": exchange, "session_date": day, "close_at": datetime.combine(day, CLOSES[exchange])}
            for day in days
        ]
        self.insert_frame("raw.exchange_sessions", pd.DataFrame(rows))

    def add_share(self, symbol: str, company: str | None = None, **columns: Any) -> None:
        """A row of the seed companies: a share of the company, or a fund without one."""
        row = {
            "symbol": symbol, "name": symbol, "company": company, "exchange": "XNYS", "country": "US",
            "kind": "company" if company else "fund", "is_primary_listing": company is not None,
            "source": "by hand",
        }  # fmt: skip
        self.insert("seeds.companies", **{**row, **columns})

    def add_event(self, event_id: str, company: str, day: date, **columns: Any) -> None:
        """A row of the seed headline_events; at noon of the exchange's day unless it says otherwise."""
        row = {
            "event_id": event_id, "kind": "headline", "company": company, "event_date": day,
            "time_zone": "UTC", "event_time": "07:00", "claim": "something", "source": "by hand",
        }  # fmt: skip
        self.insert("seeds.headline_events", **{**row, **columns})

    def add_prices(
        self, prices: pd.DataFrame, vintage: int = 1, fetched_at: datetime = datetime(2026, 1, 1)
    ) -> None:
        """Columns symbol, session_date, adj_close and perhaps others of raw.price_bars."""
        bars = prices.assign(vintage=vintage, fetched_at=fetched_at)
        self.insert_frame("raw.price_bars", bars if "close" in bars else bars.assign(close=bars["adj_close"]))
        symbols = bars["symbol"].unique()
        self.insert_frame(
            "raw.price_vintages",
            pd.DataFrame(
                {"symbol": symbols, "vintage": vintage, "fetched_at": fetched_at, "reason": "by hand"}
            ),
        )

    def build_market(self) -> None:
        """Build the market's models."""
        self.build(*MARKET_MODELS)


def weekdays(first: date, number: int) -> list[date]:
    """That many Mondays to Fridays."""
    return [stamp.date() for stamp in pd.bdate_range(first, periods=number)]


def prices_of(returns: Mapping[str, Any], days: list[date]) -> pd.DataFrame:
    """Adjusted closes of each symbol's log returns; the first day starts at 100 and its return is lost."""
    logs = pd.DataFrame(dict(returns), index=pd.Index(days, name="session_date"))
    logs.iloc[0] = 0.0
    levels = logs.cumsum().transform(np.exp) * 100
    return levels.reset_index().melt("session_date", var_name="symbol", value_name="adj_close")
