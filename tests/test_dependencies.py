"""What the code imports is what pyproject.toml asks for, by its own name: nothing by way of others."""

import ast
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from dagster_project.lib.checkout import PROJECT

OURS = {"dagster_project", "tests", "benchmarks", "install"}
ELSEWHERE = {"pyspark"}  # tests/engines has programs for a Python that has it
SHIPPED, FOR_DEVELOPMENT = ("dagster_project", "install.py"), ("tests", "benchmarks")


def imported(*places: str) -> Iterator[tuple[str, Path]]:
    """The first name of each module that is imported below, also inside functions, and where."""
    for place in places:
        path = PROJECT / place
        for file in [path] if path.is_file() else sorted(path.rglob("*.py")):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Import):
                    yield from ((alias.name.split(".")[0], file) for alias in node.names)
                elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                    yield node.module.split(".")[0], file


def undeclared(asked: set[str], *places: str) -> dict[str, str]:
    """Modules of none of the packages that are asked for, with a file that imports each."""
    packages = packages_distributions()
    return {
        module: str(file.relative_to(PROJECT))
        for module, file in imported(*places)
        if module not in OURS | ELSEWHERE | sys.stdlib_module_names
        and not asked & {canonicalize_name(package) for package in packages.get(module, [])}
    }


def asked_for(*lists: list[str]) -> set[str]:
    return {canonicalize_name(Requirement(line).name) for lines in lists for line in lines}


def test_whatever_is_imported_is_asked_for() -> None:
    said = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
    users = said["project"]["dependencies"]
    assert undeclared(asked_for(users), *SHIPPED) == {}
    of_deploy, of_dev = (said["dependency-groups"][group] for group in ("deploy", "dev"))
    assert undeclared(asked_for(users, of_deploy), "deploy") == {}
    assert undeclared(asked_for(users, of_deploy, of_dev), *FOR_DEVELOPMENT) == {}


def test_whatever_users_are_asked_to_install_is_imported() -> None:
    """But for the UI, which `dagster dev` starts."""
    said = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
    packages = packages_distributions()
    used = {canonicalize_name(p) for module, _ in imported(*SHIPPED) for p in packages.get(module, [])}
    assert asked_for(said["project"]["dependencies"]) - used == {"dagster-webserver"}
