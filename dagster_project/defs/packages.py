"""Package registries: installs per day of the packages that open and closed models are used through."""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from dagster_project.defs.partitions import DAILY, INSTALL_DAYS
from dagster_project.defs.resources import OWNERS, WRITER
from dagster_project.defs.small_sources import Fetch, answered_check, asked_days, backfill, snapshot, specs_of
from dagster_project.lib.settings import Settings
from dagster_project.lib.sources.registries import (
    NPM_REGISTRY,
    PYPI_REGISTRY,
    Registry,
    fetch_installs,
    snapshot_installs,
)
from dagster_project.lib.warehouse.raw_tables import NPM, PYPI


def _daily(registry: Registry) -> Fetch:
    return lambda connection, settings, day, now: snapshot_installs(connection, settings, registry, day, now)


@dg.multi_asset(
    specs=specs_of(NPM, "Daily downloads of each seeded npm package as they came: 18 months at first."),
    check_specs=[answered_check(NPM)],
    partitions_def=DAILY,
    pool=WRITER,
)
def npm_installs(context: dg.AssetExecutionContext, settings: dg.ResourceParam[Settings]) -> Iterator[Any]:
    """New and changed counts of npm, with 35 days of overlap, one package after the other."""
    yield from snapshot(context, settings, NPM, _daily(NPM_REGISTRY))


@dg.multi_asset(
    specs=specs_of(PYPI, "Daily downloads of each seeded PyPI package as they came: the last 180 days."),
    check_specs=[answered_check(PYPI)],
    partitions_def=DAILY,
    pool=WRITER,
)
def pypi_installs(context: dg.AssetExecutionContext, settings: dg.ResourceParam[Settings]) -> Iterator[Any]:
    """New and changed counts of pypistats, which keeps 180 days: a day not captured by then is gone."""
    yield from snapshot(context, settings, PYPI, _daily(PYPI_REGISTRY))


def _history_asset(registry: Registry, description: str) -> dg.AssetsDefinition:
    @dg.asset(
        key=["backfill", registry.source.name],
        description=description,
        partitions_def=INSTALL_DAYS,
        pool=WRITER,
        backfill_policy=dg.BackfillPolicy.single_run(),
        group_name="backfill",
        kinds={"duckdb", "json"},
        owners=OWNERS,
    )
    def history(
        context: dg.AssetExecutionContext, settings: dg.ResourceParam[Settings]
    ) -> dg.MaterializeResult[None]:
        first, last = asked_days(context)
        return backfill(
            settings,
            registry.source,
            lambda connection, settings, day, now: fetch_installs(
                connection, settings, registry, day, now, first, last
            ),
        )

    return history


npm_install_history = _history_asset(
    NPM_REGISTRY, "npm's downloads of past days, as far back as 18 months: a whole range in one run."
)
pypi_install_history = _history_asset(
    PYPI_REGISTRY, "PyPI's downloads of past days, as far back as 180 days: a whole range in one run."
)
