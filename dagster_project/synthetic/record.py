"""The past of the synthetic world as the product keeps one: snapshots/, for `make rebuild` to read.

Belongs here: what each past day would have left in snapshots/, written by the product's own writers.
Does not belong here: which days there are (demo), and the world (world, items, market, api_world). No other
module of this folder knows the product.

A day of 10,000 models takes 50 ms instead of two seconds, because the Hub's listing does not come over HTTP:
each state of an item is rendered and read once, as the product reads a page, and a day joins its counters to
these states. Keys, snapshot rows, gaps and all that the other sources say are the product's own work.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, time
from math import ceil
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from dagster_project.lib.archive import backfill, unobserved_days
from dagster_project.lib.archive.client import Revision, last_of_each_day
from dagster_project.lib.hub import crawl as hub
from dagster_project.lib.hub import load_day, read_files
from dagster_project.lib.hub.day_rows import empty_keyed
from dagster_project.lib.hub.fields import EXPAND, FIELDS
from dagster_project.lib.hub.licence_cards import is_due, newest_pass, snapshot_cards
from dagster_project.lib.hub.odd_values import OddValues
from dagster_project.lib.hub.page_columns import Columns, columns_of, placed
from dagster_project.lib.markets.chart import read_chart
from dagster_project.lib.markets.vintages import Fetched
from dagster_project.lib.markets.yahoo import Asked, add_prices
from dagster_project.lib.record import snapshots
from dagster_project.lib.record.landing import Crawl, Opening, Page
from dagster_project.lib.seeds.tables import COMPANIES, followed_publishers, read_seed
from dagster_project.lib.settings import Settings
from dagster_project.lib.sources.models_dev import snapshot_catalogue
from dagster_project.lib.sources.openrouter import snapshot_tokens
from dagster_project.lib.sources.registries import NPM_REGISTRY, PYPI_REGISTRY, snapshot_installs
from dagster_project.lib.warehouse.raw_tables import ALL_TABLES, DAY_COLUMNS
from dagster_project.synthetic.archive import columns_on, has_zero_for_null
from dagster_project.synthetic.chance import Integers
from dagster_project.synthetic.server import Upstream
from dagster_project.synthetic.world import DayState, Listing, day_number

MORNING = time(6)  # of the schedule `daily_at_six`
ORIGIN = "synthetic"
LISTED = frozenset(EXPAND)
NOTHING_ODD = OddValues().columns()
COUNTERS = ("downloads_30d", "downloads_all_time", "likes", "trending_score", "last_modified")
_VERSIONS = 1 << 16  # of a row: a day's number


def write_record(
    upstream: Upstream,
    settings: Settings,
    weeks: Sequence[date],
    days: Sequence[date],
    every: int,
    report: Callable[[date], None] = lambda _: None,
) -> None:
    """Write snapshots/: `weeks` as the archive has them, then `days` as they were observed, oldest first.

    On each `every`th of the observed days the sources that have a past were asked too, on each seventh the
    cards. The upstream must serve at the endpoints of the settings; its clock is set.
    """
    settings.home.mkdir(parents=True, exist_ok=True)
    with _raw_tables() as connection:
        past = _Past(connection, upstream, settings, [*weeks, *days])
        for day in weeks:
            past.write_archived(day)
            report(day)
        for number, day in enumerate(days):
            past.write_observed(day)
            if number % every == 0:
                past.ask_the_others(day)
            past.ask_for_cards(day)
            report(day)


@contextmanager
def _raw_tables() -> Iterator[duckdb.DuckDBPyConnection]:
    """Raw tables for what the product looks up of earlier days: keys, prices, installs, offers, cards.

    In memory, where the table KEYED lies too. One thread: a second one waits more than it works.
    """
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute("create schema raw")
        for table in ALL_TABLES:
            connection.execute(table.ddl())
        yield connection


class _Past:
    """The days that are written, and what is known of the world on them."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        upstream: Upstream,
        settings: Settings,
        days: Sequence[date],
    ) -> None:
        self.connection, self.upstream, self.settings = connection, upstream, settings
        self.world, self.items = upstream.world, upstream.items
        self.followed = followed_publishers(settings)
        self.companies = read_seed(COMPANIES, settings)
        commits = upstream.archive.commits(datetime.combine(max(days), time.max, UTC))
        self.revisions = last_of_each_day({commit.sha: commit.at for commit in commits})
        self.contents = {commit.sha: commit.content for commit in commits}
        self.states, self.places = self._read_items(days)

    # ------------------------------------------------------------------ the Hub

    def write_archived(self, day: date) -> None:
        """The day as a backfill leaves it: its rows without what the archive lacks, or a note of a gap."""
        revision = self.revisions.get(day)
        past = backfill.past_day(ORIGIN, self.settings, self.followed, day, revision)
        gap = self._gap(revision)
        if revision is None or gap:
            unobserved_days.note_gap(self.connection, self.settings, past, gap)
            return
        content = self.contents[revision.sha]
        state, _ = self._listed(content, hub.snapshot_request(self.settings, self.followed))
        self._count(state)
        carried = set(columns_on(content))
        if has_zero_for_null(content):
            self.connection.execute(
                "update counters set downloads_all_time = coalesce(downloads_all_time, 0)"
            )
        read_files.clear_zeros(self.connection, "counters", "true", carried)
        self._stage({ours for field in FIELDS if field.name not in carried for ours in field.columns})
        counts = NOTHING_ODD | {
            "row_count": len(state.rows),
            "duplicates": 0,
            "overlap": 0,
            "private_rows": 0,
        }
        lacks = {"lacks": read_files.lacking(carried)}
        self._write(unobserved_days.snapshot_of(self.connection, past) | counts | lacks)

    def write_observed(self, day: date) -> None:
        """The day as its crawl leaves it."""
        settings = self.settings.on(day)
        request = hub.snapshot_request(settings, self.followed)
        state, listed = self._listed(day, request)
        self._count(state)
        self._stage(set())
        at = morning(day).isoformat()
        opening = Opening(
            day=day.isoformat(),
            scope=request.scope,
            scope_id=request.scope_id,
            endpoint=settings.hub_endpoint,
            origin=ORIGIN,
            streams=list(listed),
            started_at=at,
            created_until=at if request.scope == "census" else None,
        )
        pages = [
            Page(stream, number, "", 0, 0, at, None)
            for stream, rows in listed.items()
            for number in range(max(1, ceil(rows / hub.PAGE_SIZE)))
        ]
        counts = NOTHING_ODD | {
            "row_count": len(state.rows),
            "duplicates": 0,
            "overlap": sum(listed.values()) - len(state.rows),
            "private_rows": 0,
            "beyond_boundary": 0,
        }
        crawl = Crawl(Path(), opening, pages, is_complete=True)
        self._write(load_day.observed_snapshot(self.connection, crawl, counts))

    def _gap(self, revision: Revision | None) -> str:
        if revision is None:
            return backfill.NO_REVISION
        is_same = revision.before and self.contents[revision.sha] == self.contents[revision.before]
        return backfill.SAME_FILE if is_same else ""

    def _listed(self, day: date, request: hub.Request) -> tuple[DayState, dict[str, int]]:
        """What the listings of a request show, each model once, and how many rows each of them has."""
        number = day_number(day)
        listing = Listing(self.world, number)
        everything = listing.state
        is_there, is_listed = (np.zeros(self.world.size, dtype=np.bool_) for _ in range(2))
        is_there[everything.rows] = True
        counts = {}
        for stream in request.queries:
            account = stream.partition(":")[2]
            rows = everything.rows
            if account:
                rows = self.world.rows_of_account(account, number)
                rows = rows[is_there[rows]]
            elif stream in request.enough and request.enough[stream] < len(rows):
                rows = listing.page("downloads", False, None, request.enough[stream])[0].rows
            is_listed[rows] = True
            counts[stream] = len(rows)
        return everything.take(np.flatnonzero(is_listed[everything.rows])), counts

    def _read_items(self, days: Sequence[date]) -> tuple[Integers, NDArray[np.intp]]:
        """Fill the table `items` with each state that an item has on the days, without what moves daily.

        Returns the states' numbers in order, and the place of each in the table.
        """
        everything = np.arange(self.world.size, dtype=np.int64)
        last = np.full(self.world.size, -1, dtype=np.int64)
        states: list[Integers] = []
        pages: list[Columns] = []
        for day in days:
            number = day_number(day)
            rows = everything[self.world.exists(everything, number)]
            versions = self.world.version(rows, number)
            is_new = last[rows] != versions
            last[rows] = versions
            if is_new.any():
                states.append(_numbered(rows[is_new], versions[is_new]))
                columns = columns_of(self.items.page(self.world.state(rows[is_new], number), LISTED))
                assert columns is not None  # the invented Hub says nothing odd
                pages.append(columns)
        steady = ", ".join(name for name in DAY_COLUMNS if name not in ("model_key", *COUNTERS))
        self.connection.register("listed", placed(enumerate(pages)))
        self.connection.execute(f"create table items as select {steady} from listed")
        self.connection.unregister("listed")
        numbers = np.concatenate(states)
        places = np.argsort(numbers)
        return numbers[places], places

    def _count(self, state: DayState) -> None:
        """Fill the table `counters` with what moves daily, and the place of each model's item."""
        numbers = _numbered(state.rows, self.world.version(state.rows, state.day))
        counted = {  # noqa: F841 - DuckDB reads the arrays by this name
            "place": self.places[np.searchsorted(self.states, numbers)],
            "downloads_30d": state.downloads,
            "all_time": state.all_time,
            "likes": state.likes,
            "trending_score": state.trending.astype(np.float64),
            "modified": state.modified,
        }
        self.connection.execute(
            "create or replace temp table counters as select * exclude (all_time, modified), "
            "nullif(all_time, -1) as downloads_all_time, make_timestamp(modified * 1000000) as last_modified "
            "from counted"
        )

    def _stage(self, lost: set[str]) -> None:
        columns = ", ".join(
            f"cast(null as {kind}) as {name}" if name in lost else name
            for name, kind in DAY_COLUMNS.items()
            if name != "model_key"
        )
        self.connection.execute(
            f"create or replace temp view staged as select {columns} "
            "from counters join items on items.rowid = counters.place"
        )

    def _write(self, snapshot: dict[str, Any]) -> None:
        day = snapshot["snapshot_date"]
        empty_keyed(self.connection)
        load_day.number_models(self.connection, "staged", day)
        rows = f"(select keys.model_key, staged.* from staged join {load_day.KEYS} as keys using (hub_id))"
        snapshots.put_in_place(snapshots.write_hub_day(self.connection, rows, self.settings, snapshot))
        load_day.register_models(self.connection, "(from new_keys join staged using (hub_id))")

    # ------------------------------------------------------------------ the other sources

    def ask_for_cards(self, day: date) -> None:
        """The weekly pass, if it is due."""
        if is_due(newest_pass(self.connection), day):
            self.upstream.set_now(morning(day))
            snapshot_cards(self.connection, self.settings, day)

    def ask_the_others(self, day: date) -> None:
        """Tokens, catalogue and installs as the product asks for them; prices without yfinance: 3 s of 4."""
        now = morning(day)
        self.upstream.set_now(now)
        of_the_day = (self.connection, self.settings)
        snapshot_tokens(*of_the_day, day, now)
        snapshot_catalogue(*of_the_day, day, now)
        for registry in (NPM_REGISTRY, PYPI_REGISTRY):
            snapshot_installs(*of_the_day, registry, day, now)
        add_prices(*of_the_day, self.companies, day, now, lambda asked: self._charts(asked, now))

    def _charts(self, asked: list[Asked], now: datetime) -> list[Fetched]:
        fetched = []
        for symbol, exchange, period in asked:
            chart = self.upstream.market.chart(symbol, {"range": [period]}, int(now.timestamp()))
            if chart is None:  # a symbol of the user's seeds
                fetched.append(Fetched(symbol, "missing", "the synthetic market has no such symbol"))
                continue
            fetched.append(read_chart(symbol, exchange, chart, now))
        return fetched


def morning(day: date) -> datetime:
    """When the product asks on a day."""
    return datetime.combine(day, MORNING, UTC)


def _numbered(rows: Integers, versions: Integers) -> Integers:
    return rows * _VERSIONS + versions
