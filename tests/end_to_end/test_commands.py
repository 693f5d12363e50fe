"""The commands as they are typed: one line for every mistake, and never a traceback."""

import os
import subprocess
import sys
import time
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from unittest.mock import patch

import pytest

from dagster_project import cli
from dagster_project.lib.settings import Settings
from dagster_project.lib.warehouse.connection import exclusive

ROOT = Path(__file__).parents[2]


def typed(home: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "dagster_project", *arguments],
        cwd=ROOT,
        env={**os.environ, "MODELTIDE_HOME": str(home), **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def called(home: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The same in this process, which has imported everything: a second less."""
    out, error = StringIO(), StringIO()
    with (
        patch.dict(os.environ, {"MODELTIDE_HOME": str(home), **environment}),
        redirect_stdout(out),
        redirect_stderr(error),
    ):
        code = cli.main(list(arguments))
    return subprocess.CompletedProcess(arguments, code, out.getvalue(), error.getvalue())


def one_line(result: subprocess.CompletedProcess[str]) -> str:
    assert result.returncode == 1
    assert result.stdout == ""
    lines = result.stderr.strip().splitlines()
    assert len(lines) == 1, result.stderr
    return lines[0]


def test_without_a_network_run_ends_in_seconds_with_one_line_and_writes_nothing(tmp_path: Path) -> None:
    started = time.monotonic()
    said = one_line(typed(tmp_path / "data", "run", HF_ENDPOINT="http://127.0.0.1:9"))
    assert time.monotonic() - started < 30  # imports included; the probe itself has 5 seconds
    assert "Could not reach 127.0.0.1:9" in said
    assert "Nothing was written" in said
    assert "`make demo` needs no network" in said
    assert [path.name for path in (tmp_path / "data").iterdir()] == [".lock"]


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("HUB_SCOPE", "everything"),
        ("HUB_TOP", "-1"),
        ("MODELTIDE_SEEDS", "/no/such"),
        ("MODELTIDE_DATASET", "no-publisher"),
        ("MODELTIDE_PRIVATE_DATASET", "a/b/c"),
        ("MODELTIDE_HOME", "s3://bucket/data"),
    ],
)
def test_a_bad_setting_is_one_line_that_names_it(tmp_path: Path, variable: str, value: str) -> None:
    said = one_line(called(tmp_path, "run", **{variable: value}))
    assert f"{variable} is {value!r}; allowed: " in said


@pytest.mark.parametrize(
    ("variable", "value", "shown"),
    [
        ("HF_ENDPOINT", "http://[::1", "http://[::1"),  # the Hub's client would raise while it is imported
        ("HF_TOKEN", "two words", "<not shown>"),
    ],
)
def test_a_bad_setting_is_one_line_before_anything_is_imported(
    tmp_path: Path, variable: str, value: str, shown: str
) -> None:
    said = one_line(typed(tmp_path, "run", **{variable: value}))
    assert f"{variable} is '{shown}'; allowed: " in said
    assert value == shown or value not in said


def test_without_a_dataset_and_a_token_pull_and_push_say_so_and_ask_nobody(tmp_path: Path) -> None:
    for command, said in [
        ("pull", "MODELTIDE_DATASET and MODELTIDE_PRIVATE_DATASET are not set: nothing was asked for."),
        ("push", "Nothing was uploaded: that takes HF_TOKEN, and MODELTIDE_DATASET or"),
    ]:
        result = called(tmp_path / "data", command, HF_ENDPOINT="http://127.0.0.1:9")
        assert (result.returncode, result.stderr) == (0, "")
        assert said in result.stdout


@pytest.mark.parametrize("variable", ["HF_TOKEN", "OPENROUTER_API_KEY", "ALERT_WEBHOOK_URL"])
@pytest.mark.parametrize("value", ["sk-or-v1-X\n# note", "two words", "tab\tinside", "sk-ключ"])
def test_a_bad_secret_is_refused_and_not_shown(tmp_path: Path, variable: str, value: str) -> None:
    said = one_line(called(tmp_path, "run", **{variable: value}))
    assert f"{variable} is '<not shown>'; allowed: " in said
    assert not any(part in said for part in value.split())


def test_a_bad_day_is_one_line(tmp_path: Path) -> None:
    assert "DAY is '14.1.2026'" in one_line(called(tmp_path, "run", "--day", "14.1.2026"))


def test_what_is_not_typed_is_taken_from_the_environment_as_make_gives_it(tmp_path: Path) -> None:
    for command, values, said in [
        ("lake", {}, "a home/warehouse.duckdb yet, so nothing was written. Type `make run`"),
        ("lake", {"LAKE": "s3://me:secret@bucket"}, "LAKE is '<not shown>'; allowed: a path, or an address"),
        ("run", {"DAY": "20260114"}, "DAY is '20260114'; allowed: a day as YYYY-MM-DD"),
        ("backfill", {"FROM": "2026-W01-1"}, "FROM is '2026-W01-1'; allowed: "),
        ("backfill", {"FROM": "2026-01-01"}, "TO is ''; allowed: "),
        ("backfill", {"FROM": "2026-01-01", "TO": "2026-01-02", "EVERY": "no"}, "EVERY is 'no'; allowed: "),
        (
            "import",
            {"FILE": "it's $mine?.csv", "DATE": "2026-01-01"},
            "it's $mine?.csv is not a file that is",
        ),
        ("import", {"DATE": "2026-01-01"}, "FILE '' is not a file that is there"),
        ("drop", {"DATE": "2026-01-01"}, "No day 2026-01-01 is loaded"),
        ("claim", {"CLAIM": "it's '; a claim"}, "it's '; a claim"),
        ("claim", {"DEMO": "perhaps"}, "DEMO is 'perhaps'; allowed: 1 or 0"),
        ("sql", {}, "published/modeltide.duckdb is not there: type make run or make demo first."),
    ]:
        assert said in one_line(
            called(tmp_path / "a home", command, HF_ENDPOINT="http://127.0.0.1:9", **values)
        )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("backfill", "--from", "yesterday", "--to", "2025-03-01"), "FROM is 'yesterday'; allowed: "),
        (
            ("backfill", "--from", "2025-03-01", "--to", "2025-02-01"),
            "FROM=2025-03-01 is after TO=2025-02-01",
        ),
        (("backfill", "--from", "2025-03-01", "--to", "2999-01-01"), "TO is 2999-01-01, in the future"),
        (("import", "--file", "", "--date", "2025-03-01"), "is not a file that is there. Nothing was loaded"),
        (("import", "--file", "a.parquet", "--date", "1.3.2025"), "DATE is '1.3.2025'; allowed: "),
        (("drop", "--date", "2025-03-01"), "No day 2025-03-01 is loaded; nothing was removed."),
    ],
)
def test_a_past_day_that_cannot_be_is_one_line(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    assert said in one_line(called(tmp_path / "data", *arguments))


def test_a_second_run_says_so_in_one_line(tmp_path: Path) -> None:
    with exclusive(Settings(home=tmp_path)):
        said = one_line(typed(tmp_path, "run", HF_ENDPOINT="http://127.0.0.1:9"))
    assert f"Another run (process {os.getpid()}) is writing to {tmp_path}" in said


def test_a_report_that_is_not_there_yet_is_one_line_that_says_what_to_do(tmp_path: Path) -> None:
    said = one_line(called(tmp_path, "report"))
    assert f"There is no report at {tmp_path / 'published' / 'report.html'} yet. Type `make run`" in said


def test_a_report_is_opened_in_the_browser_and_its_path_is_printed(tmp_path: Path) -> None:
    """BROWSER is how Python is told which browser to open; this one says what it was asked for."""
    page = tmp_path / "published" / "report.html"
    page.parent.mkdir()
    page.write_text("<!doctype html>")
    result = typed(tmp_path, "report", BROWSER="echo %s")
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.split() == [str(page), page.as_uri()]


def test_a_rebuild_of_nothing_says_so_and_changes_nothing(tmp_path: Path) -> None:
    result = called(tmp_path, "rebuild")
    assert result.returncode == 0
    assert "holds no load: nothing to rebuild" in result.stdout
    assert not (tmp_path / "warehouse.duckdb").exists()
