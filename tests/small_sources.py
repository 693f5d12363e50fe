"""The small sources in tests: a data home at the embedded upstreams, and a day's fetch of one of them.

Belongs here: what tests of tokens, installs and the catalogue share.
Does not belong here: claims.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from dagster_project.lib.restore.rebuild import rebuild, up_to_date
from dagster_project.lib.settings import Settings
from dagster_project.lib.sources.fetch import Outcome
from dagster_project.lib.warehouse.raw_tables import Source
from dagster_project.synthetic.server import Upstream
from tests.landed import files_below, query

Fetch = Callable[..., list[Outcome]]


def settings_at(upstream: Upstream, home: Path, **environment: str) -> Settings:
    """A data home whose every endpoint is the embedded upstream."""
    return Settings.from_environment({"MODELTIDE_HOME": str(home), **upstream.environment, **environment})


def fetch_on(settings: Settings, upstream: Upstream, day: str, fetch: Fetch, *more: Any) -> list[Outcome]:
    """A fetch on the morning of a day, by the Hub's clock."""
    now = datetime.fromisoformat(f"{day}T06:00:00").replace(tzinfo=UTC)
    upstream.set_now(now)
    with up_to_date(settings) as connection:
        return fetch(connection, settings, *more, date.fromisoformat(day), now)


def statuses(settings: Settings, table: str, day: str) -> dict[str, tuple[str, str | None]]:
    """Item → how it ended on the day, and what was said of it."""
    rows = query(
        settings,
        f"select item, status, detail from raw.{table} where snapshot_date = ?",
        date.fromisoformat(day),
    )
    return {item: (status, detail) for item, status, detail in rows}


def contents(settings: Settings, source: Source) -> dict[str, list[tuple[Any, ...]]]:
    return {table.name: query(settings, f"from {table.full_name} order by all") for table in source.tables}


def rebuilds_to_the_same(settings: Settings, source: Source) -> bool:
    before = contents(settings, source)
    assert any(before.values())
    rebuild(settings)
    return contents(settings, source) == before


def files_of(settings: Settings) -> dict[str, bytes]:
    return files_below(settings.home)
