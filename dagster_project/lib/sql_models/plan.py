"""What each SQL model was built from when all of them were built last, and so what one more build has to do.

Belongs here: what a model means, a digest of each table that the models read, and the models and tests that
follow from those that changed. Does not belong here: which days of a model are new (sql/macros), and dbt.

What a model means is what its SQL and its macros say, comments and layout apart, and what its parents mean.
If that changes, the model is built from nothing, and so is all that follows from it. A table is left as it
is if its text is the same and nothing that it follows from has changed; so are its tests, but for those
that found something: a finding is told again by each run.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from graphlib import TopologicalSorter
from typing import Any, NamedTuple

import duckdb
import orjson

from dagster_project.lib.checkout import SQL
from dagster_project.lib.record.snapshots import DAYS
from dagster_project.lib.sql_models.project import manifest
from dagster_project.lib.warehouse.connection import scalar
from dagster_project.lib.warehouse.raw_tables import HUB_TABLES

Connection = duckdb.DuckDBPyConnection
FOUND = "found something"  # of a test, in place of what it is built from
EARLIER_LEDGERS = ("built_days", "build_windows", "built_from", "sql_version")
# a text in quotes stays as it is; a comment, of Jinja or of SQL, goes
_COMMENT = re.compile(r"""('(?:[^']|'')*'|"[^"]*")|\{#.*?#\}|--[^\n]*""", re.DOTALL)


class Plan(NamedTuple):
    """What a build is to do: dbt's names of models and tests, and dbt's options, one run after the other."""

    nodes: frozenset[str]
    runs: list[list[str]]
    unchanged: frozenset[str]  # models, and tests that passed
    built_from: dict[str, str] | None  # what to record if all goes well; None of a part of the project
    said: str


class Digests(NamedTuple):
    """Of a model or test: what it means, with all that it follows from, and all that is written of it."""

    meaning: str
    text: str


def plan_build(connection: Connection, selected: frozenset[str] | None = None) -> Plan:
    """The plan of a whole build, or of the selected models and tests as they are."""
    recorded, now = _recorded(connection), digests(manifest())
    before = {
        name: Digests(*said.split()) for name, said in recorded.items() if name in now and said != FOUND
    }
    # what another meaning has built may have other columns, and other figures on every day; a new model
    # may read it, and comes after it
    another = {
        name
        for name, digest in now.items()
        if name not in recorded or before.get(name, digest).meaning != digest.meaning
    }
    from_nothing = another if before else set(now)
    models = sum(name.startswith("model.") for name in from_nothing)
    said = f", {models} of them from nothing, for their SQL is another" if models else ""
    if selected is not None:
        return Plan(selected, _runs(selected, from_nothing), frozenset(), None, said)
    tables = _tables(connection)
    changed = [source for source, table in _sources().items() if recorded.get(table) != tables[table]]
    follow = _descendants(changed) & now.keys()
    found = {name for name in now if recorded.get(name) == FOUND}
    rewritten = {name for name, digest in now.items() if before.get(name) != digest}
    views = {name for name in now if manifest()["nodes"][name]["config"]["materialized"] == "view"}
    to_do = frozenset((follow | found) - views | rewritten | from_nothing)
    unchanged = frozenset(now.keys() - to_do)
    built_from = {name: " ".join(digest) for name, digest in now.items()} | tables
    follows = f", {len(unchanged)} follow from nothing new" if unchanged else ""
    return Plan(
        to_do,
        _runs(to_do, from_nothing),
        unchanged,
        built_from,
        f": {len(to_do)} models and tests{said}{follows}",
    )


def record_build(connection: Connection, plan: Plan, findings: Iterable[str]) -> None:
    """Say of a build that has passed what it was built from, if it was a whole one, and which tests found
    something.
    """
    if plan.built_from is None:
        return
    _create_ledger(connection)
    for ledger in EARLIER_LEDGERS:
        connection.execute(f"drop table if exists intermediate.{ledger}")
    connection.execute("delete from intermediate.builds where snapshot_date is null")
    connection.executemany(
        "insert into intermediate.builds (node, built_from) values (?, ?)",
        list({**plan.built_from, **dict.fromkeys(findings, FOUND)}.items()),
    )


