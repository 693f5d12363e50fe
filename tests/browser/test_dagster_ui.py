"""The Dagster UI in a browser: it lists the assets, starts a run, and shows what the run made."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from dagster_project.synthetic.server import Upstream

RUN_ENDS_WITHIN = 240  # seconds, on a machine that is busy with other tests


@pytest.fixture(scope="module")
def ui(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The UI of an empty data home whose upstreams are the embedded ones, on today's morning."""
    from tests.browser.dagster_ui import dagster_ui

    home = tmp_path_factory.mktemp("ui") / "data"
    with Upstream(models=300, now=datetime.now(UTC), quota=1_000_000) as upstream:
        environment = {**upstream.environment, "HUB_SCOPE": "census"}
        with dagster_ui(home, environment) as url:
            yield url
            browser.get("about:blank")  # the UI waits half a minute for whoever still looks at it


def test_the_ui_lists_the_groups_from_landing_to_published(browser: Any, ui: str) -> None:
    from tests.browser.dagster_ui import wait_for

    browser.get(f"{ui}/asset-groups")
    left = [
        wait_for(browser, f"//*[name()='foreignObject']//*[normalize-space(text())='{group}']").location["x"]
        for group in ("landing", "raw", "staging", "intermediate", "marts", "published")
    ]
    assert left == sorted(left), "the graph reads from left to right"
    assert len(set(left)) == len(left)


def test_a_run_started_in_the_ui_ends_green_and_its_assets_show_a_picture(browser: Any, ui: str) -> None:
    from tests.browser.dagster_ui import button, click, wait_for

    browser.get(f"{ui}/locations/dagster_project/jobs/land_and_load")
    click(browser, button("Materialize all"))
    click(browser, button("Latest"))
    click(browser, button("Launch 1 run"))
    click(browser, "//a[contains(@href, '/runs/')][contains(., 'View')]|//a[starts-with(@href, '/runs/')]")
    status = wait_for(browser, "//*[text()='Success' or text()='Failure']", RUN_ENDS_WITHIN)
    assert status.text == "Success"
    shows_a_picture(browser, f"{ui}/assets/raw/hub_snapshots?view=events")
    browser.get(f"{ui}/asset-groups")
    click(browser, button("Reload definitions"))
    wait_for(browser, "//*[contains(text(), 'Definitions reloaded')]")
    shows_a_picture(browser, f"{ui}/assets/raw/hub_snapshots")


def shows_a_picture(browser: Any, page: str) -> None:
    """On its first screen, without a click."""
    from tests.browser.dagster_ui import wait_for

    browser.get(page)
    picture = wait_for(browser, "//img[starts-with(@src, 'data:image/svg+xml,')]")
    assert browser.execute_script("return arguments[0].naturalWidth", picture) > 100
    assert 0 < picture.location["y"] < browser.execute_script("return window.innerHeight")
