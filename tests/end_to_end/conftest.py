"""The world of these tests."""

from collections.abc import Iterator

import pytest

from tests.end_to_end.worlds import World, two_days


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Two days snapshotted, then built and published; each file goes on with its own copy."""
    with two_days(tmp_path_factory) as made:
        yield made
