"""The one place through which every request of ours passes, whatever it asks for.

Belongs here: what holds for each of them: who gets a token, redirects, retries and waits, a deadline for a
whole answer, its largest size, and secrets that a server repeats.
Does not belong here: what is asked for and what an answer means (hub/client, archive/client, web).

The clients underneath are the Hub's own and httpx2. Their retries and redirects are not used: they wait
as long as a server says, follow wherever it points, and a byte now and then keeps them waiting for ever.
"""

import logging
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, wait
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from threading import Thread
from typing import TypeVar
from urllib.parse import urljoin, urlsplit

import httpx2
from huggingface_hub.utils import RateLimitInfo, parse_ratelimit_headers

from dagster_project.lib.errors import ModelTideError
from dagster_project.lib.redaction import redact, redact_bytes

SYNTHETIC_HEADER = "X-Model-Tide-Synthetic"  # an answer of the embedded upstreams says so
CONNECT_TIMEOUT = 10.0  # seconds
MOST_REDIRECTS = 5
LONGEST_BACKOFF = 30.0  # seconds between tries of a source that does not say how long: 1, 2, 4 … 30
LONGER_THAN_ANY_WAIT = 10**12  # seconds; no number with more digits is worth reading
DEFAULT_PORTS = {"http": 80, "https": 443}

Parameters = Mapping[str, object]
Result = TypeVar("Result")
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Limits:
    """What a kind of request may take, in seconds and bytes.

    `timeout` is without a byte, `deadline` for one answer with its redirects, `longest_wait` what a source
    may ask for, `patience` for all tries together: none begins later, and no wait ends later.
    """

    largest: int  # bytes of an answer, unpacked
    timeout: float
    deadline: float
    longest_wait: float
    patience: float
    retries: int  # of 408, 429, 5xx, timeouts and broken answers


class RequestFailed(ModelTideError):
    """A request did not end in an answer that can be used; one line that names host and request."""


class NoAnswer(RequestFailed):
    """Nobody answered, or not in time; `reason` says how it ended."""

    def __init__(self, host: str, reason: str) -> None:
        self.reason = redact(reason)
        super().__init__(f"{host}: {reason}")


class Refused(RequestFailed):
    """An answer with another status than was asked for; its body is never read."""

    def __init__(self, message: str, response: httpx2.Response) -> None:
        super().__init__(message)
        self.response = response

    @property
    def status(self) -> int:
        return self.response.status_code


class TooLongAWait(Refused):
    """The source asks to wait for longer than is waited for."""


class Overdue(ModelTideError):
    """Work that did not end before its deadline."""


def ask(
    client: Callable[[], httpx2.Client],
    method: str,
    url: str,
    limits: Limits,
    *,
    origin: str,
    parameters: Parameters | None = None,
    headers: Mapping[str, str] | None = None,
    secret_headers: Mapping[str, str] | None = None,
    follows: bool = True,
    sleep: Callable[[float], None] = lambda seconds: time.sleep(seconds),  # noqa: PLW0108 - as it is when called
) -> httpx2.Response:
    """An answer with status 200 or 206, read whole. `secret_headers` go to `origin` and nowhere else.

    With `follows` false a redirect to another origin is an answer too, and is not followed. Raises NoAnswer,
    TooLongAWait, Refused, or RequestFailed for an answer that is too large or leads nowhere.
    """
    began = time.monotonic()
    request = _Request(client, method, url, limits, origin, parameters, headers, secret_headers, follows)
    for number in range(limits.retries + 1):
        pause = min(LONGEST_BACKOFF, 2.0**number)
        try:
            response = in_time(request.send, limits.deadline)
        except (*_PASSING, Overdue) as error:
            problem: RequestFailed = NoAnswer(request.host, _reason(error))
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError) as error:
            raise NoAnswer(request.host, _reason(error)) from None
        else:
            if response.status_code in (200, 206) or (response.has_redirect_location and not follows):
                return response
            problem = Refused(f"{request.host} answered {response.status_code} to {request.path}", response)
            if not _is_passing(response.status_code) or limits.retries == 0:
                raise problem
            asked = _wait_asked(response)
            if asked > limits.longest_wait:
                raise TooLongAWait(
                    f"{problem} and asks to wait {asked:.0f} s, longer than "
                    f"the {limits.longest_wait:.0f} s that are waited",
                    response,
                )
            pause = max(pause, asked)
        is_last = number == limits.retries or time.monotonic() - began + pause > limits.patience
        if is_last:
            break
        _log.warning("%s; asked again in %.0f s", problem, pause)
        sleep(pause)
    raise problem from None


def in_background(work: Callable[[], Result], name: str = "request") -> Future[Result]:
    """Begin work in a thread that no exit waits for: Ctrl-C is not held up by a server that hangs."""
    done: Future[Result] = Future()

    def run() -> None:
        try:
            done.set_result(work())
        except BaseException as error:  # raised by `result`, where the result is wanted
            done.set_exception(error)

    Thread(target=run, name=name, daemon=True).start()
    return done


def in_time(work: Callable[[], Result], seconds: float) -> Result:
    """The result of work that may hang anywhere: names, headers, a body. Raises Overdue."""
    begun = in_background(work)
    if not wait([begun], seconds).done:
        raise Overdue(f"no whole answer within {seconds:.0f} s")
    return begun.result()


