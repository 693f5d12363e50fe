"""The Dagster UI on a home of simulated days, as the demo's: what a person sees before the first click."""

import os
from collections.abc import Iterator
from typing import Any

import dagster as dg
import pytest

from dagster_project.defs.pictures import PICTURE
from dagster_project.lib.report import small_picture
from dagster_project.lib.settings import Settings
from dagster_project.runs import dagster_instance
from tests.report.publication import LAST, write_publication

MART, RAW = dg.AssetKey(["marts", "fct_event_study"]), dg.AssetKey(["raw", "exchange_sessions"])
# texts that end elsewhere than they are written, or have their middle left out
CUT = """
const shown = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), found = new Set();
while (shown.nextNode()) {
    const text = shown.currentNode.textContent.trim(), box = shown.currentNode.parentElement;
    const is_narrow = box.clientWidth > 0 && box.scrollWidth > box.clientWidth + 1;
    if (text && (text.includes('…') || (is_narrow && getComputedStyle(box).textOverflow === 'ellipsis')))
        found.add(text);
}
return [...found];
"""


@pytest.fixture(scope="module")
def ui(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The UI of a publication of 45 simulated days, of which Dagster knows the last, and a picture."""
    from tests.browser.dagster_ui import dagster_ui

    home = tmp_path_factory.mktemp("demo") / "data"
    write_publication(home, days=45, provenance="synthetic")
    picture = small_picture.of_bars("t", {"Qwen": 3.0, "Llama": 2.0})
    assert picture
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("DAGSTER_HOME", "")  # and as it was afterwards
        with dagster_instance(Settings(home=home)) as instance:
            for key, day in ((MART, None), (RAW, LAST.isoformat())):
                metadata = {PICTURE: dg.MetadataValue.md(picture)}
                instance.report_runless_asset_event(
                    dg.AssetMaterialization(key, partition=day, metadata=metadata)
                )
    with dagster_ui(home, os.environ) as url:
        yield url
        browser.get("about:blank")  # the UI waits half a minute for whoever still looks at it


def test_the_page_of_a_mart_begins_with_its_picture(browser: Any, ui: str) -> None:
    from tests.browser.dagster_ui import wait_for

    browser.get(f"{ui}/assets/{'/'.join(MART.path)}")
    picture = wait_for(browser, "//img[starts-with(@src, 'data:image/svg+xml,')]")
    below = picture.location["y"] + picture.size["height"]
    assert below < wait_for(browser, "//*[text()='Show more']").location["y"], "nothing lies over it"
    assert below < browser.execute_script("return window.innerHeight")


def test_a_backfill_is_offered_the_days_of_the_home(browser: Any, ui: str) -> None:
    from tests.browser.dagster_ui import button, click, wait_for

    browser.get(f"{ui}/assets/{'/'.join(RAW.path)}")
    click(browser, button("Materialize"))
    wait_for(browser, "//*[normalize-space(text())='2026-01-13']")
    wait_for(browser, "//*[normalize-space(text())='2026-02-26']")
    click(browser, button("Latest"))
    wait_for(browser, "//*[contains(text(), '1 partition')]")
    assert not browser.find_elements("xpath", "//*[contains(text(), 'No matching partitions')]")


def test_nothing_starts_by_itself_but_the_keeper_of_runs(browser: Any, ui: str) -> None:
    from tests.browser.dagster_ui import wait_for

    browser.get(f"{ui}/automation")
    is_on = {}
    for name in ("daily_at_six", "alert_webhook", "run_keeper"):
        switch = wait_for(browser, f"//*[text()='{name}']/following::input[@type='checkbox'][1]/..")
        is_on[name] = switch.find_element("xpath", "./input").is_selected()
    assert is_on == {"daily_at_six": False, "alert_webhook": False, "run_keeper": True}


@pytest.mark.parametrize("page", ["automation", "jobs", f"assets/{'/'.join(MART.path)}?view=checks"])
def test_no_name_is_cut(browser: Any, ui: str, page: str) -> None:
    from tests.browser.dagster_ui import wait_for

    browser.get(f"{ui}/{page}")
    named = {"automation": "run_keeper", "jobs": "land_and_load"}.get(page, "values_verdict")
    wait_for(browser, f"//*[contains(text(), '{named}')]")
    assert browser.execute_script(CUT) == []
