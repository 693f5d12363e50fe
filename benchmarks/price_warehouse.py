"""A warehouse of given prices and events, with the market's SQL models built over it.

Belongs here: the raw tables and seeds that those models read, written by hand, and the dbt runs.
Does not belong here: which prices; the simulations, the tests and the worked example bring theirs.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
from dbt.cli.main import dbtRunner

from dagster_project.lib.raw_tables import ALL_TABLES
from dagster_project.lib.seeds import load_seeds
from dagster_project.lib.settings import Settings

SQL = Path(__file__).parents[1] / "sql"
CLOSES = {"XNYS": time(21), "XHKG": time(8)}  # UTC
# what follows from prices, seeds and events; the Hub's models are built once, empty
MARKET_MODELS = ("int_sessions__numbered+", "int_companies__listings+", "int_factors__components",
                 "fct_price_restatements", "dim_confounders")  # fmt: skip
OWN_SEEDS = ("companies", "headline_events", "confounders", "publishers", "families")


class PriceWarehouse:
    """Raw prices in a folder of its own. Shipped constants; companies and events are the caller's."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "warehouse.duckdb"
        folder.mkdir(parents=True, exist_ok=True)
        with duckdb.connect(str(self.path)) as connection:
            connection.execute("create schema raw; create schema seeds")
            for table in ALL_TABLES:
                connection.execute(table.ddl())
            load_seeds(connection, Settings(home=folder))
            for seed in OWN_SEEDS:
                connection.execute(f"delete from seeds.{seed}")
        with self._as_dbt_sees_it():
            parsed = dbtRunner().invoke(["parse", *self._options()])
        if not parsed.success:
            raise RuntimeError(f"dbt cannot read {SQL}") from parsed.exception
        self._runner = dbtRunner(manifest=parsed.result)  # type: ignore[arg-type]
        self.dbt("run")

    def execute(self, statement: str, parameters: list[Any] | None = None) -> list[tuple[Any, ...]]:
        """Rows of a statement."""
        with duckdb.connect(str(self.path)) as connection:
            return connection.execute(statement, parameters or []).fetchall()

    def frame(self, query: str) -> pd.DataFrame:
        """The same as a frame."""
        with duckdb.connect(str(self.path)) as connection:
            return connection.execute(query).df()

    def insert(self, table: str, rows: list[dict[str, Any]]) -> None:
        """Add rows; columns that they leave out are NULL."""
        self.insert_frame(table, pd.DataFrame(rows))

    def insert_frame(self, table: str, frame: pd.DataFrame) -> None:
        """Add the rows of a frame by the names of its columns."""
        with duckdb.connect(str(self.path)) as connection:
            connection.register("frame", frame)
            connection.execute(f"insert into {table} by name select * from frame")

    def add_sessions(self, exchange: str, days: list[date]) -> None:
        """Expected sessions, closing at the usual time."""
        rows = [
            {"exchange": exchange, "session_date": day, "close_at": datetime.combine(day, CLOSES[exchange])}
            for day in days
        ]
        self.insert("raw.exchange_sessions", rows)

    def add_share(self, symbol: str, company: str | None = None, **columns: Any) -> None:
        """A row of the seed companies: a share of the company, or a fund without one."""
        row = {
            "symbol": symbol, "name": symbol, "company": company, "exchange": "XNYS", "country": "US",
            "kind": "company" if company else "fund", "is_primary_listing": company is not None,
            "source": "by hand",
        }  # fmt: skip
        self.insert("seeds.companies", [{**row, **columns}])

    def add_event(self, event_id: str, company: str, day: date, **columns: Any) -> None:
        """A row of the seed headline_events; at noon of the exchange's day unless it says otherwise."""
        row = {
            "event_id": event_id, "kind": "headline", "company": company, "event_date": day,
            "time_zone": "UTC", "event_time": "07:00", "claim": "something", "source": "by hand",
        }  # fmt: skip
        self.insert("seeds.headline_events", [{**row, **columns}])

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

    def build(self, *options: str) -> None:
        """Build the market's models."""
        self.dbt("run", "--select", *MARKET_MODELS, *options)

    def dbt(self, *command: str) -> None:
        """Run dbt on this warehouse."""
        with self._as_dbt_sees_it():
            result = self._runner.invoke([*command, *self._options()])
        if result.exception is not None:
            raise result.exception
        if not result.success:
            raise RuntimeError(f"dbt {' '.join(command)} failed; see {self.folder / 'logs'}")

    def _options(self) -> list[str]:
        return [
            "--quiet", "--project-dir", str(SQL), "--profiles-dir", str(SQL),
            "--target-path", str(self.folder / "target"), "--log-path", str(self.folder / "logs"),
        ]  # fmt: skip

    @contextmanager
    def _as_dbt_sees_it(self) -> Iterator[None]:
        before = os.environ.get("MODELTIDE_WAREHOUSE")
        os.environ["MODELTIDE_WAREHOUSE"] = str(self.path)
        try:
            yield
        finally:
            del os.environ["MODELTIDE_WAREHOUSE"]
            if before is not None:
                os.environ["MODELTIDE_WAREHOUSE"] = before


def weekdays(first: date, number: int) -> list[date]:
    """That many Mondays to Fridays."""
    return [stamp.date() for stamp in pd.bdate_range(first, periods=number)]


def prices_of(returns: Mapping[str, Any], days: list[date]) -> pd.DataFrame:
    """Adjusted closes of each symbol's log returns; the first day starts at 100 and its return is lost."""
    logs = pd.DataFrame(dict(returns), index=pd.Index(days, name="session_date"))
    logs.iloc[0] = 0.0
    levels = logs.cumsum().transform(np.exp) * 100
    return levels.reset_index().melt("session_date", var_name="symbol", value_name="adj_close")
