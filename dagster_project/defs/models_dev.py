"""models.dev: who offers which model, at what price, with or without public weights."""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from dagster_project.defs.partitions import DAILY
from dagster_project.defs.resources import WRITER
from dagster_project.defs.small_sources import answered_check, snapshot, specs_of
from dagster_project.lib.settings import Settings
from dagster_project.lib.sources.models_dev import snapshot_catalogue
from dagster_project.lib.warehouse.raw_tables import MODELS_DEV


@dg.multi_asset(
    specs=specs_of(MODELS_DEV, "The catalogue of models.dev (api.json) as it came."),
    check_specs=[answered_check(MODELS_DEV)],
    partitions_def=DAILY,
    pool=WRITER,
)
def models_dev_catalogue(
    context: dg.AssetExecutionContext, settings: dg.ResourceParam[Settings]
) -> Iterator[Any]:
    """The catalogue of the day: a row where an offer is new, changed or gone."""
    yield from snapshot(context, settings, MODELS_DEV, snapshot_catalogue)
