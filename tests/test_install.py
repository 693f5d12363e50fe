"""What is installed for whom, and which Python is refused before anything is.

Belongs here: the locks, the Makefile's rules that install, and install.py, all without a network.
Does not belong here: what the installed packages do.
"""

import ast
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from importlib.metadata import distribution, packages_distributions
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
USERS, DEVELOPMENT, PIP = "requirements.lock", "requirements-dev.lock", "requirements-pip.lock"
DEPLOYED = "requirements-deploy.lock"
PYTHONS = ("3.11.0", "3.11.5", "3.12.0", "3.13.9")
LEFT_OUT = set(PROJECT["tool"]["uv"]["exclude-dependencies"])


def locked(lock: str, python: str | None = None) -> list[Requirement]:
    """The requirements of a lock that count for a Python."""
    lines = [line for line in (ROOT / lock).read_text().splitlines() if not line.startswith("    --hash")]
    requirements = [Requirement(line.removesuffix(" \\")) for line in lines]
    environment = default_environment()
    if python:
        environment |= {"python_full_version": python, "python_version": python.rpartition(".")[0]}
    return [each for each in requirements if not each.marker or each.marker.evaluate(environment)]


def names(lock: str) -> set[str]:
    return {canonicalize_name(each.name) for each in locked(lock)}


def needed_by(requirements: list[str]) -> Iterator[str]:
    """What the installed packages ask for, however far away, but for what pyproject.toml leaves out."""
    seen: set[tuple[str, str]] = set()
    waiting = [Requirement(each) for each in requirements]
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        for extra in {"", *requirement.extras}:
            if name in LEFT_OUT or (name, extra) in seen:
                continue
            seen.add((name, extra))
            yield name
            asked = [Requirement(each) for each in distribution(name).requires or ()]
            waiting += [each for each in asked if not each.marker or each.marker.evaluate({"extra": extra})]


@pytest.mark.parametrize("lock", [USERS, DEVELOPMENT, DEPLOYED, PIP, "requirements-sql.lock"])
def test_a_lock_holds_exact_versions_and_their_hashes_and_nothing_else(lock: str) -> None:
    for block in (ROOT / lock).read_text().replace(" \\\n", "").splitlines():
        requirement, *hashes = block.split("    --hash=sha256:")
        version = Requirement(requirement)
        assert [each.operator for each in version.specifier] == ["=="] and version.url is None
        assert hashes and all(len(each) == 64 and int(each, 16) >= 0 for each in hashes)


@pytest.mark.parametrize("python", PYTHONS)
def test_every_python_gets_every_package_once(python: str) -> None:
    both = [canonicalize_name(each.name) for lock in (USERS, DEVELOPMENT) for each in locked(lock, python)]
    assert sorted(set(both)) == sorted(both)


@pytest.mark.parametrize("python", PYTHONS)
def test_the_image_of_deploy_gets_every_package_once_and_the_tests_one_version(python: str) -> None:
    image = [canonicalize_name(each.name) for lock in (USERS, DEPLOYED) for each in locked(lock, python)]
    assert sorted(set(image)) == sorted(image)
    development, deployed = (
        {each.name: str(each.specifier) for each in locked(lock, python)} for lock in (DEVELOPMENT, DEPLOYED)
    )
    assert {
        name: development[name] for name in development.keys() & deployed.keys()
    }.items() <= deployed.items()


def test_the_locks_hold_the_versions_that_the_project_asks_for() -> None:
    groups = PROJECT["dependency-groups"]
    for asked, locks in (
        (PROJECT["project"]["dependencies"], [USERS]),
        (groups["dev"], [USERS, DEVELOPMENT]),
        (groups["deploy"], [USERS, DEPLOYED]),
        (groups["installer"], [PIP]),
    ):
        versions = {
            canonicalize_name(each.name): str(each.specifier)[2:] for lock in locks for each in locked(lock)
        }
        for requirement in map(Requirement, asked):
            assert requirement.specifier.contains(versions[canonicalize_name(requirement.name)])


def test_users_get_what_their_packages_ask_for_and_nothing_else() -> None:
    assert set(needed_by(PROJECT["project"]["dependencies"])) == names(USERS)


