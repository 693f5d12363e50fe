"""The site as a reader's browser shows it.

Belongs here: what charts draw beside their files, themes, width, keys, the search, and that nobody else is
asked.
Does not belong here: what pages say (tests/site), and SQL in the browser (tests/site/test_browser_sql).
"""

import csv
import json
import math
import shutil
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from dagster_project.lib.settings import Settings
from dagster_project.lib.site.figures import NAMES
from dagster_project.lib.site.make import Site, make_site
from tests.browser.chromium import prefer, size
from tests.site.host import Host, serving
from tests.worlds.homes import two_days

PHONE = 390
PAGES = ("index.html", "charts/families.html", "claims/qwen-700m-scmp.html", "families/qwen.html",
         "publishers/Qwen.html", "claims/index.html", "changes.html", "metrics.html")  # fmt: skip
# what is drawn of each chart for each choice of the reader: the data of every mark that is no text
DRAWN = """
const found = [];
const section = document.querySelector("section.story");
const inputs = [...section.querySelectorAll(".segments input, .select select")];
const names = [...new Set(inputs.map((one) => one.name))];
const groups = names.map((name) => inputs.filter((one) => one.name === name));
const options = groups.map((group) => group[0].tagName === "SELECT"
  ? [...group[0].options].map((option) => () => { group[0].value = option.value; return group[0]; })
  : group.map((input) => () => { input.checked = true; return input; }));
const choices = options.reduce((all, own) => all.flatMap((some) => own.map((one) => [...some, one])), [[]]);
function walk(item, panel) {
  if (item.marktype && item.role === "mark" && !["text", "group"].includes(item.marktype)) {
    for (const { datum } of item.items) {
      const plain = ([name, value]) => [name, value instanceof Date ? +value : value];
      found.push([panel, Object.fromEntries(Object.entries(datum).map(plain))]);
    }
  }
  for (const inner of item.items ?? []) walk(inner, panel);
}
const done = arguments[0];
(async () => {
  for (const choice of choices) {
    for (const pick of choice) pick().dispatchEvent(new Event("change"));
    for (const view of section.views) await view.runAsync();
    await new Promise((resolve) => setTimeout(resolve, 20));
    for (const view of section.views) await view.runAsync();
    section.views.forEach((view, panel) => walk(view.scenegraph().root, panel));
  }
  done(found);
})();
"""


