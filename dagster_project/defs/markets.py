"""Market prices: Yahoo into raw, and the sessions that the exchanges should have had."""

import logging
from collections import Counter
from collections.abc import Iterator
from datetime import date
from itertools import count

import dagster as dg

from dagster_project.defs.huggingface import HUB_PAGES
from dagster_project.defs.partitions import DAILY
from dagster_project.defs.resources import WRITER, materialized, readable_errors, table_spec
from dagster_project.lib.hub import crawl as hub
from dagster_project.lib.markets.sessions import load_sessions
from dagster_project.lib.markets.yahoo import snapshot_prices
from dagster_project.lib.progress import progress_bar
from dagster_project.lib.restore.rebuild import up_to_date
from dagster_project.lib.seeds.tables import COMPANIES, followed_publishers, read_seed
from dagster_project.lib.settings import Settings
from dagster_project.lib.warehouse.raw_tables import EXCHANGE_SESSIONS, PRICE_FETCHES, PRICES

EVERY_SYMBOL_ANSWERED = dg.AssetCheckKey(
    dg.AssetKey([PRICE_FETCHES.schema, PRICE_FETCHES.name]), "every_symbol_answered"
)
logger = logging.getLogger(__name__)


@dg.multi_asset(
    specs=[table_spec(table, "raw", deps=[HUB_PAGES]) for table in PRICES.tables],
    check_specs=[
        dg.AssetCheckSpec(
            EVERY_SYMBOL_ANSWERED.name,
            asset=EVERY_SYMBOL_ANSWERED.asset_key,
            description="Every symbol of the seed `companies` ended ok; a failure never stops the run.",
        )
    ],
    partitions_def=DAILY,
    pool=WRITER,
)
def raw_prices(
    context: dg.AssetExecutionContext, settings: dg.ResourceParam[Settings]
) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    """Daily bars of every symbol of the seed `companies`, appended; a restated past is a new vintage.

    Takes its time from the Hub, like the snapshot. A source that is down or throttles leaves status rows
    and a failed check, and the run goes on: prices have a history and can be fetched tomorrow.
    """
    day = date.fromisoformat(context.partition_key)
    with readable_errors():
        companies = read_seed(COMPANIES, settings)
        now = hub.present_for(settings, day, followed_publishers(settings))
        with (
            up_to_date(settings) as connection,
            progress_bar("symbols asked", len(companies)) as advance,
        ):
            asked = count(1)
            fetched = snapshot_prices(
                connection, settings, companies, day, now, lambda _: advance(next(asked))
            )
            ended = Counter(symbol.status for symbol in fetched)
            results = materialized(connection, PRICES.tables, ended)
    logger.info("prices: " + ", ".join(f"{n} symbols {status}" for status, n in ended.items()))
    yield from results
    failed = {f.symbol: f.detail or f.status for f in fetched if f.status != "ok"}
    yield dg.AssetCheckResult(
        asset_key=EVERY_SYMBOL_ANSWERED.asset_key,
        check_name=EVERY_SYMBOL_ANSWERED.name,
        passed=not failed,
        severity=dg.AssetCheckSeverity.WARN,
        description="; ".join(f"{symbol}: {detail}" for symbol, detail in failed.items())
        + ("; the next run asks again" if failed else ""),
        metadata={"symbols": len(fetched), **ended},
    )


@dg.multi_asset(specs=[table_spec(EXCHANGE_SESSIONS, "raw")], partitions_def=DAILY, pool=WRITER)
def raw_exchange_sessions(
    context: dg.AssetExecutionContext, settings: dg.ResourceParam[Settings]
) -> dg.MaterializeResult[None]:
    """Expected sessions of XNYS and XHKG from exchange_calendars, at least 60 days past the day."""
    day = date.fromisoformat(context.partition_key)
    with readable_errors(), up_to_date(settings) as connection:
        (result,) = materialized(connection, [EXCHANGE_SESSIONS], load_sessions(connection, day))
    return result
