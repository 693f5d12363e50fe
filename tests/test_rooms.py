"""The house: which room may import which, and that each says what belongs in it."""

import ast
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from dagster_project.lib.checkout import PROJECT

PACKAGE = PROJECT / "dagster_project"
GROUND = {"errors", "redaction", "settings", "checkout", "files", "processes", "progress", "run_log"}
# what each room of lib/ stands on, beside the ground floor; a new arrow is a decision, and belongs here
ROOMS = {
    "archive": {"hub", "record", "seeds", "sources", "warehouse"},
    "claim": {"archive", "report", "warehouse"},
    "hub": {"record", "seeds", "sources", "warehouse"},
    "lake": {"publish", "warehouse"},
    "markets": {"record", "seeds", "warehouse"},
    "publish": {"record", "sources", "warehouse"},
    "record": {"warehouse"},
    "report": {"record", "seeds", "sql_models", "warehouse"},
    "restore": {"hub", "publish", "record", "warehouse"},
    "seeds": {"warehouse"},
    "site": {"publish", "report", "warehouse"},
    "sources": {"record", "seeds", "warehouse"},
    "sql_models": {"record", "warehouse"},
    "warehouse": set(),
}


@cache
def modules() -> dict[str, Path]:
    """Every module of the package by its dotted name."""
    found = {".".join(p.relative_to(PROJECT).with_suffix("").parts): p for p in PACKAGE.rglob("*.py")}
    return {name.removesuffix(".__init__"): path for name, path in sorted(found.items())}


@cache
def imported_by(module: str) -> frozenset[str]:
    """The package's own modules that a module imports, also inside functions."""
    found = set()
    for node in ast.walk(ast.parse(modules()[module].read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
    return frozenset(found & modules().keys()) - {module}


def room_of(module: str) -> str | None:
    """The room of lib/ that a module stands in, None outside of them."""
    parts = module.split(".")
    return parts[2] if parts[1:2] == ["lib"] and parts[2:3] and parts[2] in ROOMS else None


def test_no_module_imports_itself_by_way_of_others() -> None:
    arrows = {module: imported_by(module) for module in modules() if modules()[module].name != "__init__.py"}
    TopologicalSorter(arrows).prepare()  # raises for a circle, and names it


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_stands_on_no_other_rooms_than_it_says(room: str) -> None:
    inside = [module for module in modules() if room_of(module) == room]
    assert inside
    assert {room_of(one) for module in inside for one in imported_by(module)} - {room, None} == ROOMS[room]


def test_the_rooms_are_stacked_without_a_circle() -> None:
    TopologicalSorter(ROOMS).prepare()


def test_the_ground_floor_imports_no_room() -> None:
    ground = {path.stem for path in (PACKAGE / "lib").glob("*.py")} - {"__init__"}
    assert ground == GROUND
    for name in ground:
        assert {room_of(one) for one in imported_by(f"dagster_project.lib.{name}")} <= {None}


def test_the_work_knows_neither_dagster_nor_the_wiring_nor_the_invented_world() -> None:
    for module, path in modules().items():
        if module.startswith("dagster_project.lib.") and module != "dagster_project.lib.run_log":
            assert "import dagster as dg" not in path.read_text(encoding="utf-8"), module
            outside = {one for one in imported_by(module) if not one.startswith("dagster_project.lib")}
            assert outside <= {"dagster_project"}, module


def test_every_folder_says_what_belongs_in_it() -> None:
    for path in PACKAGE.glob("**/__init__.py"):
        assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))), path
