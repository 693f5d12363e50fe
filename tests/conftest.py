"""Fixtures that every test may use: a data home of its own, and days landed without a network."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

os.environ.update(
    DAGSTER_DISABLE_TELEMETRY="yes",
    DBT_SEND_ANONYMOUS_USAGE_STATS="false",
    DO_NOT_TRACK="1",
    HF_HUB_DISABLE_TELEMETRY="1",
)

from dagster_project.lib.settings import Settings
from dagster_project.upstream.server import Upstream

OURS = (
    "ALERT_", "HF_", "HUB_", "MODELTIDE_", "YAHOO_", "OPENROUTER_", "MODELS_DEV_", "NPM_", "PYPISTATS_",
    "REFETCH", "ACCEPT", "DAGSTER_HOME",
)  # fmt: skip
NOBODY = "http://127.0.0.1:9"


# from the one that takes longest, so that no process is left alone with one of them at the end; the two that
# start from the same world are apart, so that neither waits while it is built
LONGEST = (
    "end_to_end/test_bad_days.py", "test_sql_models.py", "browser/test_dagster_ui.py", "test_days.py",
    "end_to_end/test_daily_snapshot.py", "end_to_end/test_claim.py", "test_families.py",
    "test_placebo_honesty.py", "test_event_study.py", "test_census_days.py", "test_analyses.py",
    "test_lead_lag.py", "faults/test_killed_backfill.py", "faults/test_the_dead.py",
)  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files in the order in which processes take them."""
    places = {name: place for place, name in enumerate(LONGEST)}
    tests = Path(__file__).parent
    items.sort(key=lambda item: places.get(item.path.relative_to(tests).as_posix(), len(places)))


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of the machine reaches a test."""
    for name in list(os.environ):
        if name.startswith(OURS) and name != "HF_HUB_DISABLE_TELEMETRY":
            monkeypatch.delenv(name)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A data home of its own; nothing answers at its endpoints."""
    return Settings(
        home=tmp_path / "data",
        hub_endpoint=NOBODY,
        yahoo_endpoint=NOBODY,
        openrouter_endpoint=NOBODY,
        models_dev_endpoint=NOBODY,
        npm_endpoint=NOBODY,
        pypistats_endpoint=NOBODY,
    )


@pytest.fixture(scope="session")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """dbt with the SQL project parsed, once for all files of a process."""
    from tests.sql_project import parsed  # two seconds to import, and most tests need no dbt

    return parsed(tmp_path_factory.mktemp("dbt"))


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    """The embedded upstreams with 2,500 models, on the morning of 2026-01-14."""
    with Upstream(models=2_500) as running:
        yield running


@pytest.fixture
def connected(upstream: Upstream, tmp_path: Path) -> Settings:
    """A data home whose endpoints are the embedded upstreams."""
    return Settings.from_environment({"MODELTIDE_HOME": str(tmp_path / "data"), **upstream.environment})
