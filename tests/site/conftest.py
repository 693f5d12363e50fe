"""The publication that these tests make pages of."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.worlds.homes import World, two_days


@pytest.fixture(scope="module")
def world(shared_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Two days snapshotted, then built and published."""
    with two_days(shared_folder, tmp_path_factory.mktemp("home")) as made:
        yield made
