"""What `pip install model-tide` brings: the SQL with the code, and a command that needs no checkout.

Belongs here: what is in a wheel, and the package in an environment and a folder of its own.
Does not belong here: the locks and the checkout's own environment (test_install).
"""

import os
import subprocess
import sys
import sysconfig
from pathlib import Path
from zipfile import ZipFile

import duckdb
import pytest

from dagster_project import cli
from dagster_project.lib.checkout import COMMANDS, PROJECT, as_typed
from dagster_project.lib.errors import ModelTideError
from dagster_project.lib.sql_models.project import marts
from dagster_project.synthetic.server import Upstream
from tests.browser.dagster_ui import dagster_ui

# at the top of the checkout, and needed beside the code
SHIPPED = {"pyproject.toml", "workspace.yaml", "docs/metrics.md", "docs/start-here.md"}
OF_THE_CHECKOUT = {"sql/spark.sh"}  # it makes its environment with make


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from the checkout, as `uv build` does."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(command, cwd=PROJECT, check=True, capture_output=True)
    (made,) = folder.glob("*.whl")
    return made


class Installed:
    """The wheel in an environment of its own, and an empty folder to work in."""

    def __init__(self, wheel: Path, folder: Path) -> None:
        uv = Path(sys.executable).with_name("uv")
        environment = folder / "environment"
        self.script, self.folder = environment / "bin" / "modeltide", folder / "empty"
        self.folder.mkdir()
        for command in (
            ["venv", "--quiet", "--offline", "--python", sys.executable, str(environment)],
            ["pip", "install", "--offline", "--no-deps", "--python", str(environment), str(wheel)],
        ):
            subprocess.run([str(uv), *command], check=True, capture_output=True)
        # what it depends on is lent: a path in a .pth file is searched, and its own .pth files are not read
        (lent,) = environment.glob("lib/*/site-packages")
        (lent / "lent.pth").write_text(sysconfig.get_path("purelib"))

    @property
    def environment(self) -> dict[str, str]:
        own = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        return own | {"PYTHONWARNINGS": "ignore"}

    def typed(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(self.script), *words],
            cwd=self.folder,
            env=self.environment | environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def files(self) -> dict[Path, int]:
        """What the package brought, with its sizes; Python's own cache apart."""
        (package,) = self.script.parents[1].glob("lib/*/site-packages/dagster_project")
        found = (path for path in package.rglob("*") if path.is_file() and path.suffix != ".pyc")
        return {path: path.stat().st_size for path in found}


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    return Installed(wheel, tmp_path_factory.mktemp("installed"))


def of_git(*places: str) -> set[str]:
    """Files that are tracked, or would be."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", *places]
    said = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True).stdout
    return {name for name in said.splitlines() if (PROJECT / name).exists()}


def test_a_wheel_holds_the_package_the_sql_and_what_is_read_beside_them_and_nothing_else(wheel: Path) -> None:
    with ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
        texts = [archive.read(name) for name in held]
    beside = (of_git("sql") - OF_THE_CHECKOUT) | SHIPPED
    assert held == of_git("dagster_project") | {f"dagster_project/shipped/{name}" for name in beside}
    assert not any(str(PROJECT).encode() in text for text in texts)


def test_in_an_empty_folder_a_command_says_what_to_type_without_make(installed: Installed) -> None:
    said = installed.typed("--help").stdout
    assert said.startswith("usage: modeltide ") and "docs" not in said
    refused = installed.typed("report")
    assert refused.returncode == 1 and refused.stderr == (
        f"There is no report at {installed.folder}/data/published/report.html yet. Type `modeltide run`, or "
        "`modeltide demo` without a network; `MODELTIDE_HOME=data/demo modeltide report` opens the demo's.\n"
    )
    assert list(installed.folder.iterdir()) == []


@pytest.mark.slow
def test_from_an_empty_folder_the_package_takes_a_day_and_publishes_it(installed: Installed) -> None:
    brought = installed.files()
    with Upstream(models=2_500, quota=1_000_000) as upstream:
        done = installed.typed("run", **upstream.environment)
    assert done.returncode == 0, done.stderr
    published = installed.folder / "data" / "published"
    assert f"Published {published / 'modeltide.duckdb'} for 2026-01-14." in done.stdout
    with duckdb.connect(str(published / "modeltide.duckdb"), read_only=True) as connection:
        tables = {name for (name,) in connection.execute("select table_name from about_tables").fetchall()}
    assert {name for name in marts() if not name.startswith("latest_")} <= tables
    assert "fct_openness_daily" in (published / "metrics.html").read_text(encoding="utf-8")
    assert (published / "report.html").exists()
    assert [path.name for path in installed.folder.iterdir()] == ["data"]
    assert installed.files() == brought  # another user's package could not be written to


@pytest.mark.slow
def test_the_ui_of_the_package_loads_the_project(installed: Installed) -> None:
    brought = installed.files()
    with dagster_ui(installed.folder / "data", installed.environment, [str(installed.script)]):
        pass  # it has loaded the definitions
    assert installed.files() == brought


@pytest.mark.parametrize(
    ("said", "without_make"),
    [
        ("Type `make run`, or `make demo`.", "Type `modeltide run`, or `modeltide demo`."),
        ("type make run or make demo first.", "type modeltide run or modeltide demo first."),
        ("`make run DAY=2026-01-14 REFETCH=1`", "`DAY=2026-01-14 REFETCH=1 modeltide run`"),
        ("`REFETCH=1 make run` for today's", "`REFETCH=1 modeltide run` for today's"),
        ("type make claim CLAIM=list.", "type CLAIM=list modeltide claim."),
        ('make claim CLAIM="qwen Alibaba 2026-01-13"', 'CLAIM="qwen Alibaba 2026-01-13" modeltide claim'),
        ("make room, make runs", "make room, make runs"),
    ],
)
def test_a_command_of_make_becomes_one_of_the_package(said: str, without_make: str) -> None:
    assert as_typed(said, in_checkout=False) == without_make
    assert as_typed(said) == str(ModelTideError(said)) == said


def test_every_command_but_for_that_of_development_has_such_a_name(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        cli.main(["--help"])
    listed = capsys.readouterr().out.partition("{")[2].partition("}")[0]
    assert set(listed.split(",")) == {*COMMANDS, "docs"}
