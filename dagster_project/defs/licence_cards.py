"""The weekly pass over cards: licences that are none of the Hub's ids."""

import logging
from collections.abc import Iterator
from datetime import date

import dagster as dg

from dagster_project.defs.huggingface import HUB_PAGES
from dagster_project.defs.partitions import DAILY
from dagster_project.defs.resources import WRITER, materialized, readable_errors, table_spec
from dagster_project.lib.hub.licence_cards import EVERY, MODELS, Pass, is_due, newest_pass, snapshot_cards
from dagster_project.lib.restore.rebuild import up_to_date
from dagster_project.lib.settings import Settings
from dagster_project.lib.warehouse.raw_tables import LICENCE_CARD_PASSES, LICENCES

CARDS_ANSWERED = dg.AssetCheckKey(
    dg.AssetKey([LICENCE_CARD_PASSES.schema, LICENCE_CARD_PASSES.name]), "licence_cards_answered"
)
logger = logging.getLogger(__name__)


@dg.multi_asset(
    specs=[table_spec(table, "raw", deps=[HUB_PAGES]) for table in LICENCES.tables],
    check_specs=[
        dg.AssetCheckSpec(
            CARDS_ANSWERED.name,
            asset=CARDS_ANSWERED.asset_key,
            description=f"The pass over the cards of {MODELS} models ended ok, or was not due; a failure "
            "never stops the run.",
        )
    ],
    partitions_def=DAILY,
    pool=WRITER,
)
def raw_licence_cards(
    context: dg.AssetExecutionContext, settings: dg.ResourceParam[Settings]
) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    """Licence name and link on the cards of the most downloaded models with the id `other`, once a week.

    A pass that fails leaves a status row and a failed check, and the run goes on: what was known of each
    card stays, and the next run asks again.
    """
    day = date.fromisoformat(context.partition_key)
    ended: Pass | None = None
    with readable_errors(), up_to_date(settings) as connection:
        newest = newest_pass(connection)
        if is_due(newest, day):
            ended = snapshot_cards(connection, settings, day)
        results = materialized(connection, LICENCES.tables, {})
    said = _in_words(ended, newest)
    logger.info(said)
    yield from results
    yield dg.AssetCheckResult(
        asset_key=CARDS_ANSWERED.asset_key,
        check_name=CARDS_ANSWERED.name,
        passed=ended is None or ended.status == "ok",
        severity=dg.AssetCheckSeverity.WARN,
        description=said,
        metadata={"cards": ended.cards, "changed": ended.changed, "unread": ended.unread} if ended else {},
    )


def _in_words(ended: Pass | None, newest: date | None) -> str:
    if ended is None:
        return f"licence cards: the pass of {newest} is less than {EVERY.days} days old"
    if ended.status != "ok":
        return f"licence cards: {ended.detail}; the next run asks again"
    return f"licence cards: {ended.cards} read, {ended.changed} of them new or changed"
