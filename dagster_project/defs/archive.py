"""The public archive of the Hub's listing: past days into raw, as a backfill."""

from collections.abc import Iterator
from datetime import date

import dagster as dg

from dagster_project.defs.partitions import DAILY
from dagster_project.defs.resources import OWNERS, WRITER, readable_errors
from dagster_project.lib.archive.backfill import backfill
from dagster_project.lib.hub.load_day import Loaded
from dagster_project.lib.restore.rebuild import up_to_date
from dagster_project.lib.settings import Settings

HUB_ARCHIVE = dg.AssetKey(["backfill", "hub_archive_snapshot"])


class ArchiveDays(dg.Config):
    """Which days of the chosen range: 1 for each, 7 for one a week from the first on."""

    every: int = 1


@dg.multi_asset(
    name="hub_archive_snapshot",
    specs=[
        dg.AssetSpec(
            HUB_ARCHIVE,
            description="Days of the Hub's listing from the public archive, into the Hub's raw tables. An "
            "observed day stays; a day that the archive lacks is a gap. Some days are one transaction, and a "
            "backfill that was stopped goes on where it was. Materialised are the days that were loaded.",
            group_name="backfill",
            kinds={"huggingface", "parquet"},
            owners=OWNERS,
            skippable=True,
        )
    ],
    partitions_def=DAILY,
    pool=WRITER,
    backfill_policy=dg.BackfillPolicy.single_run(),  # one listing of commits, one open warehouse
)
def hub_archive_snapshot(
    context: dg.AssetExecutionContext, config: ArchiveDays, settings: dg.ResourceParam[Settings]
) -> Iterator[dg.MaterializeResult[None]]:
    """Only the needed columns of each day's last revision; says what it costs first, then a line per day."""
    days = [date.fromisoformat(key) for key in context.partition_keys][:: max(1, config.every)]

    def note(loaded: Loaded) -> None:
        metadata = {"dagster/row_count": loaded.row_count, "new_models": loaded.new_models}
        context.log_event(
            dg.AssetMaterialization(HUB_ARCHIVE, partition=loaded.day.isoformat(), metadata=metadata)
        )

    with readable_errors(), up_to_date(settings) as connection:
        backfill(connection, settings, days, note)
    yield from ()  # gaps are not materialised, so there is no result for the whole range
