"""The dbt project of sql/ as plain data, from the manifest that dbt writes.

Belongs here: which tables are published, what their descriptions and `meta` say, where their SQL stands, and
the manifest of an installed package. Does not belong here: building (build), and what is built (plan).
"""

import hashlib
import logging
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from graphlib import TopologicalSorter
from importlib.metadata import distribution
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from dagster_project.lib.checkout import IS_CHECKOUT, SQL, as_typed
from dagster_project.lib.settings import Settings


def _target() -> Path:
    """Where dbt keeps what it has parsed; a package has nowhere to write, and another one other SQL."""
    if IS_CHECKOUT:
        return SQL / "target"
    package = hashlib.sha256((distribution("model-tide").read_text("RECORD") or "").encode())
    return Settings.from_environment().cache / f"sql-{package.hexdigest()[:16]}"


TARGET = _target()
MANIFEST = TARGET / "manifest.json"
PARSED = MANIFEST.with_name("partial_parse.msgpack")  # by `make`; what every dbt starts from, for any home
PARSED_ONCE = {"DBT_PARTIAL_PARSE_FILE_PATH": str(PARSED)}  # the same for a dbt of another process


class Mart(NamedTuple):
    """A published SQL model. Its columns are (name, type, description); `preview` has `title` and `query`."""

    name: str
    description: str
    columns: tuple[tuple[str, str, str], ...]
    sql_path: Path
    preview: Mapping[str, str] | None


@cache
def manifest() -> dict[str, Any]:
    """What dbt has parsed: its nodes, its sources, and who reads whom."""
    if not MANIFEST.exists():
        _parse()
    parsed: dict[str, Any] = orjson.loads(MANIFEST.read_bytes())
    return parsed


def _parse() -> None:
    """What `make` does in a checkout before anything is started. The folder comes into being whole."""
    from dbt.cli.main import dbtRunner  # a second to import

    logging.getLogger(__name__).info("reading the SQL models, once for this data home (10 to 30 s)")
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=TARGET.parent) as folder:
        made = Path(folder) / TARGET.name
        result = dbtRunner().invoke([
            "parse", "--quiet", "--project-dir", str(SQL), "--profiles-dir", str(SQL),
            "--target-path", str(made), "--log-path", str(made), "--log-level-file", "none",
        ])  # fmt: skip
        if result.exception is not None:
            raise result.exception
        with suppress(FileExistsError):  # another process was faster
            made.rename(TARGET)


@cache
def in_order() -> list[str]:
    """dbt's names of all that it has parsed, parents before children."""
    return list(TopologicalSorter(manifest()["parent_map"]).static_order())


@cache
def marts() -> dict[str, Mart]:
    """Every mart by its name, in alphabetical order."""
    nodes = manifest()["nodes"].values()
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
    return as_typed(
        f"{found} against the claim {check}. {consequence} To see what: ask the query of that name under "
        "logs/dbt/compiled of the data home of a copy of warehouse.duckdb. If a day's data is at fault, load "
        "it again (`make run DAY=…` from landing, `REFETCH=1 make run` for today's); if a decision is, mend "
        "its row in sql/seeds; then run again."
    )


def name_of_test(test: Mapping[str, Any]) -> str:
    """A test's name beside that of its table, which dbt's own repeats: the UI's lists have 29 characters."""
    if "test_metadata" not in test:
        return str(test["name"])
    kind, asked = test["test_metadata"]["name"], test["test_metadata"]["kwargs"]
    column = asked.get("column_name") or (asked["columns"][0] if len(asked.get("columns", [])) == 1 else None)
    kind = {"accepted_values": "values"}.get(kind, kind)
    return f"{kind}_{column}" if column else str(kind)


def claim_of_test(test: Mapping[str, Any]) -> str:
    """What a test of the SQL models claims: its own description, or one made of what it is called with.

    Of a test that is a file of its own, its name and the comment that begins it.
    """
    if test["description"]:
        return str(test["description"])
    if "test_metadata" not in test:
        name = test["name"].replace("_", " ").capitalize()
        reason = next(line[3:] for line in test["raw_code"].splitlines() if line.startswith("-- "))
        return f"{name}: {reason}."
    kind, asked = test["test_metadata"]["name"], test["test_metadata"]["kwargs"]
    column, filled = asked.get("column_name"), ", ".join(asked.get("never_null", []))
    if kind == "grain":
        claim = f"One row per {' × '.join(asked['columns'])}" + (f"; never NULL: {filled}" if filled else "")
    elif kind == "accepted_values":
        claim = f"{column} is one of {', '.join(map(str, asked['values']))}, or NULL"
    elif kind == "at_least":
        claim = f"{column} is at least {asked['bound']}, or NULL"
    elif kind == "sums_to_one":
        claim = f"{column} sums to 1 within each {' × '.join(asked['group_by'])}"
    else:  # never_null, and dbt's own not_null
        claim = f"Never NULL: {', '.join(asked.get('columns', [column]))}"
    return f"{claim}. Asked of the newest days only." if test["config"]["where"] else f"{claim}."
