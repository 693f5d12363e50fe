"""Dagster's runs and events through connections that stay open."""

import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import psutil
import pytest
from dagster._core.storage.event_log import SqliteEventLogStorage

from dagster_project.lib.run_log import RunEvents, Runs
from dagster_project.lib.settings import Settings
from dagster_project.runs import dagster_instance, prepare_home

SAID = dg.AssetKey(["raw", "said"])


@pytest.fixture
def instance(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    monkeypatch.setenv("DAGSTER_HOME", "")
    with dagster_instance(settings) as made:
        yield made


@dg.job
def empty() -> None:
    """A run without a step."""


def say(instance: dg.DagsterInstance, day: str) -> None:
    instance.report_runless_asset_event(dg.AssetMaterialization(SAID, partition=day))


def open_files(folder: Path) -> set[str]:
    paths = [Path(file.path) for file in psutil.Process().open_files()]
    return {path.name for path in paths if path.suffix == ".db" and path.is_relative_to(folder)}


def test_the_home_keeps_its_runs_where_dagster_would_without_us(instance: dg.DagsterInstance) -> None:
    assert isinstance(instance.event_log_storage, RunEvents)
    assert isinstance(instance.run_storage, Runs)
    run = empty.execute_in_process(instance=instance).run_id
    history = Path(os.environ["DAGSTER_HOME"]) / "history"
    assert (history / "runs.db").exists()
    assert {path.name for path in (history / "runs").glob("*.db")} == {"index.db", f"{run}.db"}


def test_another_reader_of_the_files_sees_an_event_at_once(instance: dg.DagsterInstance) -> None:
    """As the UI's processes do while a run of the command line goes on."""
    history = Path(os.environ["DAGSTER_HOME"]) / "history"
    other = SqliteEventLogStorage(str(history / "runs"))
    for number in range(1, 4):
        say(instance, f"2026-01-0{number}")
        assert len(other.get_materialized_partitions(SAID)) == number


def test_what_another_process_writes_is_seen_and_nobody_waits_for_a_lock(
    instance: dg.DagsterInstance,
) -> None:
    say(instance, "2026-01-01")
    index = Path(os.environ["DAGSTER_HOME"], "history", "runs", "index.db")
    with sqlite3.connect(index, timeout=0.1) as connection:
        connection.execute("delete from event_logs")
    say(instance, "2026-01-02")
    assert instance.get_materialized_partitions(SAID) == {"2026-01-02"}


def test_of_all_runs_only_the_file_of_the_last_stays_open_and_none_at_the_end(settings: Settings) -> None:
    folder = prepare_home(settings)
    with dagster_instance(settings) as instance:
        runs = [empty.execute_in_process(instance=instance).run_id for _ in range(3)]
        assert open_files(folder) == {"runs.db", "index.db", f"{runs[-1]}.db", *schedules(folder)}
        for run in runs:
            assert instance.all_logs(run)
    assert not {f"{run}.db" for run in runs} & open_files(folder)
    assert not {"index.db", "runs.db"} & open_files(folder)


def schedules(folder: Path) -> set[str]:
    return {"schedules.db"} & open_files(folder)


def test_a_run_that_fails_in_the_middle_of_a_write_leaves_nothing_half_written(
    instance: dg.DagsterInstance,
) -> None:
    storage = instance.event_log_storage
    assert isinstance(storage, RunEvents)
    say(instance, "2026-01-01")
    with pytest.raises(ZeroDivisionError), storage.index_connection() as connection:
        connection.exec_driver_sql("delete from event_logs")
        raise ZeroDivisionError
    assert instance.get_materialized_partitions(SAID) == {"2026-01-01"}
