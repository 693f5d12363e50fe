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

from dagster_project.lib.settings import Settings
from tests.browser.chromium import chromium, installed
from tests.browser.dagster_ui import ROOT, button, click, dagster_ui, wait_for

IMAGES = ROOT / "docs" / "images"
COLOURS = 128  # of a picture's palette: a third of the bytes, and no difference that is seen
SETTLES = 4  # seconds after the last text is there, for lines and plots
REPORT_HEIGHT = 1_600


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
        for name, look in PAGES.items():
            look(browser, url)
            _save(browser, name)
    report = demo / "published" / "report.html"
    if report.exists():
        with chromium(height=REPORT_HEIGHT) as browser:
            browser.get(report.as_uri())
            _save(browser, "report")
    return 0


def _graph(browser: Any, url: str) -> None:
    browser.get(f"{url}/asset-groups")
    wait_for(browser, "//*[text()='published']")


def _run(browser: Any, url: str) -> None:
    browser.get(f"{url}/runs")
    click(browser, "//a[starts-with(@href, '/runs/')][not(contains(@href, 'tab'))]")
    wait_for(browser, "//*[text()='Success']")


def _asset(browser: Any, url: str) -> None:
    browser.get(f"{url}/assets/marts/fct_openness_groups_daily?view=events")
    click(browser, "//*[contains(text(), 'Show Markdown')]")
    wait_for(browser, "//img[starts-with(@src, 'data:image')]")


def _figures(browser: Any, url: str) -> None:
    browser.get(f"{url}/assets/marts/fct_openness_groups_daily")
    wait_for(browser, button("Materialize"))


PAGES: dict[str, Callable[[Any, str], None]] = {
    "dagster_graph": _graph,
    "dagster_run": _run,
    "dagster_asset": _figures,
    "dagster_preview": _asset,
}


def _save(browser: Any, name: str) -> None:
    time.sleep(SETTLES)
    path = IMAGES / f"{name}.png"
    picture = Image.open(io.BytesIO(browser.get_screenshot_as_png())).convert("RGB")
    picture.quantize(COLOURS).save(path, optimize=True)
    print(f"Wrote {Path(path).relative_to(ROOT)}, {path.stat().st_size // 1024} kB.")


if __name__ == "__main__":
    sys.exit(main())
