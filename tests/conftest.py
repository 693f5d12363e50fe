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
from dagster_project.synthetic.server import Upstream

OURS = (
    "ALERT_", "HF_", "HUB_", "MODELTIDE_", "YAHOO_", "OPENROUTER_", "MODELS_DEV_", "NPM_", "PYPISTATS_",
    "REFETCH", "ACCEPT", "LAKE", "DAGSTER_HOME",
)  # fmt: skip
NOBODY = "http://127.0.0.1:9"


def pytest_collection_modifyitems(items: list[pytest.Function]) -> None:
    """Files with SQL models first: they take long, and light ones at the end leave no process alone."""
    long = {item.path for item in items if "template" in item.fixturenames}
    items.sort(key=lambda item: item.path not in long)


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
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of all processes of this run of the tests, for what is built once (tests/worlds/once.py)."""
    ours = tmp_path_factory.getbasetemp()
    # a worker of xdist has a folder of its own inside the one of the whole run
    return ours.parent if "PYTEST_XDIST_WORKER" in os.environ else ours


@pytest.fixture(scope="session")
def template(shared_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What warehouses made by hand begin as, once for all files and processes."""
    from tests.worlds.warehouse import Template  # two seconds to import, and most tests need no dbt

    return Template(shared_folder, tmp_path_factory.mktemp("dbt"))


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    """The embedded upstreams with 2,500 models, on the morning of 2026-01-14."""
    with Upstream(models=2_500) as running:
        yield running


@pytest.fixture
def connected(upstream: Upstream, tmp_path: Path) -> Settings:
    """A data home whose endpoints are the embedded upstreams."""
    return Settings.from_environment({"MODELTIDE_HOME": str(tmp_path / "data"), **upstream.environment})
