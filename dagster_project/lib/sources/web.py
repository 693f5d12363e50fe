"""One GET of a small web API, every outcome as data.

Belongs here: the limits of such an API, pacing, giving up, and naming what went wrong.
Does not belong here: how a request is made (http), what an answer means (openrouter, models_dev, registries)
and the Hub, which has a quota of its own (hub/crawl).
"""

import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import httpx2

from dagster_project.lib.sources import http
from dagster_project.lib.sources.http import SYNTHETIC_HEADER, Limits

USER_AGENT = "model-tide/0.1 (daily snapshot)"
READ_TIMEOUT = 30.0  # seconds
TRIES = 3  # of 429, 5xx, timeouts and broken answers: 1 and 2 seconds apart, or as long as Retry-After says
LONGEST_WAIT = 60.0  # seconds; a source that asks for more is asked again by the next run
# the largest answer, a year of tokens or the whole catalogue, has 4 MB
LIMITS = Limits(
    largest=64_000_000,
    timeout=READ_TIMEOUT,
    deadline=60.0,
    longest_wait=LONGEST_WAIT,
    patience=180.0,
    retries=TRIES - 1,
)
GIVE_UP_AFTER = 3  # items in a row without an answer: the source is down, not the item
LOOPBACK = ("127.0.0.1", "localhost")


@dataclass(frozen=True)
class Answer:
    """How a request ended: ok, missing (404), refused (401, 403) or error; `body` only when ok."""

    status: str
    detail: str | None = None
    body: bytes = b""
    origin: str | None = None


class Web:
    """A client of one source, one request after the other. `pace` is in seconds between requests.

    No exception rises from `get`: a source that fails must not stop the others.
    """

    def __init__(
        self,
        endpoint: str,
        official: str,
        pace: float,
        *,
        limits: Limits = LIMITS,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.endpoint, self.host = endpoint, urlsplit(endpoint).netloc
        # nobody else is served by this machine
        self.pace = 0.0 if urlsplit(endpoint).hostname in LOOPBACK else pace
        self._is_live = endpoint == official
        self._sleep = sleep
        self._asked = False
        self._failures = 0
        self._limits = limits
        self._client = httpx2.Client(
            headers={"User-Agent": USER_AGENT, "Accept": "application/json"},
            verify=_certificates(),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._client.close()

    def get(
        self, path: str, parameters: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """The answer to one request; after GIVE_UP_AFTER failures in a row nothing more is asked.

        `headers` go to the source itself and to nobody whom it redirects to.
        """
        if self._failures >= GIVE_UP_AFTER:
            return Answer("error", f"not asked: {self._failures} requests in a row failed at {self.host}")
        if self._asked:
            self._sleep(self.pace)
        self._asked = True
        answer = self._try(path, parameters or {}, headers or {})
        self._failures = self._failures + 1 if answer.status == "error" else 0
        return answer

    def _try(self, path: str, parameters: Mapping[str, str], headers: Mapping[str, str]) -> Answer:
        try:
            response = http.ask(
                lambda: self._client,
                "GET",
                self.endpoint + path,
                self._limits,
                origin=self.endpoint,
                parameters=parameters,
                secret_headers=headers,
                sleep=self._sleep,
            )
        except http.TooLongAWait as error:
            return Answer("error", str(error))
        except http.Refused as error:
            named = {404: "missing", 401: "refused", 403: "refused"}
            return Answer(named.get(error.status, "error"), f"{self.host} answered {error.status}")
        except http.RequestFailed as error:
            return Answer("error", str(error))
        return Answer("ok", None, response.content, self._origin_of(response))

    def _origin_of(self, response: httpx2.Response) -> str:
        if response.headers.get(SYNTHETIC_HEADER):
            return "synthetic"
        return "live" if self._is_live else f"mirror:{self.host}"


@cache
def _certificates() -> ssl.SSLContext:
    """Read once in a process: 60 ms, as long as a day of a small source takes."""
    return httpx2.create_ssl_context()
