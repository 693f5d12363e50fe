"""The dbt project of sql/ as plain data, from the manifest that dbt writes, and its version.

Belongs here: which tables are published, what their descriptions and `meta` say, where their SQL stands, and
which version of it a warehouse is built by. Does not belong here: running dbt (defs/sql_models).
"""

import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import orjson

from dagster_project.lib.warehouse import scalar

SQL = Path(__file__).parents[2] / "sql"
MANIFEST = SQL / "target" / "manifest.json"


class Mart(NamedTuple):
    """A published SQL model. Its columns are (name, type, description); `preview` has `title` and `query`."""

    name: str
    description: str
    columns: tuple[tuple[str, str, str], ...]
    sql_path: Path
    preview: Mapping[str, str] | None


@cache
def marts(manifest: Path = MANIFEST) -> dict[str, Mart]:
    """Every mart by its name, in alphabetical order."""
    nodes = orjson.loads(manifest.read_bytes())["nodes"].values()
    found = [_mart(node) for node in nodes if node["resource_type"] == "model" and node["fqn"][1] == "marts"]
    return {mart.name: mart for mart in sorted(found)}


def _mart(node: Mapping[str, Any]) -> Mart:
    return Mart(
        node["name"],
        node["description"],
        tuple((c["name"], c["data_type"], c["description"]) for c in node["columns"].values()),
        SQL / node["original_file_path"],
        node["config"]["meta"].get("preview"),
    )


def next_step(check: str, rows: int | None, is_blocking: bool) -> str:
    """What a reader of a failed test of the SQL models should know and do."""
    found = "An answer" if rows is None else f"{rows:,} row{'' if rows == 1 else 's'}"
    consequence = (
        "Nothing after it was built; what was published before stays readable."
        if is_blocking
        else "It is a finding, not a fault of the run: the publication goes on and holds it."
    )
    return (
        f"{found} against the claim {check}. {consequence} To see what: ask the query of that name under "
        "logs/dbt/compiled of the data home of a copy of warehouse.duckdb. If a day's data is at fault, load "
        "it again (`make run DAY=…` from landing, `REFETCH=1 make run` for today's); if a decision is, mend "
        "its row in sql/seeds; then run again."
    )


def sql_version(folder: Path = SQL) -> str:
    """Changes with the text of any model or macro and with dbt_project.yml."""
    digest = hashlib.sha256()
    for path in sorted([*folder.glob("models/**/*.sql"), *folder.glob("macros/**/*.sql")]):
        digest.update(f"{path.relative_to(folder)}\0".encode() + path.read_bytes())
    digest.update((folder / "dbt_project.yml").read_bytes())
    return digest.hexdigest()


def is_built_by(connection: duckdb.DuckDBPyConnection, version: str) -> bool:
    """Whether the last whole build of this warehouse that passed was made by that version."""
    connection.execute("create schema if not exists intermediate")
    connection.execute("create table if not exists intermediate.sql_version (version varchar)")
    return bool(scalar(connection, "select max(version) from intermediate.sql_version") == version)


def record_built_by(connection: duckdb.DuckDBPyConnection, version: str) -> None:
    """Say so of the build that has just passed."""
    connection.execute("create or replace table intermediate.sql_version as select ? as version", [version])
