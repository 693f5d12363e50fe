"""What outlives its process is cleaned up by whoever comes next: runs in Dagster's record."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import dagster as dg
import psutil
import pytest
from dagster._core.events import DagsterEvent, EngineEventData
from dagster._core.storage.dagster_run import ACTIVE_RUN_STATUSES

from dagster_project import cli, runs
from dagster_project.defs.run_keeper import STARTS_WITHIN, end_dead_runs, run_keeper
from dagster_project.lib.processes import is_alive
from dagster_project.lib.restore.rebuild import up_to_date
from dagster_project.lib.settings import Settings
from dagster_project.lib.warehouse.connection import (
    BLOCK_BYTES,
    SecondRun,
    WarehouseError,
    exclusive,
    writing,
)
from tests.faults.processes import read_a_database
from tests.faults.test_second_run import another
from tests.landed import item, load

ROOT = Path(__file__).parents[2]


@pytest.fixture
def instance(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    """Dagster's record of a data home, as the commands open it."""
    monkeypatch.setenv("DAGSTER_HOME", "")  # the commands set it; it is put back
    with runs.dagster_instance(settings) as opened:
        yield opened


@pytest.fixture
def sleeper() -> Iterator[Any]:
    """A process of somebody's, alive."""
    with subprocess.Popen(["sleep", "600"]) as process:
        yield process
        process.kill()


def started_run(
    instance: dg.DagsterInstance,
    pid: int | None,
    status: dg.DagsterRunStatus = dg.DagsterRunStatus.STARTED,
    seconds_ago: float = 0,
) -> str:
    """A run in the record, with the process that said to run it."""
    run = instance.create_run_for_job(one_step, status=status)
    if pid is not None:
        event = DagsterEvent(
            event_type_value="ENGINE_EVENT",
            job_name=run.job_name,
            message=f"Executing steps in process (pid: {pid})",
            event_specific_data=EngineEventData.in_process(pid),
        )
        instance.report_dagster_event(event, run.run_id, timestamp=time.time() - seconds_ago)
    return run.run_id


@dg.job
def one_step() -> None:
    @dg.op
    def step() -> None: ...

    step()


def ended_pid() -> int:
    """The id of a process that has ended."""
    process = subprocess.Popen(["true"])
    process.wait()
    return process.pid


