"""The browser of these tests."""

from collections.abc import Iterator
from typing import Any

import pytest


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Headless Chromium, one a file; where none is installed, the test is skipped with what to install."""
    pytest.importorskip(
        "selenium", reason="selenium is not installed: the Dagster UI and report are not looked at"
    )
    from tests.browser.chromium import chromium, installed

    if installed() is None:
        pytest.skip("no browser: `apt-get install chromium chromium-driver` to look at the UI and the report")
    with chromium() as driver:
        yield driver
