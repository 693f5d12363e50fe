"""One parse of the SQL project serves every data home."""

from pathlib import Path
from typing import Any

import duckdb
import pytest
from dbt.cli.main import dbtRunner

from tests.sql_project import run_dbt


def _events(folder: Path, *command: str) -> dict[str, list[Any]]:
    events: dict[str, list[Any]] = {}
    runner = dbtRunner(callbacks=[lambda event: events.setdefault(event.info.name, []).append(event)])
    result = run_dbt(runner, folder, *command)
    assert result.success, result.exception
    return events


@pytest.mark.parametrize("memory", ["300MB", "700MB"])
def test_a_new_home_with_a_limit_of_its_own_reads_nothing_of_the_project_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, memory: str
) -> None:
    monkeypatch.setenv("MODELTIDE_MEMORY_LIMIT", memory)
    events = _events(tmp_path, "parse")
    assert "UnableToPartialParse" not in events
    assert "PartialParsingSkipParsing" in events


def test_dbt_opens_the_file_and_has_the_memory_that_the_environment_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODELTIDE_MEMORY_LIMIT", "300MB")
    with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as connection:
        connection.execute("create table found as select 'the home' as name")
    query = (
        "select name, current_setting('memory_limit') as memory, current_setting('threads') as threads, "
        "current_setting('disabled_optimizers') as left_out from found"
    )
    (shown,) = _events(tmp_path, "show", "--inline", query, "--output", "json")["ShowNode"]
    for value in ("the home", "286.1 MiB", '"threads": 2', "statistics_propagation"):
        assert value in shown.data.preview
