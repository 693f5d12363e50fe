"""A watched upstream of 7 pages, and the listing that an undisturbed crawl lands."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from dagster_project.lib.hub import crawl as hub
from dagster_project.lib.settings import Settings
from dagster_project.synthetic.world import SEEDS, World
from tests.faults.watched import Watched
from tests.landed import bodies

DAY = date(2026, 1, 14)


@pytest.fixture(scope="session")
def world() -> World:
    return World(7_200, SEEDS)


@pytest.fixture
def server(world: World) -> Iterator[Watched]:
    """6,330 models on the morning of 2026-01-14."""
    with Watched(world=world) as running:
        yield running


@pytest.fixture
def census(server: Watched, tmp_path: Path) -> Settings:
    """A data home that lists everything the watched upstream has."""
    return Settings(home=tmp_path / "data", hub_endpoint=server.url, scope="census")


@pytest.fixture(scope="session")
def undisturbed(world: World, tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """The pages of the day as a crawl without a fault lands them."""
    with Watched(world=world) as quiet:
        home = tmp_path_factory.mktemp("undisturbed")
        settings = Settings(home=home, hub_endpoint=quiet.url, scope="census")
        return bodies(hub.crawl(settings, DAY, []))
