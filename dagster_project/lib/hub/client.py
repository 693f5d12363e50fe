"""One answer of the Hub's API: asking for it, who gave it and when, and every reason not to trust it.

Belongs here: what the Hub is asked with, the errors of a crawl, and what a page of a listing says before it
is kept.
Does not belong here: what holds for every request (sources/http), which pages are asked for (crawl) and what
their items mean (load_day).
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from hashlib import blake2b

import duckdb
import httpx2
from huggingface_hub.constants import is_offline_mode
from huggingface_hub.utils import build_hf_headers, get_session

from dagster_project.lib.errors import ModelTideError
from dagster_project.lib.record.items import items_of
from dagster_project.lib.settings import Settings
from dagster_project.lib.sources import http
from dagster_project.lib.sources.http import SYNTHETIC_HEADER, Limits, host_of, moment_of, origin_of, quota_of
from dagster_project.lib.warehouse.connection import scalar

SYNTHETIC = "synthetic"  # who answers for the invented world
QUOTA_FLOOR = 1  # requests left in the window at which we wait for the next one
# a quota's window is 5 minutes. A page of the listing has 1 MB, one with cards some tens of it; the pages of
# the best day come in 0.3 s, of the worst in some tens
LIMITS = Limits(
    largest=128_000_000, timeout=30.0, deadline=120.0, longest_wait=360.0, patience=900.0, retries=6
)
PAGES_OF_NOTHING = 3  # in a row: by then a listing goes round in circles, or on and on
MOST_PAGES = 100_000  # of one listing; a census has 3,300, and HUB_TOP allows no more
_ID = re.compile(rb'"_id"\s*:\s*"([^"]*)"')


class HubError(ModelTideError):
    """The crawl stopped; the message names the page and what to do. Landed pages are kept."""


class HubUnreachable(HubError):
    """No connection to the Hub: nothing was asked, nothing written. `reason` says how it ended."""

    def __init__(self, message: str, reason: str = "") -> None:
        super().__init__(message)
        self.reason = reason


class HubRefused(HubError):
    """The Hub answered, but not with what was asked for."""

    def __init__(self, message: str, response: httpx2.Response) -> None:
        super().__init__(message)
        self.response = response


class QuotaSpent(HubRefused):
    """The Hub refused a request because the window's quota is spent; its answer is kept."""


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


def ask_hub(
    settings: Settings,
    method: str,
    url: str,
    limits: Limits,
    *,
    parameters: http.Parameters | None = None,
    headers: dict[str, str] | None = None,
    follows: bool = True,
) -> httpx2.Response:
    """An answer of the Hub or of where it keeps its files; see `http.ask`. Only the Hub gets the token."""
    # a token that is stored on the machine would list its owner's private models: only HF_TOKEN counts
    named = build_hf_headers(token=False, library_name="model-tide", library_version="0.1")
    token = {"Authorization": f"Bearer {settings.hub_token}"} if settings.hub_token else {}
    return http.ask(
        get_session,
        method,
        url,
        limits,
        origin=settings.hub_endpoint,
        parameters=parameters,
        headers={**named, **(headers or {})},
        secret_headers=token,
        follows=follows,
    )


def get(
    settings: Settings, url: str, parameters: http.Parameters | None, limits: Limits = LIMITS
) -> httpx2.Response:
    """An answer with status 200. Raises HubUnreachable, QuotaSpent, or HubError for another refusal."""
    if is_offline_mode():
        raise HubUnreachable(_unreachable(settings, "HF_HUB_OFFLINE is set"))
    try:
        return ask_hub(settings, "GET", url, limits, parameters=parameters)
    except http.Refused as refusal:
        advice = (
            "check HF_TOKEN or unset it: no account is needed"
            if refusal.status in (401, 403)
            else "run again later: landed pages are kept"
        )
        kind = QuotaSpent if refusal.status == 429 else HubRefused
        raise kind(f"{refusal}; {advice}.", refusal.response) from None
    except http.NoAnswer as silence:
        raise HubUnreachable(_unreachable(settings, silence.reason), silence.reason) from None
    except http.RequestFailed as failure:
        raise HubError(f"{failure}. Run again later: landed pages are kept.") from None


def read_probe(response: httpx2.Response, settings: Settings) -> Probe:
    """Who answered, and when by its clock. Raises HubError for an answer without a time."""
    served_at = response.headers.get("Date")
    if not served_at:
        raise HubError(
            f"{settings.hub_host} sent no Date header, so its day is unknown. "
            "Ask the mirror's keeper to pass it on, or use another HF_ENDPOINT."
        )
    now = moment_of(served_at)
    if now is None:
        raise HubError(
            f"{settings.hub_host} sent a Date header that is no date: {served_at[:60]!r}, so its day is "
            "unknown. Ask the mirror's keeper to pass the Hub's on, or use another HF_ENDPOINT."
        )
    if response.headers.get(SYNTHETIC_HEADER):
        origin = SYNTHETIC
    else:
        origin = "live" if settings.is_live_hub else f"mirror:{settings.hub_host}"
    return Probe(now, origin)


