"""kill -9 in the middle of a backfill: what was whole stays, and the next run ends with the same tables."""

import random
import shutil
import signal
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from dagster_project.lib.archive.backfill import days_between
from dagster_project.lib.record.snapshots import hub_days
from dagster_project.lib.settings import Settings
from dagster_project.lib.warehouse.connection import writing
from dagster_project.synthetic.server import Upstream
from tests.faults.processes import backfill_days, start
from tests.landed import query, state

DAYS = days_between(date(2025, 6, 29), date(2025, 7, 3))  # the archive knows lineage from the third on


@pytest.fixture(scope="module")
def hub() -> Iterator[Upstream]:
    with Upstream(models=400, now=datetime(2026, 1, 14, 6, tzinfo=UTC)) as running:
        yield running


@pytest.mark.parametrize("kills", [4, pytest.param(20, marks=pytest.mark.slow)])
def test_a_backfill_that_was_killed_at_random_moments_ends_with_the_same_tables(
    hub: Upstream, tmp_path: Path, kills: int
) -> None:
    """Half of the kills hit a home that earlier kills have left, half an empty one."""
    undisturbed = Settings(home=tmp_path / "undisturbed", hub_endpoint=hub.url)
    start(backfill_days, undisturbed, DAYS).join()  # also fills the upstream's cache
    expected = state(undisturbed)
    assert len(expected["hub_snapshots"]) == len(DAYS)
    measured = Settings(home=tmp_path / "measured", hub_endpoint=hub.url)
    started = time.monotonic()
    start(backfill_days, measured, DAYS).join()
    duration = time.monotonic() - started
    chance = random.Random(5)
    killed, moments = 0, min(kills, 10)
    settings = Settings(home=tmp_path / "killed", hub_endpoint=hub.url)
    for number in range(kills):
        with writing(settings):
            pass  # raw tables, empty in a new home
        process = start(backfill_days, settings, DAYS)
        time.sleep(duration * (number % moments + chance.random()) / moments)
        process.kill()
        process.join()
        killed += process.exitcode == -signal.SIGKILL
        whole = query(settings, "select row_count from raw.hub_snapshots order by snapshot_date")
        counted = query(
            settings,
            "select count(*) from raw.hub_model_counters group by snapshot_date order by snapshot_date",
        )
        assert counted == whole, "a day is whole or absent"
        if number % 2:
            start(backfill_days, settings, DAYS).join()
            assert state(settings) == expected
            assert [day_file.day for day_file in hub_days(settings)] == DAYS
            assert len(list((settings.snapshots / "hub").iterdir())) == len(DAYS)
            assert not list(settings.landing.glob("archive/*"))
            shutil.rmtree(settings.home)
    assert killed >= kills // 2, "the others had ended before"
