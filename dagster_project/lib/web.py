"""One GET of a small web API, every outcome as data.

Belongs here: time limits, retries, the waits that a source asks for, pacing, and naming what went wrong.
Does not belong here: what an answer means (tokens, model_catalogue, installs) and the Hub, which has a quota
of its own (hub).
"""

import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import httpx2

from dagster_project.lib.hub_answers import SYNTHETIC_HEADER

USER_AGENT = "model-tide/0.1 (daily snapshot)"
CONNECT_TIMEOUT, READ_TIMEOUT = 10.0, 30.0  # seconds
TRIES = 3  # of 429, 5xx, timeouts and broken answers: 1 and 2 seconds apart, or as long as Retry-After says
LONGEST_WAIT = 60.0  # seconds; a source that asks for more is asked again by the next run
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
        timeout: float = READ_TIMEOUT,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.endpoint, self.host = endpoint, urlsplit(endpoint).netloc
        # nobody else is served by this machine
        self.pace = 0.0 if urlsplit(endpoint).hostname in LOOPBACK else pace
        self._is_live = endpoint == official
        self._sleep = sleep
        self._asked = False
        self._failures = 0
        self._client = httpx2.Client(
            headers={"User-Agent": USER_AGENT, "Accept": "application/json"},
            verify=_certificates(),
            timeout=httpx2.Timeout(timeout, connect=min(timeout, CONNECT_TIMEOUT)),
            follow_redirects=True,  # a redirect to another host carries no key: the client drops it
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
        """The answer to one request; after GIVE_UP_AFTER failures in a row nothing more is asked."""
        if self._failures >= GIVE_UP_AFTER:
            return Answer("error", f"not asked: {self._failures} requests in a row failed at {self.host}")
        if self._asked:
            self._sleep(self.pace)
        self._asked = True
        answer = self._try(path, dict(parameters or {}), dict(headers or {}))
        self._failures = self._failures + 1 if answer.status == "error" else 0
        return answer

    def _try(self, path: str, parameters: dict[str, str], headers: dict[str, str]) -> Answer:
        problem = ""
        for number in range(TRIES):
            wait = float(2**number)
            try:
                response = self._client.get(self.endpoint + path, params=parameters, headers=headers)
            except httpx2.HTTPError as error:  # its text names hosts and causes, never a header
                problem = f"{self.host}: {str(error) or type(error).__name__}"
            else:
                status = response.status_code
                if status == 200:
                    return Answer("ok", None, response.content, self._origin_of(response))
                problem = f"{self.host} answered {status}"
                if status == 404:
                    return Answer("missing", problem)
                if status in (401, 403):
                    return Answer("refused", problem)
                if status != 429 and status < 500:
                    return Answer("error", problem)
                wait = max(wait, _retry_after(response))
            if wait > LONGEST_WAIT:
                return Answer("error", f"{problem} and asks to wait {wait:.0f} s")
            if number + 1 < TRIES:
                self._sleep(wait)
        return Answer("error", problem)

    def _origin_of(self, response: httpx2.Response) -> str:
        if response.headers.get(SYNTHETIC_HEADER):
            return "synthetic"
        return "live" if self._is_live else f"mirror:{self.host}"


@cache
def _certificates() -> ssl.SSLContext:
    """Read once in a process: 60 ms, as long as a day of a small source takes."""
    return httpx2.create_ssl_context()


def _retry_after(response: httpx2.Response) -> float:
    """Seconds that the source asks to wait; 0 if it does not say."""
    said = response.headers.get("Retry-After", "").strip()
    if said.isdecimal():
        return float(said)
    try:
        until = parsedate_to_datetime(said)
        # against the source's own clock: the local one may be wrong
        now = parsedate_to_datetime(response.headers["Date"])
    except (ValueError, KeyError):
        return 0.0
    return max(0.0, (_aware(until) - _aware(now)).total_seconds())


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
