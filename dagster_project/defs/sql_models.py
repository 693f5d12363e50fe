"""The SQL models: the dbt project of sql/ as assets, its tests as checks."""

import os
from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg
import duckdb
from dagster_dbt import (
    DagsterDbtTranslator,
    DagsterDbtTranslatorSettings,
    DbtCliResource,
    DbtProject,
    dbt_assets,
)

from dagster_project.defs.resources import OWNERS, described_in, readable_errors, shown
from dagster_project.lib.docs import METRICS
from dagster_project.lib.preview import of_mart
from dagster_project.lib.processes import writer_environment
from dagster_project.lib.rebuild import up_to_date
from dagster_project.lib.settings import Settings, memory_limit
from dagster_project.lib.sql_project import (
    SQL,
    is_built_by,
    marts,
    next_step,
    record_built_by,
    sql_version,
)
from dagster_project.lib.warehouse import build_memory_mb, count_rows, exclusive

os.environ["DBT_SEND_ANONYMOUS_USAGE_STATS"] = "false"
PROJECT = DbtProject(project_dir=SQL, profiles_dir=SQL)
PROJECT.prepare_if_dev()


class Translator(DagsterDbtTranslator):
    """Groups are the folders of sql/models, so that the graph reads from left to right."""

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str:
        return str(dbt_resource_props["fqn"][1])

    def get_owners(self, dbt_resource_props: Mapping[str, Any]) -> list[str]:
        return OWNERS

    def get_metadata(self, dbt_resource_props: Mapping[str, Any]) -> Mapping[str, Any]:
        metadata = super().get_metadata(dbt_resource_props)
        if self.get_group_name(dbt_resource_props) != "marts":
            return metadata
        return {**metadata, **described_in(METRICS, dbt_resource_props["name"])}


@dbt_assets(
    manifest=PROJECT.manifest_path,
    project=PROJECT,
    dagster_dbt_translator=Translator(
        settings=DagsterDbtTranslatorSettings(
            enable_asset_checks=True, enable_source_tests_as_checks=True, enable_code_references=True
        )
    ),
)
def sql_models(context: dg.AssetExecutionContext, dbt: DbtCliResource) -> Iterator[Any]:
    """Builds every day that is new or was loaded again since a model's last build, and what follows; all of
    them if the SQL is another, for what an older version has built may have other columns and other figures.
    """
    with readable_errors():
        settings, version = Settings.from_environment(), sql_version()
        # a refused version or a second writer is said here, in one line, not by dbt
        with up_to_date(settings, context.log.info) as connection:
            os.environ["MODELTIDE_MEMORY_LIMIT"] = memory_limit() or f"{build_memory_mb(connection)}MB"
            is_same_sql = is_built_by(connection, version)
        with exclusive(settings):
            os.environ.update(writer_environment(settings.warehouse))
            # unit tests need no data and run in `make test`
            command = ["build", "--exclude-resource-type", "unit_test"]
            if not is_same_sql:
                command.append("--full-refresh")
            context.log.info(
                "building the SQL models" + ("" if is_same_sql else ", every day by this version")
            )
            outputs = []
            target = settings.home / "logs" / "dbt"  # one folder, not one more for every run
            for event in dbt.cli(command, context=context, target_path=target).stream():
                if isinstance(event, dg.Output):
                    outputs.append(event)
                else:
                    yield with_next_step(event)
            # asked here, once dbt has let go of the file: dagster-dbt's own count keeps it open
            tables = {
                output.output_name: context.asset_key_for_output(output.output_name) for output in outputs
            }
            with up_to_date(settings, context.log.info) as connection:
                if not context.is_subset:
                    record_built_by(connection, version)
                for output in outputs:
                    schema, table = tables[output.output_name].path[-2:]
                    yield output.with_metadata({**output.metadata, **_looked_at(connection, schema, table)})


def _looked_at(connection: duckdb.DuckDBPyConnection, schema: str, table: str) -> dict[str, Any]:
    """Rows of a built table, and of a mart its picture and figures."""
    name = f"{schema}.{table}"
    picture = shown(of_mart(connection, name, marts()[table].preview)) if schema == "marts" else {}
    return {"dagster/row_count": count_rows(connection, name), **picture}


def with_next_step(event: Any) -> Any:
    """A failed test says what to do next."""
    if not isinstance(event, dg.AssetCheckResult) or event.passed:
        return event
    rows = event.metadata.get("dagster_dbt/failed_row_count")
    is_blocking = event.severity is dg.AssetCheckSeverity.ERROR
    count = int(str(rows.value)) if rows else None
    return event._replace(description=next_step(str(event.check_name), count, is_blocking))
