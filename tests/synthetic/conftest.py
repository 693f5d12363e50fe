"""One small upstream for all tests of this folder; each test gets it at the first day, quiet and
without faults.
"""

import os

os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from dagster_project.synthetic.server import PLENTY, Upstream

FIRST_MORNING = datetime(2026, 1, 14, 6, tzinfo=UTC)


@pytest.fixture(scope="session")
def shared_upstream() -> Iterator[Upstream]:
    with Upstream(models=3_000, now=FIRST_MORNING) as running:
        yield running


@pytest.fixture
def upstream(shared_upstream: Upstream) -> Iterator[Upstream]:
    shared_upstream.set_now(FIRST_MORNING)
    shared_upstream.faults.clear()
    shared_upstream.clear_log()
    yield shared_upstream
    shared_upstream.quota = PLENTY
    shared_upstream._window_ends = 0.0
