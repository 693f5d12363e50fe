"""One answer of the Hub's API: asking for it, who gave it and when, and every reason not to trust it.

Belongs here: requests, the errors of a crawl, and what a page of a listing says before it is kept.
Does not belong here: which pages are asked for (hub) and what their items mean (hub_load).
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from urllib.parse import urlsplit

import duckdb
import httpx2
from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled
from huggingface_hub.utils import (
    build_hf_headers,
    hf_raise_for_status,
    http_backoff,
    parse_ratelimit_headers,
)

from dagster_project.lib.errors import ModelTideError
from dagster_project.lib.settings import Settings
from dagster_project.lib.warehouse import scalar

QUOTA_FLOOR = 1  # requests left in the window at which we wait for the next one
SYNTHETIC_HEADER = "X-Model-Tide-Synthetic"
CONNECT_TIMEOUT = 10.0  # seconds


class HubError(ModelTideError):
    """The crawl stopped; the message names the page and what to do. Landed pages are kept."""


class HubUnreachable(HubError):
    """No connection to the Hub: nothing was asked, nothing written."""


class QuotaSpent(HubError):
    """The Hub refused a request because the window's quota is spent; its answer is kept."""

    def __init__(self, message: str, response: httpx2.Response) -> None:
        super().__init__(message)
        self.response = response


class WrongDay(HubError):
    """The Hub's day is not the partition's: nothing was written, and trying again cannot help."""


@dataclass(frozen=True)
class Probe:
    """What one answer of the Hub tells: its UTC time and who answered (live, synthetic, mirror:<host>)."""

    now: datetime
    origin: str

    @property
    def day(self) -> date:
        return self.now.date()


def get(
    settings: Settings, url: str, parameters: dict[str, object] | None, *, retries: int, timeout: float
) -> httpx2.Response:
    """An answer with status 200. Raises HubUnreachable, QuotaSpent, or HubError for another refusal."""
    # a token that is stored on the machine would list its owner's private models: only HF_TOKEN counts
    headers = build_hf_headers(
        token=settings.hub_token or False, library_name="model-tide", library_version="0.1"
    )
    try:
        response = http_backoff(
            "GET",
            url,
            params=parameters,
            headers=headers,
            # list_models and paginate pass timeout=None, which waits for ever on a dead socket
            timeout=httpx2.Timeout(timeout, connect=min(timeout, CONNECT_TIMEOUT)),
            max_retries=retries,
            base_wait_time=1,
            max_wait_time=30,
        )
        hf_raise_for_status(response)
    except OfflineModeIsEnabled as error:
        raise HubUnreachable(_unreachable(settings, "HF_HUB_OFFLINE is set")) from error
    except HfHubHTTPError as error:
        status = error.response.status_code
        advice = (
            "check HF_TOKEN or unset it: no account is needed"
            if status in (401, 403)
            else "run again later: landed pages are kept"
        )
        message = f"{settings.hub_host} answered {status} to {_shown(url)}; {advice}."
        if status == 429:
            raise QuotaSpent(message, error.response) from error
        raise HubError(message) from error
    except httpx2.HTTPError as error:
        reason = str(error) or type(error).__name__
        raise HubUnreachable(_unreachable(settings, reason)) from error
    return response


def read_probe(response: httpx2.Response, settings: Settings) -> Probe:
    """Who answered, and when by its clock. Raises HubError for an answer without a time."""
    served_at = response.headers.get("Date")
    if not served_at:
        raise HubError(
            f"{settings.hub_host} sent no Date header, so its day is unknown. "
            "Ask the mirror's keeper to pass it on, or use another HF_ENDPOINT."
        )
    if response.headers.get(SYNTHETIC_HEADER):
        origin = "synthetic"
    else:
        origin = "live" if settings.is_live_hub else f"mirror:{settings.hub_host}"
    return Probe(parsedate_to_datetime(served_at).astimezone(UTC), origin)


def count_items(response: httpx2.Response, where: str) -> int:
    """How many models a page lists. Raises HubError if it is no list.

    Read by what will load the page: a seventh of the time of making Python objects of it.
    """
    try:
        body = response.content.decode()
        count = _asked_of("json_array_length", body)
        kind = "ARRAY" if count else _asked_of("json_type", body)  # what is no list has length 0
    except (duckdb.Error, UnicodeDecodeError) as error:
        start = response.text[:60]
        raise HubError(f"{where} is no JSON: it begins {start!r}. Run again later.") from error
    if kind != "ARRAY":
        raise HubError(
            f"{where} is no list but {str(kind).lower()}: {response.text[:60]!r}. Run again later."
        )
    return int(str(count))


def _asked_of(function: str, body: str) -> object:
    return scalar(_reader().cursor(), f"select {function}($1)", [body])


@cache
def _reader() -> duckdb.DuckDBPyConnection:
    return duckdb.connect(config={"threads": 1})


def next_address(
    response: httpx2.Response, settings: Settings, seen: set[str | None], where: str
) -> str | None:
    """Of the page after this one, None after the last. Raises HubError if seen before or of another host."""
    link = response.links.get("next", {}).get("url")
    for address in (str(response.url), link or settings.hub_endpoint):
        parts = urlsplit(address)  # of a redirected answer, where it ended
        if f"{parts.scheme}://{parts.netloc}" != _origin_of(settings.hub_endpoint):
            raise HubError(
                f"{where} leads to {parts.netloc}, not {settings.hub_host}: the rest would come from "
                "elsewhere. A mirror must rewrite the addresses of its Link header."
            )
    if link is None:
        return None
    if link in seen or link == str(response.url):
        raise HubError(f"{where}: the cursor does not advance. Run again; landed pages are kept.")
    return str(link)


def _origin_of(endpoint: str) -> str:
    parts = urlsplit(endpoint)
    return f"{parts.scheme}://{parts.netloc}"


def _shown(url: str) -> str:
    return urlsplit(url).path


def seconds_to_wait(response: httpx2.Response) -> float:
    """Until the next window, if this answer leaves too little of the quota for another request; else 0."""
    quota = parse_ratelimit_headers(response.headers)
    return quota.reset_in_seconds + 1.0 if quota is not None and quota.remaining <= QUOTA_FLOOR else 0.0


def _unreachable(settings: Settings, reason: str) -> str:
    return (
        f"Could not reach {settings.hub_host} ({reason}). Nothing was written. "
        "Check the network or HF_ENDPOINT; `make demo` needs no network."
    )