def until(happened: Callable[[], Any], seconds: float = 120) -> Any:
    """What it returns once that is true."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with suppress(psutil.Error):
            if found := happened():
                return found
        time.sleep(0.05)
    raise AssertionError("it did not happen")


# ---- runs ---------------------------------------------------------------------------------------------


def test_a_run_that_was_killed_in_dbt_is_ended_as_failed_by_the_next_command_and_leaves_no_process(
    connected: Settings, upstream: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGSTER_HOME", "")
    environment = {**os.environ, **upstream.environment, "MODELTIDE_HOME": str(connected.home)}
    command = [sys.executable, "-W", "ignore", "-m", "dagster_project", "run"]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL) as run:
        until((connected.home / "logs" / "dbt" / "compiled").exists)
        children = psutil.Process(run.pid).children(recursive=True)
        run.kill()
    # dbt is none of them; those that follow its logs and count its semaphores see that it is gone
    until(lambda: all(not c.is_running() or c.status() == psutil.STATUS_ZOMBIE for c in children))
    with exclusive(connected), runs.dagster_instance(connected) as instance:
        with writing(connected):
            pass
        (ended,) = instance.get_runs()
        assert ended.status is dg.DagsterRunStatus.FAILURE
        assert ended.tags["dagster/will_retry"] == "false"
        (said,) = instance.all_logs(ended.run_id, of_type=dg.DagsterEventType.RUN_FAILURE)
        assert f"({run.pid}) is gone" in said.get_dagster_event().message
        assert "landed and loaded is kept" in said.get_dagster_event().message


@pytest.mark.parametrize(
    ("status", "becomes"),
    [
        (dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.FAILURE),
        (dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.FAILURE),
        (dg.DagsterRunStatus.CANCELING, dg.DagsterRunStatus.CANCELED),
    ],
)
def test_a_dead_run_no_longer_counts_for_the_queue(
    instance: dg.DagsterInstance, status: dg.DagsterRunStatus, becomes: dg.DagsterRunStatus
) -> None:
    run_id = started_run(instance, ended_pid(), status)
    assert instance.get_run_records(dg.RunsFilter(statuses=ACTIVE_RUN_STATUSES))
    assert end_dead_runs(instance) == 1
    assert not instance.get_run_records(dg.RunsFilter(statuses=ACTIVE_RUN_STATUSES))
    assert instance.get_run_by_id(run_id).status is becomes
    assert end_dead_runs(instance) == 0


@pytest.mark.parametrize(
    "command", ["drop --date 2020-01-01", "rebuild", "import --file none --date 2020-01-01"]
)
def test_a_command_that_has_nothing_to_do_ends_a_dead_run_too(
    settings: Settings, instance: dg.DagsterInstance, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = started_run(instance, ended_pid())
    monkeypatch.setenv("MODELTIDE_HOME", str(settings.home))
    assert cli.main(command.split()) in (0, 1)
    assert instance.get_run_by_id(run_id).status is dg.DagsterRunStatus.FAILURE


def test_the_sensor_ends_a_dead_run_while_the_ui_is_up(instance: dg.DagsterInstance) -> None:
    started_run(instance, ended_pid())
    said = run_keeper(dg.build_sensor_context(instance))
    assert said.skip_message.startswith("1 runs without a process")
    assert not instance.get_run_records(dg.RunsFilter(statuses=ACTIVE_RUN_STATUSES))


def test_a_run_of_a_living_process_is_not_touched_though_the_lock_is_free(
    settings: Settings, instance: dg.DagsterInstance, sleeper: Any
) -> None:
    run_id = started_run(instance, sleeper.pid)
    with exclusive(settings), runs.dagster_instance(settings) as again:
        assert again.get_run_by_id(run_id).status is dg.DagsterRunStatus.STARTED
    sleeper.kill()
    sleeper.wait()
    assert end_dead_runs(instance) == 1


def test_a_process_that_was_given_the_id_of_a_dead_one_is_not_taken_for_it(
    instance: dg.DagsterInstance, sleeper: Any
) -> None:
    run_id = started_run(instance, sleeper.pid, seconds_ago=3_600)  # the sleeper began a moment ago
    assert end_dead_runs(instance) == 1
    assert instance.get_run_by_id(run_id).status is dg.DagsterRunStatus.FAILURE


def test_a_process_that_has_ended_and_was_not_waited_for_is_dead(sleeper: Any) -> None:
    assert is_alive(sleeper.pid, time.time())
    sleeper.send_signal(signal.SIGKILL)
    until(lambda: psutil.Process(sleeper.pid).status() == psutil.STATUS_ZOMBIE)
    assert not is_alive(sleeper.pid, time.time())


def test_a_run_that_has_just_been_launched_is_given_time_to_write_its_process_down(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = started_run(instance, None, dg.DagsterRunStatus.STARTING)
    assert end_dead_runs(instance) == 0
    later = time.time() + STARTS_WITHIN + 1
    monkeypatch.setattr(time, "time", lambda: later)
    assert end_dead_runs(instance) == 1
    assert instance.get_run_by_id(run_id).status is dg.DagsterRunStatus.FAILURE


def test_a_finished_run_stays_as_it_is(instance: dg.DagsterInstance) -> None:
    statuses = [dg.DagsterRunStatus.CANCELED, dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE]
    runs = {started_run(instance, ended_pid(), status): status for status in statuses}
    assert end_dead_runs(instance) == 0
    assert {run.run_id: run.status for run in instance.get_runs()} == runs


# ---- who holds the file -------------------------------------------------------------------------------


def test_the_error_names_the_process_that_holds_the_warehouse(settings: Settings) -> None:
    load(settings, "2026-01-01", [item(1)])
    with another(read_a_database, str(settings.warehouse)) as process:
        with pytest.raises(SecondRun) as raised, writing(settings):
            pass
        assert f"process {process.pid} (" in str(raised.value)
        assert "python" in str(raised.value)
        assert "\n" not in str(raised.value)


@pytest.mark.parametrize("damage", ["empty", "cut", "cut behind its head", "text", "flipped"])
def test_a_damaged_warehouse_of_a_home_named_blockchain_is_held_by_nobody(
    settings: Settings, tmp_path: Path, damage: str
) -> None:
    settings = replace(settings, home=tmp_path / "blockchain")
    load(settings, "2026-01-01", [item(1)])
    whole = settings.warehouse.read_bytes()
    settings.warehouse.write_bytes(
        {
            "empty": b"",
            "cut": whole[:5_000],
            "cut behind its head": whole[:20_000],
            "text": b"Lorem ipsum " * 1_000,
            "flipped": whole[:100] + bytes([whole[100] ^ 255]) + whole[101:],
        }[damage]
    )
    with pytest.raises(WarehouseError) as raised, up_to_date(settings):
        pass
    assert not isinstance(raised.value, SecondRun)
    said = str(raised.value)
    assert str(settings.warehouse) in said and "make rebuild" in said
    assert "open" not in said.split() and "\n" not in said


def test_a_damaged_block_that_is_met_at_work_is_no_lack_of_room(settings: Settings) -> None:
    with writing(settings) as connection:
        connection.execute("create table long as select range as n, hash(range) as h from range(500000)")
    with writing(settings) as connection:
        (block,) = connection.execute(
            "select min(block_id) from pragma_storage_info('long') where block_id >= 0"
        ).fetchall()[0]
    with open(settings.warehouse, "r+b") as file:
        file.seek(3 * 4_096 + block * BLOCK_BYTES + BLOCK_BYTES // 2)  # behind the three headers
        file.write(bytes(200))
    with pytest.raises(WarehouseError) as raised, writing(settings) as connection:
        connection.execute("select sum(h), max(n) from long").fetchall()
    assert "make rebuild" in str(raised.value) and "Make room" not in str(raised.value)
