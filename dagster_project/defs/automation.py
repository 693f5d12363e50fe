"""Jobs and the schedule: one snapshot a day."""

from datetime import UTC

import dagster as dg

from dagster_project.defs.archive import HUB_ARCHIVE
from dagster_project.defs.home import ended_days
from dagster_project.defs.huggingface import HUB_PAGES
from dagster_project.defs.licence_cards import CARDS_ANSWERED
from dagster_project.defs.markets import EVERY_SYMBOL_ANSWERED
from dagster_project.defs.partitions import DAILY
from dagster_project.defs.small_sources import answered_check
from dagster_project.lib.hub import crawl as hub
from dagster_project.lib.hub.client import SYNTHETIC, HubUnreachable
from dagster_project.lib.publish.file import published_origin
from dagster_project.lib.settings import Settings
from dagster_project.lib.warehouse.raw_tables import HUB_TABLES, LICENCES, MODELS_DEV, NPM, OPENROUTER, PYPI

PAST_DAYS = dg.AssetSelection.assets(HUB_ARCHIVE)  # no snapshot of today
SMALL_SOURCES = (OPENROUTER, MODELS_DEV, NPM, PYPI)
# yielded by the assets that fetch, which a run without dbt has too
SOURCES_ANSWERED = dg.AssetSelection.checks(
    CARDS_ANSWERED,
    EVERY_SYMBOL_ANSWERED,
    *(answered_check(source).key for source in SMALL_SOURCES),
)
# past days on demand: their partitions are not the Hub's days
BACKFILLS = dg.AssetSelection.groups("backfill")

daily_snapshot = dg.define_asset_job(
    "daily_snapshot",
    # with every check: dagster-dbt runs a part of the project in a copy of it, which dbt then reads anew
    selection=(dg.AssetSelection.all() - BACKFILLS) | dg.AssetSelection.all_asset_checks(),
    partitions_def=DAILY,
    description="Snapshot the Hub, the prices and the other sources, build the SQL models, publish.",
)
land_and_load = dg.define_asset_job(
    "land_and_load",
    # dbt's tests of the raw tables are checks too, and would start dbt for every day
    selection=dg.AssetSelection.groups("landing", "raw").without_checks() | SOURCES_ANSWERED,
    partitions_def=DAILY,
    description="Snapshot only; the next daily_snapshot builds and publishes what it added.",
)
land_hub = dg.define_asset_job(
    "land_hub",
    selection=dg.AssetSelection.assets(
        HUB_PAGES, *(dg.AssetKey([t.schema, t.name]) for t in (*HUB_TABLES, *LICENCES.tables))
    ).without_checks()
    | dg.AssetSelection.checks(CARDS_ANSWERED),
    partitions_def=DAILY,
    description="Snapshot only the Hub, which keeps no past; every other source can wait.",
)
build_and_publish = dg.define_asset_job(
    "build_and_publish",
    selection=(dg.AssetSelection.all() - dg.AssetSelection.groups("landing", "raw") - BACKFILLS)
    | (dg.AssetSelection.all_asset_checks() - SOURCES_ANSWERED),
    description="Build the SQL models from what is loaded, and publish.",
)
build_milestones = dg.define_asset_job(
    "build_milestones",
    selection=(
        dg.AssetSelection.assets(["marts", "fct_family_milestones"]).upstream()
        & dg.AssetSelection.groups("staging", "intermediate", "marts")
        | dg.AssetSelection.groups("seeds")
    ).without_checks(),
    description="Only what tells when families passed their milestones, not checked and not published.",
)

backfill_archive = dg.define_asset_job(
    "backfill_archive",
    selection=PAST_DAYS,
    partitions_def=DAILY,
    description="Past days from the public archive; build_and_publish shows them.",
)

EVERY_DAY = "06:00 UTC, every day."
OFF = "Off: the days of this home are simulated, and a real one does not belong among them."


@dg.schedule(
    job=daily_snapshot,
    cron_schedule="0 6 * * *",
    execution_timezone="UTC",
    default_status=dg.DefaultScheduleStatus.STOPPED if ended_days() else dg.DefaultScheduleStatus.RUNNING,
    description=f"{EVERY_DAY} {OFF}" if ended_days() else EVERY_DAY,
)
def daily_at_six(
    context: dg.ScheduleEvaluationContext, settings: dg.ResourceParam[Settings]
) -> dg.RunRequest | dg.SkipReason:
    """Asks for the tick's day; a tick whose day has passed is skipped: the Hub serves only the present."""
    day = context.scheduled_execution_time.astimezone(UTC).date()
    try:
        found = hub.probe(settings)
    except HubUnreachable:  # the run tries again for half an hour, and says so if it fails
        return dg.RunRequest(run_key=day.isoformat(), partition_key=day.isoformat())
    if found.origin != SYNTHETIC and published_origin(settings) == SYNTHETIC:
        return dg.SkipReason(
            f"The days of {settings.home.name} are simulated, and a real one does not belong among them. "
            "Set another MODELTIDE_HOME for a snapshot a day."
        )
    present = found.day
    if present != day:
        return dg.SkipReason(
            f"{day} has passed: the Hub's day is {present}, and it serves only the present. "
            "The next tick snapshots the day it is then."
        )
    return dg.RunRequest(run_key=day.isoformat(), partition_key=day.isoformat())