def count_items(response: httpx2.Response, where: str) -> int:
    """How many models a page lists. Raises HubError if it is no list.

    Read by what will load the page: a seventh of the time of making Python objects of it.
    """
    start = response.content[:60].decode(errors="replace")
    named = f"{where} from {host_of(str(response.url))}"
    try:
        body = response.content.decode()
        count = _asked_of("json_array_length", body)
        kind = "ARRAY" if count else _asked_of("json_type", body)  # what is no list has length 0
    except (duckdb.Error, UnicodeDecodeError):
        try:  # one item may hold what a strict reader refuses
            return len(items_of(response.content))
        except ValueError:
            raise HubError(f"{named} is no JSON: it begins {start!r}. Run again later.") from None
    if kind != "ARRAY":
        raise HubError(f"{named} is no list but {str(kind).lower()}: {start!r}. Run again later.")
    return int(str(count))


def _asked_of(function: str, body: str) -> object:
    return scalar(_reader().cursor(), f"select {function}($1)", [body])


@cache
def _reader() -> duckdb.DuckDBPyConnection:
    return duckdb.connect(config={"threads": 1})


def digest_of_ids(body: bytes, hub_ids: Iterable[str] | None = None) -> str:
    """Short, and equal for two pages that list the same ids in any order; looked for if none were read."""
    found = _ID.findall(body) if hub_ids is None else [one.encode() for one in hub_ids]
    return blake2b(b"\n".join(sorted(found) or [body]), digest_size=8).hexdigest()


@dataclass
class Walk:
    """The way through one listing, page by page: where it was, and whether it still brings anything."""

    settings: Settings
    again: str  # what to do, at the end of an error
    addresses: set[str] = field(default_factory=set)
    pages: int = 0
    _digests: set[str] = field(default_factory=set)
    _of_nothing: int = 0

    def take(self, digests: Iterable[str], next_url: str | None, where: str) -> None:
        """One page. `digests` are of what it holds: one of all ids, or one for each entry; none if empty.

        Raises HubError for the third page in a row that brings nothing new and leads on, and for a page
        beyond the most that a listing can have.
        """
        is_new = not self._digests.issuperset(digests)
        self._digests.update(digests)
        self._of_nothing = 0 if is_new else self._of_nothing + 1
        self.pages += 1
        if next_url is None:
            return
        self.addresses.add(next_url)
        host = self.settings.hub_host
        if self._of_nothing >= PAGES_OF_NOTHING:
            raise HubError(
                f"{where}: the last {self._of_nothing} pages of {host} bring nothing new, and it leads on. "
                f"{self.again}"
            )
        if self.pages >= MOST_PAGES:
            raise HubError(
                f"{where}: {host} leads on after {self.pages:,} pages of one listing. {self.again}"
            )

    def next_address(self, response: httpx2.Response, where: str) -> str | None:
        """Of the page after this one, None after the last.

        Raises HubError if it was led to before or is not the Hub's, or if this page is not.
        """
        endpoint, host = self.settings.hub_endpoint, self.settings.hub_host
        link = response.links.get("next", {}).get("url")
        if link is not None:
            link = http.led_to(response, link)
        for address in (str(response.url), link or endpoint):  # of a redirected answer, where it ended
            if origin_of(address) != origin_of(endpoint):
                raise HubError(
                    f"{where} leads to {host_of(address)}, not {host}: the rest would come "
                    "from elsewhere. A mirror must rewrite the addresses of its Link header."
                )
        if link is None:
            return None
        if link in self.addresses or link == str(response.url):
            raise HubError(f"{where}: the cursor does not advance at {host}. {self.again}")
        return link


def seconds_to_wait(response: httpx2.Response) -> float:
    """Until the next window, if this answer leaves too little of the quota for another request; else 0."""
    quota = quota_of(response)
    return http.window_ends_in(quota) if quota is not None and quota.remaining <= QUOTA_FLOOR else 0.0


def refuse_long_wait(seconds: float, settings: Settings, where: str) -> None:
    """Raises HubError if the next window is further away than the Hub's windows are long."""
    if seconds > LIMITS.longest_wait:
        raise HubError(
            f"{settings.hub_host} asks to wait {seconds:.0f} s after {where}, longer than the "
            f"{LIMITS.longest_wait:.0f} s that are waited. Run again later: landed pages are kept."
        )


def _unreachable(settings: Settings, reason: str) -> str:
    return (
        f"Could not reach {settings.hub_host} ({reason}). Nothing was written. "
        "Check the network or HF_ENDPOINT; `make demo` needs no network."
    )
