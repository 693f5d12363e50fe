"""The layers of sql/models, checked by `make lint`: who may read whom, names, and how much one SELECT joins.

Belongs here: what the manifest says of every model against the rules of its layer, and the exceptions.
Does not belong here: style (sqlfluff) and what the models compute (dbt's tests).

`sources` are read by staging alone, but for the seeds, which are decisions and stand as they are read;
staging reads nothing above it, and intermediate no mart. Marts may read anything.
"""

import re
import sys
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Any

from dagster_project.lib.sql_models.project import manifest

NAMES = {
    "staging": (r"stg_[a-z]+(_[a-z]+)*__[a-z_]+", "stg_<source>__<what>"),
    "intermediate": (r"int_[a-z]+(_[a-z]+)*__[a-z_]+", "int_<entity>__<what>"),
    "marts": (r"(fct|dim|about|latest)_[a-z_]+|model_history", "fct_, dim_, about_ or latest_<what>"),
}
MOST_JOINS = 6  # of one SELECT: what joins more says too many things at once
# (model, rule): the reason why it cannot be mended
EXCEPTIONS: dict[tuple[str, str], str] = {}
# comments, texts in quotes and Jinja, which may have Jinja in quotes of its own
NO_SQL = re.compile(
    r"""\{#.*?#\}|\{%.*?%\}|\{\{(?:"[^"]*"|'[^']*'|.)*?\s\}\}|--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'""",
    re.DOTALL,
)


def faults(project: Mapping[str, Any]) -> list[str]:
    """What breaks a rule, each with the model and what to do."""
    models = {name: node for name, node in project["nodes"].items() if node["resource_type"] == "model"}
    try:
        TopologicalSorter({name: project["parent_map"][name] for name in models}).prepare()
    except CycleError as error:
        circle = " → ".join(name.rsplit(".", 1)[-1] for name in error.args[1])
        return [f"{circle}: these read each other; take what they share into a model below them."]
    return [
        f"{node['name']}: {said}"
        for name, node in sorted(models.items())
        for rule, said in _of_model(node, project["parent_map"][name], models)
        if (node["name"], rule) not in EXCEPTIONS
    ]


def _of_model(
    node: Mapping[str, Any], parents: list[str], models: Mapping[str, Any]
) -> Iterator[tuple[str, str]]:
    layer, name = node["fqn"][1], node["name"]
    for parent in parents:
        kind, _, *rest = parent.split(".")
        above = models[parent]["fqn"][1] if parent in models else None
        read = ".".join(rest)
        if kind == "source" and rest[0] != "seeds" and layer != "staging":
            yield "sources", f"reads the source {read}; read the staging model of it, or write one."
        if layer == "staging" and above not in (None, "staging"):
            yield "staging", f"is staging and reads {read}; move it to intermediate."
        if layer == "intermediate" and above == "marts":
            yield "marts", f"reads the mart {read}; move what both need to an intermediate model."
    pattern, said = NAMES[layer]
    if not re.fullmatch(pattern, name):
        yield "name", f"is not named as {layer} is; rename it {said}."
    if (joins := most_joins(node["raw_code"])) > MOST_JOINS:
        yield "joins", f"joins {joins} times in one SELECT, {MOST_JOINS} are the most; give a part a CTE."
    described = (node["patch_path"] or "").partition("://")[2]
    if described != node["original_file_path"].removesuffix(".sql") + ".yml":
        yield "described", "has no description beside it; write a .yml of its name with its grain."


def most_joins(code: str) -> int:
    """The joins of the SELECT that has most of them, as written: one in a loop of Jinja counts once."""
    most, open_selects = 0, [0]
    for word in re.findall(r"[()]|\w+", NO_SQL.sub(" x ", code).lower()):
        if word == "(":
            open_selects.append(0)
        elif word == ")":
            open_selects.pop()
        elif word == "select":
            open_selects[-1] = 0
        elif word == "join":
            open_selects[-1] += 1
            most = max(most, open_selects[-1])
    return most


if __name__ == "__main__":
    if found := faults(manifest()):
        sys.exit("\n".join(found))
