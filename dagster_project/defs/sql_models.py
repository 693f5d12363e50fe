"""The SQL models: the dbt project of sql/ as assets, its tests as checks."""

import logging
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import count
from typing import Any

import dagster as dg
import duckdb
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, DbtProject, dbt_assets

from dagster_project.defs.pictures import with_picture
from dagster_project.defs.resources import OWNERS, WRITER, described_in, readable_errors, shown
from dagster_project.lib.checkout import IS_CHECKOUT, SQL
from dagster_project.lib.progress import progress_bar
from dagster_project.lib.report.documents import METRICS
from dagster_project.lib.report.preview import of_mart
from dagster_project.lib.restore.rebuild import up_to_date
from dagster_project.lib.settings import Settings
from dagster_project.lib.sql_models.plan import Plan, plan_build, record_build
from dagster_project.lib.sql_models.project import (
    TARGET,
    claim_of_test,
    in_order,
    manifest,
    marts,
    name_of_test,
    next_step,
)
from dagster_project.lib.warehouse.connection import build_memory_mb, count_rows, exclusive

PROJECT = DbtProject(project_dir=SQL, profiles_dir=SQL, target_path=TARGET)
if IS_CHECKOUT:
    PROJECT.prepare_if_dev()
UNIQUE_ID = "dagster_dbt/unique_id"  # dbt's name of a node, in the metadata of its asset
RAW_SQL = "\n\n#### Raw SQL"  # with which dagster-dbt goes on after the words of a model
UNCHANGED = "not built again: neither its SQL nor anything that it is made from has changed"
logger = logging.getLogger(__name__)


class Translator(DagsterDbtTranslator):
    """Groups are the folders of sql/models, so that the graph reads from left to right."""

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str:
        return str(dbt_resource_props["fqn"][1])

    def get_description(self, dbt_resource_props: Mapping[str, Any]) -> str:
        key = self.get_asset_key(dbt_resource_props)
        words, mark, sql = super().get_description(dbt_resource_props).partition(RAW_SQL)
        return f"{with_picture(key.path, words)}{mark}{sql}"

    def get_owners(self, dbt_resource_props: Mapping[str, Any]) -> list[str]:
        return OWNERS

    def get_asset_check_spec(
        self,
        asset_spec: dg.AssetSpec,
        manifest: Mapping[str, Any],
        unique_id: str,
        project: DbtProject | None,
    ) -> dg.AssetCheckSpec | None:
        spec = super().get_asset_check_spec(asset_spec, manifest, unique_id, project)
        test = manifest["nodes"][unique_id]
        return spec and spec._replace(name=name_of_test(test), description=claim_of_test(test))

    def get_metadata(self, dbt_resource_props: Mapping[str, Any]) -> Mapping[str, Any]:
        metadata = super().get_metadata(dbt_resource_props)
        if self.get_group_name(dbt_resource_props) != "marts":
            return metadata
        return {**metadata, **described_in(METRICS, dbt_resource_props["name"])}


@dbt_assets(
    pool=WRITER,
    manifest=manifest(),
    project=PROJECT,
    dagster_dbt_translator=Translator(
        settings=DagsterDbtTranslatorSettings(
            enable_asset_checks=True, enable_source_tests_as_checks=True, enable_code_references=True
        )
    ),
)
def sql_models(context: dg.AssetExecutionContext, settings: dg.ResourceParam[Settings]) -> Iterator[Any]:
    """Builds every day that is new or was loaded again since a model's last build, and what follows; all of
    them if the SQL is another, for what an older version has built may have other columns and other figures.
    What follows from nothing that has changed is left as it is.
    """
    from dagster_project.lib.sql_models.build import build, failed, refuse_failed  # dbt: a second to import

    with readable_errors(), exclusive(settings):
        # a refused version or a second writer is said here, in one line, not by dbt
        with up_to_date(settings) as connection:
            plan = plan_build(connection, _selected(context) if context.is_subset else None)
            memory = settings.memory_limit or f"{build_memory_mb(connection)}MB"
        logger.info(f"building the SQL models{plan.said}")
        results: list[Any] = []
        with progress_bar("models and tests", len(plan.nodes)) as advance:
            through = count(1)
            for options in plan.runs:
                results += build(
                    settings.warehouse,
                    options,
                    memory_limit=memory,
                    folder=settings.home / "logs" / "dbt",
                    ended=lambda: advance(next(through)),
                )
                if failed(results):
                    break
        with up_to_date(settings) as connection:
            yield from _reported(connection, plan, results)
            refuse_failed(results)
            record_build(connection, plan, [r.node.unique_id for r in results if r.status == "warn"])


def _selected(context: dg.AssetExecutionContext) -> frozenset[str]:
    """dbt's names of the models and tests that somebody chose in the UI."""
    return frozenset(
        name
        for name, key in keys_by_unique_id().items()
        if key in context.selected_asset_keys or key in context.selected_asset_check_keys
    )


@cache
def keys_by_unique_id() -> dict[str, dg.AssetKey | dg.AssetCheckKey]:
    """Assets of models and checks of tests, by dbt's names."""
    specs: list[dg.AssetSpec | dg.AssetCheckSpec] = [*sql_models.specs, *sql_models.check_specs]
    return {str((spec.metadata or {})[UNIQUE_ID]): spec.key for spec in specs}


def _reported(
    connection: duckdb.DuckDBPyConnection, plan: Plan, results: list[Any]
) -> Iterator[dg.Output[None] | dg.AssetCheckResult]:
    """What became of each model and test, as Dagster keeps it."""
    keys = keys_by_unique_id()
    ended = {result.node.unique_id: result for result in results}
    for name in in_order():  # Dagster wants parents before children
        key, result = keys.get(name), ended.get(name)
        if isinstance(key, dg.AssetCheckKey) and result is not None and result.status != "skipped":
            yield checked(key, result)
        elif isinstance(key, dg.AssetCheckKey) and name in plan.unchanged:
            yield dg.AssetCheckResult(
                passed=True,
                asset_key=key.asset_key,
                check_name=key.name,
                metadata={"unchanged": UNCHANGED},
            )
        elif isinstance(key, dg.AssetKey) and result is not None and result.status == "success":
            figures = _looked_at(connection, *key.path[-2:])
            yield _output(key, {"Execution Duration": result.execution_time, **figures})
        elif isinstance(key, dg.AssetKey) and name in plan.unchanged:
            yield _output(key, {"unchanged": UNCHANGED})


def _output(key: dg.AssetKey, metadata: dict[str, Any]) -> dg.Output[None]:
    return dg.Output(None, key.to_python_identifier(), metadata=metadata)


def _looked_at(connection: duckdb.DuckDBPyConnection, schema: str, table: str) -> dict[str, Any]:
    """Rows of a built table, and of a mart its picture and figures."""
    name = f"{schema}.{table}"
    picture = shown(of_mart(connection, name, marts()[table].preview)) if schema == "marts" else {}
    return {"dagster/row_count": count_rows(connection, name), **picture}


def checked(key: dg.AssetCheckKey, result: Any) -> dg.AssetCheckResult:
    """A test; a failed one says what to do next."""
    passed, is_finding = result.status == "pass", result.status == "warn"
    return dg.AssetCheckResult(
        asset_key=key.asset_key,
        check_name=key.name,
        passed=passed,
        severity=dg.AssetCheckSeverity.WARN if is_finding else dg.AssetCheckSeverity.ERROR,
        description=None if passed else next_step(result.node.name, result.failures, not is_finding),
        metadata={
            "Execution Duration": result.execution_time,
            **({} if result.failures is None else {"failed_row_count": result.failures}),
        },
    )
