"""Market prices: Yahoo into raw, and the sessions that the exchanges should have had."""

from collections import Counter
from collections.abc import Iterator
from datetime import date

import dagster as dg

from dagster_project.defs.huggingface import HUB_PAGES
from dagster_project.defs.partitions import DAILY
from dagster_project.defs.resources import readable_errors, shown, table_spec
from dagster_project.lib.hub import crawl as hub
from dagster_project.lib.markets.sessions import load_sessions
from dagster_project.lib.markets.vintages import Fetched
from dagster_project.lib.markets.yahoo import snapshot_prices
from dagster_project.lib.progress import progress_bar
from dagster_project.lib.report import preview
from dagster_project.lib.restore.rebuild import up_to_date
from dagster_project.lib.seeds.tables import COMPANIES, followed_publishers, read_seed
from dagster_project.lib.settings import Settings
from dagster_project.lib.warehouse.connection import row_counts
from dagster_project.lib.warehouse.raw_tables import EXCHANGE_SESSIONS, PRICE_FETCHES, PRICES

EVERY_SYMBOL_ANSWERED = dg.AssetCheckKey(
    dg.AssetKey([PRICE_FETCHES.schema, PRICE_FETCHES.name]), "every_symbol_answered"
)


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
)
def raw_prices(
    context: dg.AssetExecutionContext,
) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    """Daily bars of every symbol of the seed `companies`, appended; a restated past is a new vintage.

    Takes its time from the Hub, like the snapshot. A source that is down or throttles leaves status rows
    and a failed check, and the run goes on: prices have a history and can be fetched tomorrow.
    """
    day = date.fromisoformat(context.partition_key)
    with readable_errors():
        settings = Settings.from_environment()
        companies = read_seed(COMPANIES, settings)
        now = hub.present_for(settings, day, followed_publishers(settings))
        with (
            up_to_date(settings, context.log.info) as connection,
            progress_bar("symbols asked", len(companies)) as advance,
        ):
            asked: list[Fetched] = []

            def report(fetched: Fetched) -> None:
                asked.append(fetched)
                advance(len(asked))
                if fetched.status != "ok":
                    context.log.info(f"{fetched.symbol}: {fetched.status} ({fetched.detail})")

            results = snapshot_prices(connection, settings, companies, day, now, report)
            counts = row_counts(connection, PRICES.tables)
            previews = {table: preview.of_raw(connection, table) for table in PRICES.tables}
    ended = Counter(fetched.status for fetched in results)
    context.log.info("prices: " + ", ".join(f"{n} symbols {status}" for status, n in ended.items()))
    for table in PRICES.tables:
        yield dg.MaterializeResult(
            asset_key=[table.schema, table.name],
            metadata={"dagster/row_count": counts[table.name], **ended, **shown(previews[table])},
        )
    failed = {f.symbol: f.detail or f.status for f in results if f.status != "ok"}
    yield dg.AssetCheckResult(
        asset_key=EVERY_SYMBOL_ANSWERED.asset_key,
        check_name=EVERY_SYMBOL_ANSWERED.name,
        passed=not failed,
        severity=dg.AssetCheckSeverity.WARN,
        description="; ".join(f"{symbol}: {detail}" for symbol, detail in failed.items())
        + ("; the next run asks again" if failed else ""),
        metadata={"symbols": len(results), **ended},
    )


@dg.multi_asset(specs=[table_spec(EXCHANGE_SESSIONS, "raw")], partitions_def=DAILY)
def raw_exchange_sessions(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
    """Expected sessions of XNYS and XHKG from exchange_calendars, at least 60 days past the day."""
    day = date.fromisoformat(context.partition_key)
    with readable_errors(), up_to_date(Settings.from_environment(), context.log.info) as connection:
        counts = load_sessions(connection, day)
        picture = shown(preview.of_raw(connection, EXCHANGE_SESSIONS))
    return dg.MaterializeResult(metadata={"dagster/row_count": sum(counts.values()), **counts, **picture})
