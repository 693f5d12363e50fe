"""Days that were restored from snapshots/, told to Dagster: their partitions are filled, as if run here."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from typing import Any

import dagster as dg
import duckdb

from dagster_project.defs.archive import HUB_ARCHIVE
from dagster_project.lib.settings import Settings
from dagster_project.lib.warehouse.connection import reading
from dagster_project.lib.warehouse.raw_tables import (
    ATTRIBUTE_GROUPS,
    HEADLINES,
    HUB_TABLES,
    ROW_SOURCES,
    Table,
)

# what is published in a run belongs to none of the days
SOURCES = [source for source in ROW_SOURCES if source != HEADLINES]

Restored = tuple[dg.AssetKey, date, dict[str, Any]]


def report_restored(instance: dg.DagsterInstance, settings: Settings) -> int:
    """Report each day of the warehouse that Dagster does not know of, table by table; returns how many.

    Materialised are the days that a run would have materialised: an observed day and what was asked of other
    sources on it, and days of the archive. A user's own file is nothing that Dagster ran.
    """
    with reading(settings.warehouse) as connection:
        restored = [*_days(connection), *_loads(connection)]
    known = {key: instance.get_materialized_partitions(key) for key in {key for key, *_ in restored}}
    unknown = [one for one in restored if one[1].isoformat() not in known[one[0]]]
    for key, day, metadata in unknown:
        instance.report_runless_asset_event(
            dg.AssetMaterialization(
                key,
                description="Restored from snapshots/",
                partition=day.isoformat(),
                metadata=metadata,
            )
        )
    return len(unknown)


def _days(connection: duckdb.DuckDBPyConnection) -> Iterator[Restored]:
    """Days of the Hub, with the figures that a run gives of each."""
    changes: dict[tuple[str, date], int] = defaultdict(int)
    for table in ATTRIBUTE_GROUPS.values():
        rows = connection.execute(f"select first_seen, count(*) from {table.full_name} group by all")
        changes |= {(table.name, day): count for day, count in rows.fetchall()}
    days = connection.execute(
        "select snapshot_date, provenance, row_count from raw.hub_snapshots where is_accepted order by 1"
    ).fetchall()
    for day, provenance, models in days:
        if provenance.startswith("archive:"):
            yield HUB_ARCHIVE, day, {"dagster/row_count": models}
        elif provenance == "observed":
            for table in HUB_TABLES:
                is_attribute = table in ATTRIBUTE_GROUPS.values()
                changed = {"changed_today": changes[table.name, day]} if is_attribute else {}
                yield _key(table), day, {"models_today": models, **changed}


def _loads(connection: duckdb.DuckDBPyConnection) -> Iterator[Restored]:
    """Days on which another source was asked."""
    for source in SOURCES:
        days = connection.execute(
            "select distinct snapshot_date from raw.loads where source = ? order by 1", [source.name]
        ).fetchall()
        for (day,) in days:
            for table in source.tables:
                yield _key(table), day, {}


def _key(table: Table) -> dg.AssetKey:
    return dg.AssetKey([table.schema, table.name])
