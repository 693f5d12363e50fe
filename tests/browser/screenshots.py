"""`make screenshots`: the pictures of the README, from the demo's data home in headless Chromium.

Belongs here: which pages are shown, and how small their files are.
Does not belong here: the pages.
"""

import io
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By

from dagster_project.lib.settings import Settings
from tests.browser.chromium import chromium, installed, size
from tests.browser.dagster_ui import ROOT, button, click, dagster_ui, wait_for

IMAGES = ROOT / "docs" / "images"
COLOURS = 128  # of a picture's palette: a third of the bytes, and no difference that is seen
SETTLES = 4  # seconds after the last text is there, for lines and plots
WIDTH, REPORT_HEIGHT = 1_400, 1_600
MART = "fct_country_adoption_daily"


def main() -> int:
    """Returns 1, with what to do, where the demo or a browser is missing."""
    demo = Settings.from_environment().home / "demo"
    if installed() is None:
        print("No browser: `apt-get install chromium chromium-driver`, then again.", file=sys.stderr)
        return 1
    if not (demo / "dagster").exists():
        print(f"{demo} holds no demo: type `make demo`, then again.", file=sys.stderr)
        return 1
    IMAGES.mkdir(parents=True, exist_ok=True)
    with chromium() as browser, dagster_ui(demo, os.environ) as url:
        for name, (look, height) in PAGES.items():
            size(browser, WIDTH, height)
            look(browser, url)
            _save(browser, name)
    report = demo / "published" / "report.html"
    if report.exists():
        with chromium(height=REPORT_HEIGHT) as browser:
            browser.get(report.as_uri())
            _save(browser, "report")
    return 0


def _graph(browser: Any, url: str) -> None:
    """Without the list of groups beside it; a double click fits the graph into the room."""
    browser.get(f"{url}/asset-groups")
    wait_for(browser, "//*[text()='published']")
    click(browser, "//input[contains(@placeholder, 'Jump to')]/following::button[1]")
    time.sleep(SETTLES)
    page = browser.find_element(By.TAG_NAME, "body")
    beside = (-WIDTH // 4, page.rect["height"] // 3)
    ActionChains(browser).move_to_element_with_offset(page, *beside).double_click().perform()


def _run(browser: Any, url: str) -> None:
    browser.get(f"{url}/runs")
    click(browser, "//a[starts-with(@href, '/runs/')][not(contains(@href, 'tab'))]")
    wait_for(browser, "//*[text()='Success']")
    click(browser, f"{button('Re-execute')}/preceding::button[1]")  # steps in place of the log


def _picture(browser: Any, url: str) -> None:
    browser.get(f"{url}/assets/marts/{MART}?view=events")
    click(browser, "//*[contains(text(), 'Show Markdown')]")
    wait_for(browser, "//img[starts-with(@src, 'data:image/svg+xml;base64')]")


def _figures(browser: Any, url: str) -> None:
    browser.get(f"{url}/assets/marts/{MART}")
    wait_for(browser, button("Materialize"))


PAGES: dict[str, tuple[Callable[[Any, str], None], int]] = {  # and the height of the window's content
    "dagster_graph": (_graph, 520),
    "dagster_run": (_run, 720),
    "dagster_asset": (_figures, 720),
    "dagster_preview": (_picture, 560),
}


def _save(browser: Any, name: str) -> None:
    time.sleep(SETTLES)
    path = IMAGES / f"{name}.png"
    picture = Image.open(io.BytesIO(browser.get_screenshot_as_png())).convert("RGB")
    picture.quantize(COLOURS).save(path, optimize=True)
    print(f"Wrote {Path(path).relative_to(ROOT)}, {path.stat().st_size // 1024} kB.")


if __name__ == "__main__":
    sys.exit(main())
