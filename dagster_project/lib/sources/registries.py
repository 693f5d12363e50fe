"""Downloads per package and day from npm and from pypistats.

Belongs here: what to ask each registry for, reading its answer, and the counts that are new or changed.
Does not belong here: baskets and indices (SQL), requests in general (web) and landing (fetch).
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import duckdb
import orjson

from dagster_project.lib.record.append import add_rows
from dagster_project.lib.seeds.tables import SDK_PACKAGES, attribution_of, read_seed
from dagster_project.lib.settings import NPM_ENDPOINT, PYPISTATS_ENDPOINT, Settings
from dagster_project.lib.sources.fetch import Outcome, Reading, Request, fetch_all, refuse_mixed, status_rows
from dagster_project.lib.sources.web import Web
from dagster_project.lib.warehouse.raw_tables import (
    NPM,
    NPM_FETCHES,
    NPM_INSTALLS,
    PYPI,
    PYPI_FETCHES,
    PYPI_INSTALLS,
    Source,
    Table,
)

OVERLAP_DAYS = 35  # asked for again each day: late and corrected counts

Counts = list[tuple[date, int]]


@dataclass(frozen=True)
class Registry:
    """A registry: how far back it goes, how fast it may be asked, and where its rows go."""

    name: str
    source: Source
    counts: Table
    fetches: Table
    official: str
    days: int  # that it serves
    pace: float  # seconds between requests

    def endpoint(self, settings: Settings) -> str:
        return settings.npm_endpoint if self.name == "npm" else settings.pypistats_endpoint

    def request(self, package: str, first: date, last: date) -> Request:
        if self.name == "npm":
            # scoped names one by one: the registry takes no list with one of them in it
            return Request(package, f"/downloads/range/{first}:{last}/{package}")
        return Request(package, f"/api/packages/{package}/overall", {"mirrors": "false"})


# a request of npm covers 18 months at most; the registry names no quota
NPM_REGISTRY = Registry("npm", NPM, NPM_INSTALLS, NPM_FETCHES, NPM_ENDPOINT, 545, 1.0)
# pypistats keeps 180 days, allows 30 requests a minute and asks for each package at most once a day
PYPI_REGISTRY = Registry("pypi", PYPI, PYPI_INSTALLS, PYPI_FETCHES, PYPISTATS_ENDPOINT, 180, 2.5)


def snapshot_installs(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    registry: Registry,
    day: date,
    now: datetime,
) -> list[Outcome]:
    """New and changed counts of every seeded package: all that is served at first, then with an overlap.

    Grain: a day. A source that fails leaves status rows and raises nothing.
    """
    last = day - timedelta(days=1)
    newest = _newest_days(connection, registry)
    earliest = day - timedelta(days=registry.days)

    def first(package: str) -> date:
        known = newest.get(package)
        return max(earliest, known - timedelta(days=OVERLAP_DAYS)) if known else earliest

    packages = packages_of(registry, settings)
    requests = [registry.request(package, first(package), last) for package in packages]
    return _fetch(connection, settings, registry, day, now, requests, "daily")


def fetch_installs(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    registry: Registry,
    day: date,
    now: datetime,
    first: date,
    last: date,
) -> list[Outcome]:
    """Ask for the days first..last of every package, as far as the registry serves them."""
    start, end = served_range(registry, day, first, last)
    requests = [registry.request(package, start, end) for package in packages_of(registry, settings)]
    scope = f"history-{start}-{end}"  # another range is another answer, also on the same day
    return _fetch(connection, settings, registry, day, now, requests if start <= end else [], scope)


def served_range(registry: Registry, day: date, first: date, last: date) -> tuple[date, date]:
    """The part of first..last that the registry serves on a day; its first lies after its last if none."""
    return max(first, day - timedelta(days=registry.days)), min(last, day - timedelta(days=1))


def packages_of(registry: Registry, settings: Settings) -> list[str]:
    """The packages of the seed that are in the registry."""
    seeded = read_seed(SDK_PACKAGES, settings)
    return [str(row["package"]) for row in seeded if row["registry"] == registry.name]


def read_npm(item: str, body: bytes) -> Reading:
    """Counts of `GET /downloads/range`."""
    return _read(item, body, "downloads", "day", lambda _: True)


def read_pypi(item: str, body: bytes) -> Reading:
    """Counts of `GET /api/packages/<package>/overall`, without mirrors."""
    return _read(item, body, "data", "date", lambda entry: entry.get("category") == "without_mirrors")


def _read(
    item: str, body: bytes, listed: str, day_name: str, counts_it: Callable[[dict[str, Any]], bool]
) -> Reading:
    try:
        answer = orjson.loads(body)
    except orjson.JSONDecodeError:
        return Reading("malformed", f"the answer is no JSON: it begins {body[:40]!r}")
    entries = answer.get(listed) if isinstance(answer, dict) else None
    if not isinstance(entries, list):
        return Reading("malformed", f"the answer has no list `{listed}`")
    name = answer.get("package")
    if not isinstance(name, str) or _canonical(name) != _canonical(item):
        return Reading("renamed", f"the answer is about {name!r}: mend the seed sdk_packages")
    rows: Counts = []
    problems = []
    for entry in entries:
        count = _read_count(entry, day_name)
        if count is None:
            problems.append(f"no day with a count: {str(entry)[:60]}")
        elif counts_it(entry):
            rows.append(count)
    if len({day for day, _ in rows}) < len(rows):
        return Reading("malformed", "the answer names a day twice")
    if problems:
        return Reading("partial", "; ".join(problems[:3]), list(rows))
    return Reading("ok", None, list(rows)) if rows else Reading("empty", "a valid answer without a day")


def _read_count(entry: Any, day_name: str) -> tuple[date, int] | None:
    if not isinstance(entry, dict):
        return None
    day, downloads = entry.get(day_name), entry.get("downloads")
    is_count = isinstance(downloads, int) and not isinstance(downloads, bool) and 0 <= downloads < 2**63
    if not is_count or not isinstance(day, str):
        return None
    try:
        return date.fromisoformat(day), int(str(downloads))
    except ValueError:
        return None


def _canonical(name: str) -> str:
    """PyPI and its mirrors write one name in several ways."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _fetch(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    registry: Registry,
    day: date,
    now: datetime,
    requests: Sequence[Request],
    scope_id: str,
) -> list[Outcome]:
    read = read_npm if registry.name == "npm" else read_pypi
    with Web(registry.endpoint(settings), registry.official, registry.pace) as web:
        outcomes = fetch_all(settings, registry.source, day, now, requests, web, read, scope_id=scope_id)
    refuse_mixed(connection, outcomes)
    stored = _stored(connection, registry)
    added = []
    for outcome in outcomes:
        fetched_at = outcome.fetched_at.astimezone(UTC).replace(tzinfo=None)
        new = [
            (outcome.item, counted, fetched_at, downloads)
            for counted, downloads in outcome.rows
            if counted < day and stored.get((outcome.item, counted)) != downloads
        ]
        outcome.new_rows = len(new)
        added += new
    rows = {
        registry.counts: added,
        registry.fetches: status_rows(day, outcomes, attribution_of(registry.source.name, settings)),
    }
    add_rows(connection, settings, registry.source, day, rows)
    return outcomes


def _newest_days(connection: duckdb.DuckDBPyConnection, registry: Registry) -> dict[str, date]:
    """The last day with a count of each package; 0 is no count yet."""
    rows = connection.execute(
        f"select package, max(install_date) from {registry.counts.full_name} "
        "where downloads > 0 group by package"
    ).fetchall()
    return dict(rows)


def _stored(connection: duckdb.DuckDBPyConnection, registry: Registry) -> dict[tuple[str, date], int]:
    """The newest count of each package and day."""
    rows = connection.execute(
        f"select package, install_date, arg_max(downloads, fetched_at) from {registry.counts.full_name} "
        "group by package, install_date"
    ).fetchall()
    return {(package, day): downloads for package, day, downloads in rows}