@pytest.fixture(scope="module")
def site(shared_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Site:
    with two_days(shared_folder, tmp_path_factory.mktemp("home")) as world:
        folder = tmp_path_factory.mktemp("site") / "data"
        shutil.copytree(world.settings.published, folder / "published", symlinks=True)
    return make_site(Settings(home=folder))


@pytest.fixture(scope="module")
def host(site: Site) -> Iterator[Host]:
    with serving(site.path) as running:
        yield running


@pytest.fixture
def page(browser: webdriver.Chrome) -> Iterator[webdriver.Chrome]:
    size(browser, 1100)
    prefer(browser, "light")
    yield browser
    browser.execute_script("localStorage.clear()")


def opened(browser: webdriver.Chrome, host: Host, path: str) -> None:
    for log in ("browser", "performance"):
        browser.get_log(log)
    browser.get(f"http://{host.address}/{path}")
    if path not in ("changes.html",):  # which has no script
        WebDriverWait(browser, 60, 0.05).until(
            lambda b: b.execute_script("return document.documentElement.dataset.drawn === 'yes'")
        )


def asked(browser: webdriver.Chrome) -> set[str]:
    """Hosts that the page asked for something."""
    events = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    return {
        event["params"]["request"]["url"].split("/")[2]
        for event in events
        if event["method"] == "Network.requestWillBeSent"
        and event["params"]["request"]["url"].startswith("http")
    }


def charts(site: Site) -> list[str]:
    return sorted(path.stem for path in (site.path / "charts").glob("*.csv"))


def as_written(name: str, value: Any) -> str:
    """A value of a chart as its file has it."""
    if value is None:
        return ""
    if name == "date" and not isinstance(value, str):
        days, rest = divmod(value, 86_400_000)
        assert rest == 0
        return (date(1970, 1, 1) + timedelta(days=days)).isoformat()
    return f"{value:.9g}" if isinstance(value, int | float) and not isinstance(value, bool) else str(value)


def as_number(text: str) -> str:
    try:
        return f"{float(text):.9g}" if math.isfinite(float(text)) else text
    except ValueError:
        return text


def test_the_file_of_each_chart_has_what_the_chart_draws(
    page: webdriver.Chrome, host: Host, site: Site
) -> None:
    assert len(charts(site)) > 5
    page.set_script_timeout(120)
    for key in charts(site):
        with (site.path / "charts" / f"{key}.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        columns = [name for name in rows[0] if name not in ("panel", "mark")]
        opened(page, host, f"charts/{key}.html")
        drawn = page.execute_async_script(DRAWN)
        names = {name: field for field, name in NAMES.items()} | {"x": "t"}
        shown = {
            tuple(as_written(name, datum.get(names.get(name, name))) for name in columns)
            for _, datum in drawn
            if any(names.get(name, name) in datum for name in columns)
        }
        said = {
            tuple(as_number(row[name]) if name != "date" else row[name] for name in columns) for row in rows
        }
        assert shown == said, key


@pytest.mark.parametrize("path", PAGES)
def test_nothing_leaves_the_host_and_the_console_is_silent(
    path: str, page: webdriver.Chrome, host: Host
) -> None:
    opened(page, host, path)
    assert asked(page) <= {host.address}
    said = [entry["message"] for entry in page.get_log("browser")]
    assert [message for message in said if "favicon" not in message] == []


@pytest.mark.parametrize("path", PAGES)
def test_nothing_scrolls_sideways_on_a_phone(path: str, page: webdriver.Chrome, host: Host) -> None:
    size(page, PHONE)
    opened(page, host, path)
    assert page.execute_script("return document.documentElement.scrollWidth") <= PHONE


@pytest.mark.parametrize("path", PAGES)
def test_every_control_link_and_picture_has_a_name(path: str, page: webdriver.Chrome, host: Host) -> None:
    opened(page, host, path)
    for element in page.find_elements(By.CSS_SELECTOR, "a, button, input, select, summary, [role=img]"):
        if element.is_displayed():
            assert element.accessible_name.strip(), element.get_attribute("outerHTML")
    assert len(page.find_elements(By.TAG_NAME, "main")) == 1
    assert page.find_element(By.CSS_SELECTOR, 'nav[aria-label="Site"]')


def test_a_picked_theme_is_kept_from_page_to_page(page: webdriver.Chrome, host: Host) -> None:
    def paper() -> str:
        return str(page.execute_script("return getComputedStyle(document.body).backgroundColor"))

    opened(page, host, "families/qwen.html")
    light = paper()
    page.find_element(By.CSS_SELECTOR, '[name=theme][value="dark"] + span').click()
    dark = paper()
    assert dark != light
    opened(page, host, "claims/index.html")
    assert paper() == dark
    page.execute_script("localStorage.clear()")
    prefer(page, "dark")
    opened(page, host, "claims/index.html")
    assert paper() == dark


def test_keys_alone_lead_to_the_content_and_switch_a_chart(page: webdriver.Chrome, host: Host) -> None:
    opened(page, host, "charts/families.html")
    page.find_element(By.TAG_NAME, "body").send_keys(Keys.TAB)
    first = page.switch_to.active_element
    assert (first.text, first.get_attribute("href")) == ("To the content", f"{page.current_url}#main")
    before = page.find_element(By.TAG_NAME, "h2").text
    radio = page.find_element(By.CSS_SELECTOR, '[data-switch="definition"]:checked')
    radio.send_keys(Keys.ARROW_RIGHT)
    WebDriverWait(page, 10).until(lambda b: b.find_element(By.TAG_NAME, "h2").text != before)


def test_the_search_finds_columns_by_what_they_mean_and_its_address_brings_it_back(
    page: webdriver.Chrome, host: Host
) -> None:
    opened(page, host, "metrics.html")

    def shown() -> list[str]:
        return [one.text for one in page.find_elements(By.TAG_NAME, "h2") if one.is_displayed()]

    everything = shown()
    page.find_element(By.ID, "search").send_keys("gating licence")
    found = shown()
    assert 0 < len(found) < len(everything)
    assert f" of {len(found)} tables." in page.find_element(By.ID, "found").text
    cells = [row for row in page.find_elements(By.CSS_SELECTOR, "tbody tr") if row.is_displayed()]
    assert cells
    opened(page, host, page.current_url.partition(f"{host.address}/")[2])
    assert shown() == found
    page.find_element(By.ID, "search").clear()
    page.find_element(By.ID, "search").send_keys("no such thing anywhere")
    assert shown() == []


def test_without_a_server_a_page_draws_as_well(page: webdriver.Chrome, site: Site) -> None:
    page.get((site.path / "charts" / "families.html").as_uri())
    WebDriverWait(page, 60, 0.05).until(
        lambda b: b.find_elements(By.CSS_SELECTOR, "figure svg .mark-line path")
    )
