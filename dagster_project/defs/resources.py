"""What every asset shares: settings, executor, owner, freshness, and errors that users read."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb

from dagster_project.defs.pictures import PICTURE, with_picture
from dagster_project.lib.errors import ModelTideError
from dagster_project.lib.redaction import is_telling
from dagster_project.lib.report import preview
from dagster_project.lib.report.documents import METRICS
from dagster_project.lib.settings import Settings
from dagster_project.lib.warehouse.connection import row_counts
from dagster_project.lib.warehouse.raw_tables import Table, contract

OWNERS = ["team:model-tide"]
# the pool of every asset, since each writes the warehouse or what is made of it; deploy/dagster.yaml lets one
# run of the pool go at a time, on whichever machine
WRITER = "data_home"
# a day that was not captured is gone, so a snapshot older than a day and a half is an alarm
FRESHNESS = dg.FreshnessPolicy.time_window(fail_window=timedelta(hours=36), warn_window=timedelta(hours=26))


@dg.resource
def from_environment(_: dg.InitResourceContext) -> Settings:
    """The settings of a run of the UI, read as it begins; a command gives its runs its own."""
    return Settings.from_environment()


class Unexpected(ModelTideError):
    """An error that nobody meant for a user, in whose text a secret stood."""


@contextmanager
def readable_errors() -> Iterator[None]:
    """Fail the step with the message alone; trying again cannot help unless somebody acts.

    Dagster stores an error with everything that led to it, and what a library says may hold a secret: such an
    error keeps its own text, without the secret, and loses what led to it.
    """
    try:
        yield
    except ModelTideError as error:
        raise dg.Failure(str(error), allow_retries=False) from (None if is_telling(error) else error)
    except Exception as error:
        if not is_telling(error):
            raise
        raise Unexpected(f"{type(error).__name__}: {error}") from None


def table_spec(table: Table, group: str, **kwargs: object) -> dg.AssetSpec:
    """The asset of a raw table: description and column schema from the contract."""
    columns = [dg.TableColumn(c.name, c.type, description=c.description) for c in table.columns]
    return dg.AssetSpec(
        [table.schema, table.name],
        description=with_picture([table.schema, table.name], table.description),
        group_name=group,
        kinds={"duckdb", "table"},
        owners=OWNERS,
        freshness_policy=FRESHNESS,
        metadata={
            "dagster/column_schema": dg.TableSchema(columns),
            **described_in(METRICS if table.schema == "seeds" else contract("raw"), table.name),
        },
        **kwargs,  # type: ignore[arg-type]
    )


def described_in(path: Path, name: str) -> dict[str, Any]:
    """A link to the line of a file of the project that describes a table, for the UI's "Code references"."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    line = next(
        (n for n, text in enumerate(lines, 1) if text in (f"## {name}", f"      - name: {name}")), None
    )
    # the name alone: the UI cuts longer labels in the middle
    reference = dg.LocalFileCodeReference(file_path=str(path), line_number=line, label=path.name)
    return {"dagster/code_references": dg.CodeReferencesMetadataValue(code_references=[reference])}


def shown(made: preview.Preview | None) -> dict[str, Any]:
    """A preview as metadata: the picture in place, the large one a click away, the figures as plots."""
    if made is None:
        return {}
    small = {PICTURE: dg.MetadataValue.md(made.small)} if made.small else {}
    return {**small, "preview": dg.MetadataValue.md(made.markdown), **made.figures}


def materialized(
    connection: duckdb.DuckDBPyConnection,
    tables: Iterable[Table],
    said: Mapping[str, Any],
    said_of: Mapping[str, Mapping[str, Any]] | None = None,
) -> list[dg.MaterializeResult[None]]:
    """What a step made of raw tables: rows, what is said of all, what of one by its name, a preview."""
    tables = list(tables)
    counts = row_counts(connection, tables)
    return [
        dg.MaterializeResult(
            asset_key=[table.schema, table.name],
            metadata={
                "dagster/row_count": counts[table.name],
                **said,
                **(said_of or {}).get(table.name, {}),
                **shown(preview.of_raw(connection, table)),
            },
        )
        for table in tables
    ]


@dg.definitions
def shared() -> dg.Definitions:
    """One writer; a process per step would cost 4 s each."""
    return dg.Definitions(executor=dg.in_process_executor, resources={"settings": from_environment})