def origin_of(url: str | httpx2.URL) -> str:
    """Scheme, host and port: what a token belongs to, as the client reads them. Empty if it is no address."""
    try:
        parts = httpx2.URL(url)
    except httpx2.InvalidURL:
        return ""
    port = parts.port or DEFAULT_PORTS.get(parts.scheme)
    return f"{parts.scheme}://{parts.host}:{port}" if parts.host and parts.scheme in DEFAULT_PORTS else ""


def host_of(url: str) -> str:
    """Host and port as written, without a user's name; of what is no address, its beginning."""
    try:
        return urlsplit(url).netloc.rpartition("@")[2] or repr(url[:60])
    except ValueError:
        return repr(url[:60])


def led_to(response: httpx2.Response, link: str) -> str:
    """The whole address of a link in an answer; the link itself if it is none."""
    try:
        return urljoin(str(response.url), link)
    except ValueError:
        return link


def moment_of(text: str) -> datetime | None:
    """The UTC time of an HTTP date; None if it is no date, or none that can be."""
    try:
        moment = parsedate_to_datetime(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def quota_of(response: httpx2.Response) -> RateLimitInfo | None:
    """What the Hub says of its quota; None if nothing, or nothing that can be read."""
    try:
        return parse_ratelimit_headers(response.headers)
    except ValueError:  # more digits than a number may have
        return None


def window_ends_in(quota: RateLimitInfo) -> float:
    """Seconds until the next window of a quota for certain: the Hub says whole ones."""
    return float(min(quota.reset_in_seconds, LONGER_THAN_ANY_WAIT)) + 1.0


_PASSING = (httpx2.TimeoutException, httpx2.NetworkError, httpx2.RemoteProtocolError, httpx2.ProxyError)


@dataclass(frozen=True)
class _Request:
    client: Callable[[], httpx2.Client]
    method: str
    url: str
    limits: Limits
    origin: str
    parameters: Parameters | None
    headers: Mapping[str, str] | None
    secret_headers: Mapping[str, str] | None
    follows: bool

    @property
    def host(self) -> str:
        return host_of(self.url)

    @property
    def path(self) -> str:
        return urlsplit(self.url).path or "/"

    def send(self) -> httpx2.Response:
        """One try: hop by hop to an answer, which is read whole."""
        ends = time.monotonic() + self.limits.deadline
        url, parameters = self.url, self.parameters
        for _ in range(MOST_REDIRECTS + 1):
            response = self._hop(url, parameters, ends)
            target = led_to(response, response.headers.get("Location", ""))
            is_over = not response.has_redirect_location
            if is_over or not (self.follows or origin_of(target) == origin_of(url)):
                return response
            if not origin_of(target):
                raise RequestFailed(
                    f"{self.host} redirects {self.path} to {target[:80]!r}, which is no address"
                )
            url, parameters = target, None
        raise RequestFailed(f"{self.host} redirects {self.path} more than {MOST_REDIRECTS} times")

    def _hop(self, url: str, parameters: Parameters | None, ends: float) -> httpx2.Response:
        client, timeout = self.client(), self.limits.timeout
        request = client.build_request(
            self.method,
            url,
            params=parameters,  # type: ignore[arg-type]
            headers=self.headers,
            timeout=httpx2.Timeout(timeout, connect=min(timeout, CONNECT_TIMEOUT)),
        )
        # by the very address that is connected to: two readers of an odd one may disagree
        if self.secret_headers and origin_of(request.url) == origin_of(self.origin) != "":
            request.headers.update(self.secret_headers)
        response = client.send(request, stream=True, follow_redirects=False)
        try:
            # the body of a refusal is somebody's text that nobody asked for
            body = self._read(response, ends) if response.is_success or self.method == "HEAD" else b""
        finally:
            response.close()
        return _without_secrets(response, body)

    def _read(self, response: httpx2.Response, ends: float) -> bytes:
        """Unpacked piece by piece, a megabyte at most, so that a bomb is found before memory is spent."""
        pieces, size = [], 0
        for piece in response.iter_bytes():
            size += len(piece)
            if size > self.limits.largest:
                raise RequestFailed(
                    f"{self.host} answered {self.path} with more than {self.limits.largest:,} bytes, "
                    "which such an answer never has"
                )
            if time.monotonic() > ends:
                raise Overdue(f"no whole answer within {self.limits.deadline:.0f} s")
            pieces.append(piece)
        return b"".join(pieces)


def _without_secrets(response: httpx2.Response, body: bytes) -> httpx2.Response:
    """The answer as it is kept: unpacked, and without a secret that the server repeats in it."""
    left_out = (b"content-encoding", b"transfer-encoding")
    headers = [
        (name, redact_bytes(value)) for name, value in response.headers.raw if name.lower() not in left_out
    ]
    return httpx2.Response(
        response.status_code, headers=headers, content=redact_bytes(body), request=response.request
    )


def _is_passing(status: int) -> bool:
    return status in (408, 429) or status >= 500


def _wait_asked(response: httpx2.Response) -> float:
    """Seconds that a refusal asks to wait; 0 if it does not say."""
    quota = quota_of(response)
    if response.status_code == 429 and quota is not None and quota.remaining == 0:
        return window_ends_in(quota)
    said = response.headers.get("Retry-After", "").strip()
    if said.isascii() and said.isdigit():
        return float(said)
    # against the source's own clock: the local one may be wrong
    until, now = moment_of(said), moment_of(response.headers.get("Date", ""))
    return max(0.0, (until - now).total_seconds()) if until and now else 0.0


def _reason(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__
