"""The record of the synthetic past against the same days by the real path: backfilled, crawled, asked for."""

from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from dagster_project.lib.archive.backfill import backfill
from dagster_project.lib.hub import crawl as hub
from dagster_project.lib.hub.licence_cards import is_due, newest_pass, snapshot_cards
from dagster_project.lib.hub.load_day import load_crawl
from dagster_project.lib.markets.yahoo import snapshot_prices
from dagster_project.lib.restore.rebuild import rebuild, up_to_date
from dagster_project.lib.seeds.tables import COMPANIES, followed_publishers, read_seed
from dagster_project.lib.settings import Settings
from dagster_project.lib.sources.models_dev import snapshot_catalogue
from dagster_project.lib.sources.openrouter import snapshot_tokens
from dagster_project.lib.sources.registries import NPM_REGISTRY, PYPI_REGISTRY, snapshot_installs
from dagster_project.lib.warehouse.raw_tables import (
    ALL_TABLES,
    EXCHANGE_SESSIONS,
    HEADLINE_FIGURES,
    HUB_TABLES,
    Table,
)
from dagster_project.synthetic.record import morning, write_record
from dagster_project.synthetic.server import Upstream
from tests.landed import query
from tests.small_sources import settings_at

# without all-time downloads and lineage; a gap; a file committed again; 0 for NULL; the newest
WEEKS = [date(2025, 2, 23), date(2025, 6, 8), date(2025, 9, 7), date(2025, 10, 5), date(2026, 1, 11)]
# counters are frozen on the second; all is asked for on the others, and between them a split and a correction
# restate prices, an offer becomes cheaper and another opens
DAYS, EVERY = [date(2026, 1, 31), date(2026, 2, 5), date(2026, 2, 8)], 2
TABLES = [table for table in ALL_TABLES if table not in (EXCHANGE_SESSIONS, HEADLINE_FIGURES)]
# of a load, and moments of asking: the upstream's clock runs on while it is asked
OF_THE_LOAD = ("load_id", "loaded_at", "fetched_at", "captured_from", "captured_at")


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with Upstream(models=1_200) as running:
        yield running


@pytest.fixture(scope="module")
def homes(upstream: Upstream, tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, Settings]:
    """The days restored from their record, and the same days as they are backfilled, crawled and asked."""
    folder = tmp_path_factory.mktemp("record")
    real = asked(upstream, settings_at(upstream, folder / "asked"))
    ask_the_others(upstream, real)
    return recorded(upstream, settings_at(upstream, folder / "recorded")), real


def recorded(
    upstream: Upstream, settings: Settings, weeks: Sequence[date] = WEEKS, days: Sequence[date] = DAYS
) -> Settings:
    write_record(upstream, settings, weeks, days, EVERY)
    rebuild(settings)
    return settings


def asked(
    upstream: Upstream, settings: Settings, weeks: Sequence[date] = WEEKS, days: Sequence[date] = DAYS
) -> Settings:
    upstream.set_now(morning(days[0]))
    with up_to_date(settings) as connection:
        backfill(connection, settings, list(weeks))
        for day in days:
            upstream.set_now(morning(day))
            load_crawl(connection, hub.crawl(settings, day, followed_publishers(settings)), settings)
    return settings


def ask_the_others(upstream: Upstream, settings: Settings) -> None:
    companies = read_seed(COMPANIES, settings)
    with up_to_date(settings) as connection:
        for number, day in enumerate(DAYS):
            now = morning(day)
            upstream.set_now(now)
            if number % EVERY == 0:
                snapshot_tokens(connection, settings, day, now)
                snapshot_catalogue(connection, settings, day, now)
                for registry in (NPM_REGISTRY, PYPI_REGISTRY):
                    snapshot_installs(connection, settings, registry, day, now)
                snapshot_prices(connection, settings, companies, day, now)
            if is_due(newest_pass(connection), day):
                snapshot_cards(connection, settings, day)


def rows_of(settings: Settings, table: Table) -> list[tuple[Any, ...]]:
    said = ", ".join(name for name in table.column_names if name not in OF_THE_LOAD)
    return query(settings, f"select {said} from {table.full_name} order by all")


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_a_restored_past_is_row_for_row_what_is_asked_for(
    homes: tuple[Settings, Settings], table: Table
) -> None:
    """Model keys, snapshot rows, gaps and vintages included; times and load ids aside."""
    restored, real = (rows_of(settings, table) for settings in homes)
    assert restored == real
    assert real, "a table without a row shows nothing"


@pytest.mark.parametrize("scope", [{"HUB_TOP": "300"}, {"HUB_SCOPE": "census"}], ids=str)
def test_a_restored_past_is_of_the_scope_that_is_snapshotted(
    upstream: Upstream, tmp_path: Path, scope: dict[str, str]
) -> None:
    homes = [
        made(upstream, settings_at(upstream, tmp_path / made.__name__, **scope), WEEKS[-1:], DAYS[:1])
        for made in (recorded, asked)
    ]
    for table in HUB_TABLES:
        restored, real = (rows_of(settings, table) for settings in homes)
        assert restored == real
