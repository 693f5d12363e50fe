"""Headless Chromium for tests and screenshots.

Belongs here: finding the browser and starting it so that it asks nothing of the network by itself.
Does not belong here: what is looked at.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory

from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
)


def installed() -> tuple[str, str] | None:
    """Paths of Chromium (or Chrome) and its driver; None if either is missing."""
    names = ("chromium", "chromium-browser", "google-chrome")
    browser = next((path for name in names if (path := shutil.which(name))), None)
    driver = shutil.which("chromedriver")
    return (browser, driver) if browser and driver else None


@contextmanager
def chromium(width: int = 1400, height: int = 860, *, flags: tuple[str, ...] = ()) -> Iterator[Chrome]:
    """A running browser: a profile of its own, logs of console and requests. Needs `installed()`."""
    found = installed()
    assert found, "install chromium and chromium-driver"
    with TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True) as profile:
        options = ChromeOptions()
        options.binary_location = found[0]
        for flag in (*FLAGS, *flags, f"--user-data-dir={profile}", f"--window-size={width},{height}"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        # with both paths given, selenium downloads nothing and reports nothing
        driver = Chrome(options=options, service=Service(found[1]))
        driver.set_page_load_timeout(60)
        try:
            yield driver
        finally:
            driver.quit()


def size(browser: Chrome, width: int, height: int = 900) -> None:
    """The window's content to the pixel, also below the 500 pixels that a window has at least."""
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False},
    )


def prefer(browser: Chrome, scheme: str) -> None:
    """The reader's system is set to light or dark."""
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
