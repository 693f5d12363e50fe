"""OpenRouter: tokens per model and day, restated figures included."""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from dagster_project.defs.partitions import DAILY, TOKEN_DAYS
from dagster_project.defs.resources import OWNERS, WRITER
from dagster_project.defs.small_sources import answered_check, asked_days, backfill, snapshot, specs_of
from dagster_project.lib.settings import Settings
from dagster_project.lib.sources.openrouter import fetch_tokens, snapshot_tokens
from dagster_project.lib.warehouse.raw_tables import OPENROUTER


@dg.multi_asset(
    specs=specs_of(
        OPENROUTER,
        "The last 35 days of OpenRouter's daily rankings as they came: figures are restated, every fetch is "
        "kept. Needs OPENROUTER_API_KEY.",
    ),
    check_specs=[answered_check(OPENROUTER)],
    partitions_def=DAILY,
    pool=WRITER,
)
def openrouter_tokens(
    context: dg.AssetExecutionContext, settings: dg.ResourceParam[Settings]
) -> Iterator[Any]:
    """The last 35 complete days again, landed and added under the time of the figures."""
    yield from snapshot(context, settings, OPENROUTER, snapshot_tokens)


@dg.asset(
    key=["backfill", "openrouter_tokens"],
    partitions_def=TOKEN_DAYS,
    pool=WRITER,
    backfill_policy=dg.BackfillPolicy.single_run(),
    group_name="backfill",
    kinds={"duckdb", "json"},
    owners=OWNERS,
)
def openrouter_token_history(
    context: dg.AssetExecutionContext, settings: dg.ResourceParam[Settings]
) -> dg.MaterializeResult[None]:
    """Tokens of past days, from 2025-01-01: a whole range in one run, 366 days a request.

    Start it as a backfill; the days go into raw.openrouter_tokens, where the newest figures of a day count.
    """
    first, last = asked_days(context)
    return backfill(
        settings,
        OPENROUTER,
        lambda connection, settings, day, now: fetch_tokens(connection, settings, day, now, first, last),
    )
