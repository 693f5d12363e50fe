"""The Dagster UI as `make dev` starts it, and what can be read on its pages.

Belongs here: starting and stopping it on a free port, waiting for texts, clicking.
Does not belong here: claims.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.common.by import By

ROOT = Path(__file__).parents[2]
STARTS_WITHIN, SHOWS_WITHIN = 240, 60  # seconds, on a machine that is busy with other tests
OF_THE_CHECKOUT = (sys.executable, "-W", "ignore", "-m", "dagster_project")


@contextmanager
def dagster_ui(
    home: Path, environment: Mapping[str, str], command: Sequence[str] = OF_THE_CHECKOUT
) -> Iterator[str]:
    """The address of the UI over a data home; its processes are a group that ends with it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    log = home.parent / f"dagster-dev-{port}.log"
    with open(log, "wb") as output:
        process = subprocess.Popen(
            [*command, "dev"],
            cwd=ROOT if command == OF_THE_CHECKOUT else home.parent,
            env={**os.environ, **environment, "MODELTIDE_HOME": str(home), "DAGSTER_PORT": port},
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            url = f"http://127.0.0.1:{port}"
            _wait_for_definitions(f"{url}/graphql", process, log)
            yield url
        finally:
            _stop(process)


def wait_for(browser: Any, xpath: str, seconds: float = SHOWS_WITHIN) -> Any:
    """The first element that is shown at the path. Raises AssertionError with the page's text if none is."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with suppress(StaleElementReferenceException):
            for element in browser.find_elements(By.XPATH, xpath):
                if element.is_displayed():
                    return element
        time.sleep(0.3)
    raise AssertionError(
        f"no {xpath} at {browser.current_url}: {browser.find_element(By.TAG_NAME, 'body').text}"
    )


def click(browser: Any, xpath: str, seconds: float = SHOWS_WITHIN) -> None:
    """Click what is shown at the path, by script: a tooltip may lie over it."""
    browser.execute_script("arguments[0].click()", wait_for(browser, xpath, seconds))


def button(text: str) -> str:
    """The path of a button with a text."""
    return f"//button[contains(normalize-space(.), '{text}')]"


def _wait_for_definitions(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    """The pages answer some seconds before the definitions are loaded, and are empty until then."""
    query = "{workspaceOrError{...on Workspace{locationEntries{locationOrLoadError{__typename}}}}}"
    asked = urllib.request.Request(
        url, json.dumps({"query": query}).encode(), {"Content-Type": "application/json"}
    )
    until = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < until and process.poll() is None:
        with suppress(OSError), urllib.request.urlopen(asked, timeout=30) as answer:
            said = answer.read()
            if b'"RepositoryLocation"' in said:
                return
            if b'"PythonError"' in said:
                break
        time.sleep(0.3)
    raise AssertionError(f"the Dagster UI does not load at {url}:\n{log.read_text()[-3000:]}")


def _stop(process: "subprocess.Popen[bytes]") -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=30)
        os.killpg(process.pid, signal.SIGKILL)
