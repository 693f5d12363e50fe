"""The Hub: its listing into landing, landing into raw."""

import logging
from collections.abc import Iterator
from datetime import date

import dagster as dg

from dagster_project.defs.partitions import DAILY
from dagster_project.defs.resources import (
    FRESHNESS,
    OWNERS,
    WRITER,
    materialized,
    readable_errors,
    shown,
    table_spec,
)
from dagster_project.lib.hub import crawl as hub
from dagster_project.lib.hub import load_day
from dagster_project.lib.hub.client import HubUnreachable
from dagster_project.lib.progress import progress_bar
from dagster_project.lib.record import landing
from dagster_project.lib.report import preview
from dagster_project.lib.restore.rebuild import up_to_date
from dagster_project.lib.seeds.tables import followed_publishers
from dagster_project.lib.settings import Settings
from dagster_project.lib.warehouse.connection import exclusive
from dagster_project.lib.warehouse.raw_tables import HUB_TABLES

HUB_PAGES = dg.AssetKey(["landing", "hub_pages"])
RETRIES, RETRY_AFTER = 3, 600  # of a scheduled run, in seconds: an outage of the Hub lasts minutes
logger = logging.getLogger(__name__)


@dg.asset(
    key=HUB_PAGES,
    partitions_def=DAILY,
    pool=WRITER,
    group_name="landing",
    kinds={"huggingface", "json"},
    owners=OWNERS,
    freshness_policy=FRESHNESS,
)
def hub_pages(
    context: dg.AssetExecutionContext, settings: dg.ResourceParam[Settings]
) -> dg.MaterializeResult[None]:
    """Pages of the Hub's model listing as they came, compressed, for the Hub's own UTC day.

    The Hub serves only the present: any other partition is refused and nothing is written. A crawl that
    was cut short is resumed for 6 hours; a day that is landed already is not asked for again, unless
    REFETCH=1. Kept for 14 days, longer while a day is not accepted.
    """
    with readable_errors():
        day = date.fromisoformat(context.partition_key)
        try:
            with exclusive(settings), progress_bar("models listed") as advance:
                crawl = hub.crawl(
                    settings, day, followed_publishers(settings), report=lambda now: advance(now.rows)
                )
        except HubUnreachable as error:
            if "dagster/schedule_name" in context.run.tags:
                raise dg.RetryRequested(RETRIES, RETRY_AFTER) from error
            raise
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": crawl.rows,
            "pages": len(crawl.pages),
            "bytes": sum(page.bytes for page in crawl.pages),
            "origin": crawl.opening.origin,
            "folder": dg.MetadataValue.path(str(crawl.folder)),
            **shown(preview.of_crawl(crawl)),
        }
    )


@dg.multi_asset(
    specs=[table_spec(table, "raw", deps=[HUB_PAGES]) for table in HUB_TABLES],
    partitions_def=DAILY,
    pool=WRITER,
)
def raw_hub(
    context: dg.AssetExecutionContext, settings: dg.ResourceParam[Settings]
) -> Iterator[dg.MaterializeResult[None]]:
    """One day of landed pages into the raw tables, in one transaction, after its checks.

    A day that fails a check is recorded as not accepted and stays in landing; what was published stays.
    """
    day = date.fromisoformat(context.partition_key)
    with readable_errors():
        settings = settings.on(day)
        scope_id = settings.scope_id(followed_publishers(settings))
        with up_to_date(settings) as connection:
            crawl = landing.newest_complete(settings.landing, day, scope_id)
            loaded = load_day.load_crawl(connection, crawl, settings)
            results = materialized(
                connection,
                HUB_TABLES,
                {
                    "models_today": loaded.row_count,
                    "new_models_today": loaded.new_models,
                    "odd_values": "; ".join(loaded.odd_values) or "none",
                },
                {name: {"changed_today": changed} for name, changed in loaded.changes.items()},
            )
            pruned = landing.prune(settings.landing, day, load_day.rejected_days(connection))
    logger.info(f"{loaded.row_count} models of {day}, {loaded.new_models} of them new")
    for line in loaded.odd_values:
        logger.warning(f"{day}: values that cannot be are NULL, or their item is left out: {line}")
    if pruned:
        logger.info(f"deleted landed pages of {', '.join(map(str, pruned))}")
    yield from results
