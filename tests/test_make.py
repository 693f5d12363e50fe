"""What is typed after make reaches the programs as it is typed.

Belongs here: values on their way from the command line or the environment to the program.
Does not belong here: what the program does with them (end_to_end/test_commands), and installing it.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from dagster_project.lib.checkout import PROJECT

ODD = (
    "it's mine.parquet",
    'a"b"c',
    "a$b.parquet",
    "$HOME/$(HOME)/${HOME}/$$",
    "`touch made`",
    "; touch made; '; touch made; #",
    "a\\b *?[x] & | < > ~ ! %20",
    "$(shell touch made)",
    "two  spaces ",
    "ünï,cödé=1:2",
)
TYPED = {
    "import": ("FILE", "DATE", "MODELTIDE_HOME"),
    "backfill": ("FROM", "TO", "EVERY"),
    "drop": ("DATE", "MODELTIDE_SEEDS"),
    "run": ("DAY", "HF_TOKEN"),
    "claim": ("CLAIM", "DEMO"),
    "sql": ("MODELTIDE_HOME",),
}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A checkout whose Python prints what it was started with, in a folder with a space and a quote."""
    folder = tmp_path / "it's here"
    for name in (".venv/bin", ".venv-sql", "sql/target"):
        (folder / name).mkdir(parents=True)
    for name in ("Makefile", "requirements.lock", "requirements-sql.lock", "install.py"):
        shutil.copyfile(PROJECT / name, folder / name)
    for mark in (".venv/installed", ".venv-sql/installed", "sql/target/manifest.json"):
        (folder / mark).touch()
    python = folder / ".venv/bin/python"
    python.write_text(
        f"#!{sys.executable}\nimport json, os, sys\nprint(json.dumps([sys.argv[1:], dict(os.environ)]))\n"
    )
    python.chmod(0o755)
    return folder


def started(tree: Path, *words: str, **environment: str) -> tuple[list[str], dict[str, str]]:
    own = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MODELTIDE"))}
    said = subprocess.run(
        ["make", *words], cwd=tree, env=own | environment, capture_output=True, text=True, check=False
    )
    assert said.returncode == 0, said.stderr
    assert not list(tree.rglob("made"))
    arguments, seen = json.loads(said.stdout)
    return arguments, seen


@pytest.mark.parametrize("target", TYPED)
@pytest.mark.parametrize("value", ODD)
def test_what_is_typed_reaches_the_program_as_it_is(tree: Path, target: str, value: str) -> None:
    values = dict.fromkeys(TYPED[target], value)
    arguments, seen = started(tree, target, *(f"{name}={text}" for name, text in values.items()))
    assert arguments == ["-m", "dagster_project", target]
    assert {name: seen[name] for name in values} == values


@pytest.mark.parametrize("value", ODD)
def test_what_the_environment_has_reaches_the_program_as_it_is(tree: Path, value: str) -> None:
    names = [name for names in TYPED.values() for name in names]
    _, seen = started(tree, "import", **dict.fromkeys(names, value))
    assert {name: seen[name] for name in names} == dict.fromkeys(names, value)
