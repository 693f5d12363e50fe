"""What Dagster is told of days that come from snapshots/ and not from a run."""

from datetime import date
from pathlib import Path

import dagster as dg
import pytest

from dagster_project import cli, runs
from dagster_project.defs.archive import HUB_ARCHIVE
from dagster_project.defs.restored import report_restored
from dagster_project.lib.archive.unobserved_days import import_file, note_gap
from dagster_project.lib.record.append import add_rows
from dagster_project.lib.restore.rebuild import up_to_date
from dagster_project.lib.settings import Settings
from dagster_project.lib.warehouse.raw_tables import HUB_TABLES, PRICE_FETCHES, PRICES
from tests.landed import item, load
from tests.past import load_archived, past_day, row, write

OBSERVED = {"2026-01-05", "2026-01-06"}
COUNTERS, CARDS = (dg.AssetKey(["raw", f"hub_model_{name}"]) for name in ("counters", "cards"))


@pytest.fixture
def restored(settings: Settings, tmp_path: Path) -> Settings:
    """An archive day, a gap, a file of the user's, two observed days, prices of the second."""
    load(settings, "2026-01-05", [item(1), item(2)])
    load(settings, "2026-01-06", [item(1), item(2, tags=["license:apache-2.0"]), item(3)])
    load_archived(settings, "2025-12-07", [row(1)])
    mine = write(tmp_path / "mine.parquet", [row(1), row(2)])
    fetch = (date(2026, 1, 6), "BABA", "missing", "no such symbol", 0, 0, None, None, None)
    with up_to_date(settings) as connection:
        note_gap(connection, settings, past_day("2025-12-14", "archive"), "no revision")
        import_file(connection, settings, mine, date(2025, 12, 21))
        add_rows(connection, settings, PRICES, date(2026, 1, 6), {PRICE_FETCHES: [fetch]})
    return settings


def filled(instance: dg.DagsterInstance) -> dict[dg.AssetKey, set[str]]:
    """Partitions that Dagster holds for materialised, by asset."""
    return {key: instance.get_materialized_partitions(key) for key in instance.all_asset_keys()}


def test_a_restored_day_fills_the_partitions_that_a_run_of_it_fills(restored: Settings) -> None:
    """Neither a gap nor a user's own file: no run makes them."""
    with dg.DagsterInstance.ephemeral() as instance:
        report_restored(instance, restored)
        hub = {dg.AssetKey(["raw", table.name]): OBSERVED for table in HUB_TABLES}
        prices = {dg.AssetKey(["raw", table.name]): {"2026-01-06"} for table in PRICES.tables}
        assert filled(instance) == {**hub, **prices, HUB_ARCHIVE: {"2025-12-07"}}


def test_a_day_is_told_once(restored: Settings) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        instance.report_runless_asset_event(dg.AssetMaterialization(COUNTERS, partition="2026-01-05"))
        told = report_restored(instance, restored)
        assert told == 2 * len(HUB_TABLES) - 1 + len(PRICES.tables) + 1
        assert report_restored(instance, restored) == 0


def test_a_restored_day_has_the_figures_that_are_plotted(restored: Settings) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        report_restored(instance, restored)
        (newest,) = instance.fetch_materializations(CARDS, limit=1).records
        said = newest.asset_materialization.metadata
        assert {name: value.value for name, value in said.items()} == {"models_today": 3, "changed_today": 2}


def test_make_rebuild_tells_dagster_what_it_restored(
    restored: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    restored.warehouse.unlink()
    monkeypatch.setenv("MODELTIDE_HOME", str(restored.home))
    monkeypatch.setattr(cli, "publish_what_is_loaded", lambda *_: None)  # dbt has nothing to do with it
    cli.rebuild_and_publish()
    with runs.dagster_instance(restored) as instance:
        assert filled(instance)[COUNTERS] == OBSERVED
