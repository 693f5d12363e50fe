"""The published file, the only thing that readers open."""

import logging

import dagster as dg

from dagster_project.defs.resources import FRESHNESS, OWNERS, WRITER, readable_errors, table_spec
from dagster_project.defs.seeds import seeds
from dagster_project.defs.sql_models import sql_models
from dagster_project.lib.publish.file import publish
from dagster_project.lib.settings import Settings
from dagster_project.lib.warehouse.raw_tables import HEADLINE_FIGURES

# the record of what was published; the SQL models read it, so no asset of a run can make it
headline_figures = table_spec(HEADLINE_FIGURES, "raw")
logger = logging.getLogger(__name__)


@dg.asset(
    key=["published", "modeltide"],
    pool=WRITER,
    deps=[sql_models, seeds],
    group_name="published",
    kinds={"duckdb", "parquet"},
    owners=OWNERS,
    freshness_policy=FRESHNESS,
)
def published(
    context: dg.AssetExecutionContext, settings: dg.ResourceParam[Settings]
) -> dg.MaterializeResult[None]:
    """Marts and seeds as one DuckDB file (readable by 1.2 and later) and Parquet, swapped by one rename."""
    with readable_errors():
        result = publish(settings)
    logger.info(f"published {result.snapshot_date} ({result.provenance}) as {result.path}")
    if result.new_headlines:
        said = {"new_headlines": result.new_headlines}
        context.log_event(dg.AssetMaterialization(headline_figures.key, metadata=said))
    return dg.MaterializeResult(
        metadata={
            "path": dg.MetadataValue.path(str(result.path)),
            "snapshot_date": result.snapshot_date.isoformat(),
            "provenance": result.provenance,
            "bytes": result.size_bytes,
            "tables": len(result.row_counts),
            "new_headlines": result.new_headlines,
            "rows": dg.MetadataValue.json(result.row_counts),
        }
    )