def digests(project: Mapping[str, Any]) -> dict[str, Digests]:
    """Of every model and test of a parsed project."""
    macros = {
        macro["name"].removeprefix("test_"): macro["macro_sql"]
        for macro in project["macros"].values()
        if macro["package_name"] == project["metadata"]["project_name"]
    }
    project_file = (SQL / "dbt_project.yml").read_text(encoding="utf-8")
    variables = project_file.partition("\nvars:")[2]
    made: dict[str, Digests] = {}
    for name in TopologicalSorter(project["parent_map"]).static_order():
        node = project["nodes"].get(name)
        if node is None or node["resource_type"] not in ("model", "test"):
            continue
        columns = {column["name"]: column["data_type"] for column in node["columns"].values()}
        config = node["config"]
        code = _with_macros(node["raw_code"], macros)
        meaning = _digest_of(
            [_without_comments(text) for text in code],
            variables if any("var(" in text for text in code) else None,
            [config["materialized"], config["meta"].get("window"), node.get("test_metadata")],
            columns if config.get("contract", {}).get("enforced") else None,
            [[parent, *made.get(parent, ())[:1]] for parent in sorted(node["depends_on"]["nodes"])],
        )
        made[name] = Digests(
            meaning, _digest_of(node["raw_code"], node["description"], node["columns"], config)
        )
    return made


def _with_macros(code: str, macros: Mapping[str, str]) -> list[str]:
    """The code, and that of all macros that it names, or that they name, in one order."""
    found: dict[str, str] = {}
    to_read = [code]
    while to_read:
        words = set(re.findall(r"\w+", to_read.pop()))
        words |= {f"duckdb__{word}" for word in words}  # the branch that adapter.dispatch takes
        for word in sorted(words & macros.keys() - found.keys()):
            found[word] = macros[word]
            to_read.append(macros[word])
    return [code, *(found[word] for word in sorted(found))]


def _without_comments(code: str) -> str:
    return " ".join(_COMMENT.sub(lambda match: match[1] or " ", code).split())


def _digest_of(*parts: object) -> str:
    return hashlib.sha256(orjson.dumps(parts, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]


def _runs(chosen: frozenset[str], from_nothing: set[str]) -> list[list[str]]:
    """dbt's options for exactly the chosen: those that go on first, for nothing that they follow from is
    built from nothing.
    """
    going_on, anew = chosen - from_nothing, chosen & from_nothing
    return [
        *([_only(going_on)] if going_on else []),
        *([["--full-refresh", *_only(anew)]] if anew else []),
    ]


def _only(chosen: frozenset[str]) -> list[str]:
    """dbt's options for exactly these, not also for the tests that read them."""
    nodes = _nodes()
    rest = nodes.keys() - chosen
    if not rest:
        return []
    option, named = ("--exclude", rest) if len(rest) < len(chosen) else ("--select", chosen)
    names = sorted(f"fqn:{'.'.join(nodes[name]['fqn'])}" for name in named)
    return [option, *names, "--indirect-selection", "empty"]


def _nodes() -> dict[str, Any]:
    nodes = manifest()["nodes"]
    return {name: node for name, node in nodes.items() if node["resource_type"] in ("model", "test")}


def _sources() -> dict[str, str]:
    """The tables that the models read, by dbt's names."""
    return {
        name: f"{source['schema']}.{source['identifier']}" for name, source in manifest()["sources"].items()
    }


def _descendants(names: Iterable[str]) -> set[str]:
    children, found, to_visit = manifest()["child_map"], set[str](), list(names)
    while to_visit:
        for child in children.get(to_visit.pop(), ()):
            if child not in found:
                found.add(child)
                to_visit.append(child)
    return found


def _tables(connection: Connection) -> dict[str, str]:
    """A digest of each table that the models read."""
    # a day's rows change with its load and with nothing else; there are too many of them to be read
    days = _rows_of(connection, f"(from raw.loads where source in {DAYS})")
    hub = {table.full_name: days for table in HUB_TABLES}
    return {table: hub.get(table) or _rows_of(connection, table) for table in _sources().values()}


def _rows_of(connection: Connection, rows: str) -> str:
    return str(scalar(connection, f"select (count(*), bit_xor(hash(t))) from {rows} as t"))


def _recorded(connection: Connection) -> dict[str, str]:
    _create_ledger(connection)
    said = "select node, built_from from intermediate.builds where snapshot_date is null"
    return dict(connection.execute(said).fetchall())


def _create_ledger(connection: Connection) -> None:
    """As dbt does when it starts: the ledger's columns stand in sql/macros/build_window.sql alone."""
    macro = manifest()["macros"]["macro.model_tide.create_ledger"]["macro_sql"]
    connection.execute(re.sub(r"\{%.*?%\}", "", macro))