def test_the_project_imports_nothing_that_only_development_installs() -> None:
    imported = set()
    for module in (ROOT / "dagster_project").rglob("*.py"):
        for node in ast.walk(ast.parse(module.read_text())):
            if isinstance(node, ast.Import):
                imported |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                imported.add(node.module.partition(".")[0])
    providers = packages_distributions()
    foreign = imported - sys.stdlib_module_names - {"dagster_project"}
    assert {"dagster", "duckdb", "numpy"} <= foreign
    provided = {name: {canonicalize_name(each) for each in providers[name]} for name in foreign}
    assert [name for name in foreign if not provided[name] & names(USERS)] == []


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Make in a tree that has what an installation reads, with a Python of its own."""
    for name in ("Makefile", "install.py", "pyproject.toml", USERS, DEVELOPMENT, PIP):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / "sql").mkdir()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}

    def run(*words: str, **settings: str) -> subprocess.CompletedProcess[str]:
        here = {"cwd": tmp_path, "env": environment | settings}
        return subprocess.run(["make", *words], **here, capture_output=True, text=True, check=False)

    return run


def test_make_allows_the_pythons_that_the_project_does() -> None:
    allowed = SpecifierSet(PROJECT["project"]["requires-python"])
    in_make = next(line for line in (ROOT / "Makefile").open() if line.startswith("PYTHONS"))
    assert [f"3.{minor}" for minor in range(30) if f"3.{minor}.9" in allowed] == in_make.split()[2:]


@pytest.mark.parametrize("version", ["2.7.18", "3.10.13", "3.14.1"])
def test_another_python_is_refused_in_one_line_and_nothing_is_made(make, tmp_path, version) -> None:
    python = tmp_path / "another-python"
    python.write_text(f"#!/bin/sh\necho {version}\n")
    python.chmod(0o755)
    refused = make("report", f"PYTHON={python}")
    assert refused.returncode != 0 and refused.stdout == "" and len(refused.stderr.splitlines()) == 1
    assert f"{python} is Python {version}, one of 3.11 3.12 3.13 is needed" in refused.stderr
    assert "make demo PYTHON=python3.12" in refused.stderr
    assert not (tmp_path / ".venv").exists()


def test_no_python_is_told_in_one_line_and_nothing_is_made(make, tmp_path) -> None:
    refused = make("test", "PYTHON=python-of-nobody")
    assert refused.returncode != 0 and refused.stdout == "" and len(refused.stderr.splitlines()) == 1
    assert "python-of-nobody is no Python here, one of 3.11 3.12 3.13 is needed" in refused.stderr
    assert not (tmp_path / ".venv").exists()


def test_a_python_that_makes_no_environments_is_told_in_one_line_and_nothing_is_made(make, tmp_path) -> None:
    (tmp_path / "debian").mkdir()
    (tmp_path / "debian" / "sitecustomize.py").write_text("import sys; sys.modules['ensurepip'] = None")
    refused = make("report", f"PYTHON={sys.executable}", PYTHONPATH=str(tmp_path / "debian"))
    package = "python{}.{}-venv".format(*sys.version_info)
    assert refused.returncode != 0 and refused.stdout == ""
    assert f"cannot make an environment here: apt install {package}" in refused.stderr.splitlines()[0]
    assert not (tmp_path / ".venv").exists()


def test_what_was_interrupted_is_not_taken_for_whole_and_begins_anew(make, tmp_path) -> None:
    left = tmp_path / ".venv" / "lib" / "left"
    left.parent.mkdir(parents=True)
    left.touch()
    stopped = make(".venv/installed", f"PYTHON={sys.executable}", PIP_NO_INDEX="1", PIP_FIND_LINKS="")
    assert stopped.returncode != 0 and "requirements.lock is not installed" in stopped.stderr
    assert not left.exists() and not (tmp_path / ".venv" / "installed").exists()


@pytest.mark.parametrize(
    ("targets", "locks"),
    [
        ("demo run dev report rebuild backfill import drop claim docs", (USERS,)),
        ("test lint bench soak screenshots", (USERS, DEVELOPMENT)),
    ],
)
def test_a_target_installs_what_it_needs_and_again_when_that_changes(make, tmp_path, targets, locks) -> None:
    def installed() -> set[tuple[str, ...]]:
        """The locks that make would install, as one set if all targets agree."""
        said = [make("--dry-run", target, f"PYTHON={sys.executable}").stdout for target in targets.split()]
        return {
            tuple(line.split()[-1] for line in each.splitlines() if "install.py" in line) for each in said
        }

    assert installed() == {locks}
    (tmp_path / ".venv").mkdir()
    for mark in ("installed", "installed-dev"):
        (tmp_path / ".venv" / mark).touch()
    assert installed() == {()}
    os.utime(tmp_path / locks[-1], (2**32, 2**32))
    assert installed() == {locks[-1:]}
