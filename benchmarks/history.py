"""A data home with many days of a whole Hub, for the benchmarks alone.

Belongs here: the synthetic world day after day, brought into the raw tables by the production loader, and
the landed pages of one more day.
Does not belong here: what is measured on it (census_days).

The first day is landed and loaded as a crawl is. Of the days after it only the cards that are new or changed
are rendered; their rows reach the loader as they would from landing.
"""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import duckdb
import numpy as np
import pandas as pd

from dagster_project.lib.hub.day_rows import KEYED, READ, empty_keyed
from dagster_project.lib.hub.load_day import load_crawl, load_held
from dagster_project.lib.hub.page_columns import columns_of
from dagster_project.lib.hub.read_pages import keep_columns, read_pages
from dagster_project.lib.record.landing import Crawl, Opening, open_crawl
from dagster_project.lib.record.snapshots import new_load_id
from dagster_project.lib.restore.rebuild import up_to_date
from dagster_project.lib.seeds.tables import load_seeds
from dagster_project.lib.settings import Settings
from dagster_project.synthetic.chance import Integers
from dagster_project.synthetic.items import Items
from dagster_project.synthetic.world import World, day_number

FIRST_DAY = date(2025, 10, 1)  # the synthetic Hub freezes and falls in 2026 only
PAGE_SIZE = 1_000
# of all cards, a day: 10,000 of 2.5 million, as between two recorded listings
CHANGED_CARDS = 250


class History:
    """Days of a world of `models`, loaded one after the other into the data home of `settings`."""

    def __init__(self, settings: Settings, models: int) -> None:
        self.settings = settings
        self.world = World(models)
        self.items = Items(self.world)
        self.rows = np.arange(self.world.size, dtype=np.int64)
        self.seen = np.zeros(self.world.size, dtype=bool)
        self.first_day = self.day = FIRST_DAY

    def land(self, day: date) -> Crawl:
        """The whole listing of a day in landing, as a complete crawl."""
        crawl = open_crawl(self.settings.landing, _opening(day))
        number, order = day_number(day), self.world.creation_order
        for start in range(0, self.world.size, PAGE_SIZE):
            rows = order[start : start + PAGE_SIZE]
            present = rows[self.world.exists(rows, number)]
            if len(present):
                body = self.items.page(self.world.state(present, number))
                page = crawl.add_page("census", body, len(present), _noon(day), None)
                keep_columns(crawl, page, columns_of(body))  # as the crawl does while the Hub makes it wait
        crawl.finish()
        return crawl

    def load_first(self) -> None:
        """Land and load the first day."""
        crawl = self.land(self.day)
        with up_to_date(self.settings) as connection:
            load_seeds(connection, self.settings)
            load_crawl(connection, crawl, self.settings)
        self.remember(self.day)

    def remember(self, day: date) -> None:
        """Note that the models of a day are loaded, also when somebody else loaded it."""
        self.seen = self.world.exists(self.rows, day_number(day))

    def load_days(self, count: int) -> None:
        """Load the next `count` days, the loader being given rows in place of pages."""
        with up_to_date(self.settings) as connection:
            self._remember_cards(connection)
            for _ in range(count):
                self.day += timedelta(days=1)
                self._load_next(connection)

    def _remember_cards(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Every card as of the newest day, by row of the world."""
        known = pd.DataFrame({"world_row": self.rows, "hub_id": self.world.hub_ids(self.rows)})
        connection.register("known", known)
        connection.execute("create or replace table memory.rows as from known")
        newest = sorted((self.settings.snapshots / "hub").glob("*.parquet"))[-1]
        connection.execute(
            "create or replace table memory.cards as select r.world_row, p.* "
            "from read_parquet(?) as p join memory.rows as r using (hub_id)",
            [str(newest)],
        )

    def _load_next(self, connection: duckdb.DuckDBPyConnection) -> None:
        number = day_number(self.day)
        present = self.rows[self.world.exists(self.rows, number)]
        fresh = present[~self.seen[present] | (self.world.version(present, number) == number)]
        self._stage_cards(connection, fresh)
        self.seen[present] = True
        state = self.world.state(present, number)
        counters = pd.DataFrame(
            {
                "world_row": present,
                "downloads_30d": state.downloads,
                "all_time": state.all_time,
                "likes": state.likes,
                "trending": state.trending,
                "modified": state.modified,
            }
        )
        connection.register("counters", counters)
        connection.execute(
            "update memory.cards set tags = list_append(tags, ?) where hash(world_row, ?) % ? = 0",
            [f"edited-{self.day}", number, CHANGED_CARDS],
        )
        empty_keyed(connection)
        connection.execute(
            f"""
            insert into {KEYED} by name
            select date '{self.day}' as snapshot_date, c.* exclude (world_row) replace (
                n.downloads_30d as downloads_30d, nullif(n.all_time, -1) as downloads_all_time,
                n.likes as likes, cast(n.trending as double) as trending_score,
                make_timestamp(n.modified * 1000000) as last_modified
            )
            from memory.cards as c join counters as n using (world_row) order by c.model_key
            """
        )
        load_held(connection, self.settings, [self._snapshot_row(connection, len(present))])
        connection.execute(
            "update memory.cards as c set model_key = m.model_key from raw.hub_models as m "
            "where c.model_key is null and c.hub_id = m.hub_id"
        )

    def _snapshot_row(self, connection: duckdb.DuckDBPyConnection, rows: int) -> dict[str, Any]:
        """As the loader writes it for a crawl."""
        now = _noon(self.day).replace(tzinfo=None)
        return {
            "snapshot_date": self.day,
            "scope": "census",
            "scope_id": "census",
            "pages": rows // PAGE_SIZE + 1,
            "row_count": rows,
            "duplicates": 0,
            "overlap": 0,
            "private_rows": 0,
            "beyond_boundary": 0,
            "created_until": now,
            "is_complete": True,
            "is_accepted": True,
            "reasons": [],
            "lacks": [],
            "provenance": "observed",
            "origin": "synthetic",
            "captured_from": now,
            "captured_at": now,
            "loaded_at": now,
            "load_id": new_load_id(connection),
        }

    def _stage_cards(self, connection: duckdb.DuckDBPyConnection, rows: Integers) -> None:
        crawl = open_crawl(self.settings.home / "fresh", _opening(self.day))
        for start in range(0, len(rows), PAGE_SIZE):
            some = rows[start : start + PAGE_SIZE]
            body = self.items.page(self.world.state(some, day_number(self.day)))
            crawl.add_page("census", body, len(some), _noon(self.day), None)
        empty_keyed(connection)
        read_pages(connection, crawl)
        connection.execute(
            f"""
            create or replace temp table fresh as
            select r.world_row, k.* exclude (snapshot_date, {", ".join(READ)})
            from {KEYED} as k join memory.rows as r using (hub_id)
            """
        )
        connection.execute("delete from memory.cards where world_row in (select world_row from fresh)")
        connection.execute("insert into memory.cards by name from fresh")
        connection.execute("drop table fresh")
        connection.execute(f"drop table {KEYED}")


def _opening(day: date) -> Opening:
    return Opening(
        day=day.isoformat(),
        scope="census",
        scope_id="census",
        endpoint="http://127.0.0.1",
        origin="synthetic",
        streams=["census"],
        started_at=_noon(day).isoformat(),
    )


def _noon(day: date) -> datetime:
    return datetime.combine(day, time(12), UTC)
