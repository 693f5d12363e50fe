"""What the last whole build of the SQL models was made from, and so what one more need not do again.

Belongs here: a digest of the SQL and of each table that the models read, and the models and tests that
follow from those that changed. Does not belong here: which days of a model are new (sql/macros), and dbt.

A table is left as it is if its SQL is the same and nothing that it follows from has changed; so are its
tests, but for those that found something: a finding is told again by each run.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import duckdb

from dagster_project.lib.record.snapshots import DAYS
from dagster_project.lib.sql_models.project import manifest, project_version, sql_version
from dagster_project.lib.warehouse.connection import scalar
from dagster_project.lib.warehouse.raw_tables import HUB_TABLES

Connection = duckdb.DuckDBPyConnection
SQL_VERSION, PROJECT = "sql", "project"  # beside the tables, in the same ledger
FOUND = "found something"  # of a test, in place of a digest


class Plan(NamedTuple):
    """What a build is to do: dbt's names of models and tests, and dbt's options for it."""

    nodes: frozenset[str]
    options: list[str]
    unchanged: frozenset[str]  # models, and tests that passed
    made_from: dict[str, str] | None  # what to record if all goes well; None of a part of the project
    said: str


def plan_build(connection: Connection, selected: frozenset[str] | None = None) -> Plan:
    """The plan of a whole build, or of the selected models and tests as they are.

    All of it is built from nothing if the SQL is another.
    """
    nodes = {
        name: node for name, node in manifest()["nodes"].items() if node["resource_type"] in ("model", "test")
    }
    everything = frozenset(nodes)
    now, before = _made_from(connection), _recorded(connection)
    is_same_sql = before.get(SQL_VERSION) == now[SQL_VERSION]
    options = [] if is_same_sql else ["--full-refresh"]
    said = "" if is_same_sql else ", every day by this version"
    if selected is not None:
        return Plan(selected, [*options, *_only("--select", nodes, selected)], frozenset(), None, said)
    if not is_same_sql or before.get(PROJECT) != now[PROJECT]:
        return Plan(everything, options, frozenset(), now, said)
    changed = [
        source
        for source, node in manifest()["sources"].items()
        if before.get(_table(node)) != now[_table(node)]
    ]
    found = {name for name in nodes if before.get(name) == FOUND}
    views = {name for name, node in nodes.items() if node["config"]["materialized"] == "view"}
    to_do = ((everything & _descendants(changed)) | found) - views
    left = everything - to_do
    said = f": {len(to_do)} models and tests, {len(left)} follow from nothing new"
    return Plan(to_do, _only("--exclude", nodes, left), left, now, said)


def record_build(connection: Connection, plan: Plan, findings: Iterable[str]) -> None:
    """Say of a build that has passed what it was made from, if it was a whole one, and which tests found
    something.
    """
    if plan.made_from is None:
        return
    found = dict.fromkeys(findings, FOUND)
    connection.execute("drop table if exists intermediate.sql_version")  # of earlier versions
    connection.execute("create or replace table intermediate.built_from (name varchar, digest varchar)")
    connection.executemany(
        "insert into intermediate.built_from values (?, ?)", list({**plan.made_from, **found}.items())
    )


def _only(option: str, nodes: Mapping[str, Any], names: Iterable[str]) -> list[str]:
    """dbt's options for exactly these, not also for the tests that read them."""
    chosen = sorted(f"fqn:{'.'.join(nodes[name]['fqn'])}" for name in names)
    return [option, *chosen, "--indirect-selection", "empty"] if chosen else []


def _descendants(names: Iterable[str]) -> set[str]:
    children, found, to_visit = manifest()["child_map"], set[str](), list(names)
    while to_visit:
        for child in children.get(to_visit.pop(), ()):
            if child not in found:
                found.add(child)
                to_visit.append(child)
    return found


def _made_from(connection: Connection) -> dict[str, str]:
    """The version of the SQL and of all of the project, and a digest of each table that a model reads."""
    # a day's rows change with its load and with nothing else; there are too many of them to be read
    days = _digest(connection, f"(from raw.loads where source in {DAYS})")
    hub = {table.full_name: days for table in HUB_TABLES}
    tables = map(_table, manifest()["sources"].values())
    digests = {table: hub.get(table) or _digest(connection, table) for table in tables}
    return {SQL_VERSION: sql_version(), PROJECT: project_version(), **digests}


def _recorded(connection: Connection) -> dict[str, str]:
    connection.execute("create schema if not exists intermediate")
    connection.execute("create table if not exists intermediate.built_from (name varchar, digest varchar)")
    return dict(connection.execute("from intermediate.built_from").fetchall())


def _digest(connection: Connection, rows: str) -> str:
    return str(scalar(connection, f"select (count(*), bit_xor(hash(t))) from {rows} as t"))


def _table(source: Mapping[str, Any]) -> str:
    return f"{source['schema']}.{source['identifier']}"
