"""What the small sources beside the Hub share: their assets, their check, and what a run says of them."""

import logging
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, datetime
from typing import Any

import dagster as dg
import duckdb

from dagster_project.defs.huggingface import HUB_PAGES
from dagster_project.defs.resources import FRESHNESS, OWNERS, materialized, readable_errors, table_spec
from dagster_project.lib.hub import crawl as hub
from dagster_project.lib.restore.rebuild import up_to_date
from dagster_project.lib.seeds.tables import followed_publishers
from dagster_project.lib.settings import Settings
from dagster_project.lib.sources.fetch import Outcome
from dagster_project.lib.warehouse.raw_tables import Source

Fetch = Callable[[duckdb.DuckDBPyConnection, Settings, date, datetime], list[Outcome]]
logger = logging.getLogger(__name__)


def landing_key(source: Source) -> dg.AssetKey:
    """The pages of a source as they came."""
    return dg.AssetKey(["landing", source.name])


def specs_of(source: Source, description: str) -> list[dg.AssetSpec]:
    """The landed pages and the raw tables of a source; the Hub goes first, because the day is the Hub's."""
    landed = dg.AssetSpec(
        landing_key(source),
        deps=[HUB_PAGES],
        description=description,
        group_name="landing",
        kinds={"json"},
        owners=OWNERS,
        freshness_policy=FRESHNESS,
    )
    return [landed, *(table_spec(table, "raw", deps=[landed.key]) for table in source.tables)]


def answered_check(source: Source) -> dg.AssetCheckSpec:
    """A source that fails is a failed check; it never stops the run."""
    fetches = source.tables[-1]
    return dg.AssetCheckSpec(
        f"{source.name}_answered",
        asset=dg.AssetKey([fetches.schema, fetches.name]),
        description="Everything that was asked for was answered as expected; a failure never stops the run.",
    )


def snapshot(
    context: dg.AssetExecutionContext, settings: Settings, source: Source, fetch: Fetch
) -> Iterator[Any]:
    """Run a source's fetch for the partition's day, by the Hub's clock; yields its results and its check."""
    day = date.fromisoformat(context.partition_key)
    with readable_errors():
        now = hub.present_for(settings, day, followed_publishers(settings))
        with up_to_date(settings) as connection:
            outcomes = fetch(connection, settings, day, now)
            results = materialized(connection, source.tables, figures(outcomes))
    yield dg.MaterializeResult(asset_key=landing_key(source), metadata=figures(outcomes))
    yield from results
    yield _check(source, outcomes)


def backfill(settings: Settings, source: Source, fetch: Fetch) -> dg.MaterializeResult[None]:
    """Run a source's fetch of past days, by the Hub's clock."""
    with readable_errors():
        now = hub.probe(settings).now
        with up_to_date(settings) as connection:
            outcomes = fetch(connection, settings, now.date(), now)
    problems = _problems(outcomes)
    if problems:
        logger.warning(f"{source.name}: {problems}")
    return dg.MaterializeResult(metadata={**figures(outcomes), "problems": problems or "none"})


def asked_days(context: dg.AssetExecutionContext) -> tuple[date, date]:
    """First and last day of the partitions that one run was started for."""
    asked = context.partition_key_range
    return date.fromisoformat(asked.start), date.fromisoformat(asked.end)


def figures(outcomes: list[Outcome]) -> dict[str, int]:
    """Items by how they ended, and the rows that they brought."""
    ended = Counter(f"items_{outcome.status}" for outcome in outcomes)
    return {**ended, "new_rows": sum(outcome.new_rows for outcome in outcomes)}


def _problems(outcomes: list[Outcome]) -> str:
    return "; ".join(f"{o.item}: {o.status}, {o.detail}" for o in outcomes if o.status != "ok")


def _check(source: Source, outcomes: list[Outcome]) -> dg.AssetCheckResult:
    spec = answered_check(source)
    problems = _problems(outcomes)
    return dg.AssetCheckResult(
        asset_key=spec.asset_key,
        check_name=spec.name,
        passed=not problems,
        severity=dg.AssetCheckSeverity.WARN,
        description=problems + ("; the next run asks again" if problems else ""),
        metadata=figures(outcomes),
    )
