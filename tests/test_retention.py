"""What is deleted of Dagster's record and of the logs, what stays, and that the space comes back."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest
import yaml
from dagster._core.definitions.run_request import InstigatorType

from dagster_project import runs
from dagster_project.defs import run_keeper as kept
from dagster_project.defs.run_keeper import KEEP_DAYS, KEEP_RUNS, forget_old_runs
from dagster_project.lib.checkout import PROJECT
from dagster_project.lib.settings import Settings

LATER = datetime.now(UTC) + timedelta(days=KEEP_DAYS + 1)
CHECK = dg.AssetCheckKey(dg.AssetKey("large"), "is_large")


@dg.asset(
    check_specs=[dg.AssetCheckSpec("is_large", asset="large")],
    partitions_def=dg.StaticPartitionsDefinition([str(number) for number in range(40)]),
)
def large(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
    """200 KB of metadata, as many of the real ones together."""
    print("a line of its own log")
    check = dg.AssetCheckResult(passed=True, metadata={"rows": dg.MetadataValue.text("x" * 100_000)})
    return dg.MaterializeResult(metadata={"rows": "x" * 200_000}, check_results=[check])


@dg.op
def nothing() -> None: ...


@dg.job
def another_job() -> None:
    nothing()


@dg.job
def failing_job() -> None:
    @dg.op
    def fails() -> None:
        raise ValueError("as it must")

    fails()


@pytest.fixture
def instance(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    """Dagster's record of a data home, as the commands open it."""
    monkeypatch.setenv("DAGSTER_HOME", "")  # the commands set it; it is put back
    with runs.dagster_instance(settings) as opened:
        yield opened


def materialized(instance: dg.DagsterInstance, number: int) -> list[str]:
    """Ids of so many runs of a job, the oldest first."""
    return [
        dg.materialize([large], instance=instance, partition_key=str(one)).run_id for one in range(number)
    ]


def known(instance: dg.DagsterInstance) -> set[str]:
    return set(instance.get_run_ids())


def files_of_runs(settings: Settings) -> set[str]:
    """Ids of runs that have a file of events or a folder of logs."""
    dagster = settings.home / "dagster"
    paths = [*(dagster / "history" / "runs").iterdir(), *(dagster / "storage").iterdir()]
    return {path.name[:36] for path in paths if kept.RUN_ID.match(path.name)}


def store_bytes(settings: Settings) -> int:
    return sum(path.stat().st_size for path in (settings.home / "dagster").rglob("*") if path.is_file())


def test_old_runs_are_deleted_but_for_the_newest_of_every_job(
    settings: Settings, instance: dg.DagsterInstance
) -> None:
    runs = materialized(instance, 4)
    alone = another_job.execute_in_process(instance=instance).run_id
    assert forget_old_runs(instance, LATER, runs=2) == 2
    assert known(instance) == files_of_runs(settings) == {*runs[2:], alone}


def test_runs_of_the_last_days_stay_however_many_they_are(instance: dg.DagsterInstance) -> None:
    runs = materialized(instance, 3)
    assert forget_old_runs(instance, LATER - timedelta(days=2), runs=1) == 0
    assert known(instance) == set(runs)


def test_as_many_newest_runs_stay_as_are_promised_however_old_they_are(
    instance: dg.DagsterInstance,
) -> None:
    for _ in range(KEEP_RUNS + 1):
        instance.create_run_for_job(another_job, status=dg.DagsterRunStatus.SUCCESS)
    assert forget_old_runs(instance, LATER + timedelta(days=1_000)) == 1
    assert len(known(instance)) == KEEP_RUNS


def test_a_run_that_has_not_ended_is_never_deleted(instance: dg.DagsterInstance) -> None:
    statuses = [dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.NOT_STARTED, dg.DagsterRunStatus.STARTING]
    for status in statuses:
        instance.create_run_for_job(another_job, status=status)
    assert forget_old_runs(instance, LATER, runs=0) == 0
    assert len(known(instance)) == len(statuses)


def test_a_failed_run_stays_as_long_as_any_other(instance: dg.DagsterInstance) -> None:
    failed = failing_job.execute_in_process(instance=instance, raise_on_error=False).run_id
    forget_old_runs(instance, LATER - timedelta(days=2), runs=0)
    assert known(instance) == {failed}
    assert instance.all_logs(failed, of_type=dg.DagsterEventType.STEP_FAILURE)


def test_the_space_of_deleted_runs_is_given_back(settings: Settings, instance: dg.DagsterInstance) -> None:
    materialized(instance, 2)
    of_two = store_bytes(settings)
    materialized(instance, 12)
    assert store_bytes(settings) > 4 * of_two
    assert forget_old_runs(instance, LATER, runs=2) == 12
    assert store_bytes(settings) < 1.2 * of_two


def test_the_newest_day_the_history_and_the_check_of_an_asset_stay(instance: dg.DagsterInstance) -> None:
    materialized(instance, 4)
    forget_old_runs(instance, LATER, runs=2)
    assert instance.get_materialized_partitions(large.key) == {"2", "3"}
    assert len(instance.fetch_materializations(large.key, limit=10).records) == 2
    checks = instance.event_log_storage.get_asset_check_execution_history(CHECK, limit=10)
    assert len(checks) == 2
    assert instance.get_latest_materialization_event(large.key) is not None


def test_an_asset_whose_runs_are_all_deleted_is_still_known_as_materialized(
    instance: dg.DagsterInstance,
) -> None:
    materialized(instance, 1)
    forget_old_runs(instance, LATER, runs=0)
    assert instance.get_latest_materialization_event(large.key) is not None


def test_what_a_run_left_that_was_deleted_in_the_ui_is_deleted_too(
    settings: Settings, instance: dg.DagsterInstance
) -> None:
    (run,) = materialized(instance, 1)
    instance.delete_run(run)
    assert files_of_runs(settings) == {run}
    assert forget_old_runs(instance) == 0
    assert files_of_runs(settings) == set()


def test_a_store_that_is_busy_is_left_for_the_next_time(
    settings: Settings,
    instance: dg.DagsterInstance,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    run = materialized(instance, 1)[0]
    instance.delete_run(run)
    monkeypatch.setattr(kept, "BUSY_SECONDS", 0.1)
    with closing(sqlite3.connect(settings.home / "dagster" / "history" / "runs" / "index.db")) as busy:
        busy.execute("begin immediate")
        assert forget_old_runs(instance) == 0
    (line,) = [record.getMessage() for record in caplog.records]
    assert "the next run tries again" in line


def test_each_command_deletes_what_is_old(settings: Settings, instance: dg.DagsterInstance) -> None:
    instance.delete_run(materialized(instance, 1)[0])
    with runs.dagster_instance(settings):
        assert not files_of_runs(settings)


def test_the_sensor_deletes_what_is_old_once_a_day(settings: Settings, instance: dg.DagsterInstance) -> None:
    instance.delete_run(materialized(instance, 1)[0])
    context = dg.build_sensor_context(instance)
    assert "0 old ones deleted" in kept.run_keeper(context).skip_message
    assert not files_of_runs(settings)
    again = dg.build_sensor_context(instance, cursor=context.cursor)
    assert "old ones" not in kept.run_keeper(again).skip_message


def test_ticks_have_a_retention(settings: Settings, instance: dg.DagsterInstance) -> None:
    written = yaml.safe_load((settings.home / "dagster" / "dagster.yaml").read_text())["retention"]
    assert written == {
        "schedule": {"purge_after_days": 90},
        "sensor": {"purge_after_days": {"skipped": 2, "success": 30, "failure": 30, "started": 30}},
    }
    sensors = instance.get_tick_retention_settings(InstigatorType.SENSOR)
    assert all(days > 0 for days in sensors.values())


def test_the_log_of_a_job_is_rotated_by_its_size(
    settings: Settings, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "LOG_BYTES", 1_000)
    monkeypatch.setattr(runs, "_definitions", lambda: dg.Definitions(jobs=[another_job], loggers={}))
    log = settings.home / "logs" / "another_job.log"
    log.parent.mkdir(parents=True)
    for said in ("first", "second", "third"):
        log.write_text(said * 1_000)
        runs.execute_job("another_job", instance, None, settings)
    assert log.stat().st_size < 1_000
    assert sorted(path.name for path in log.parent.iterdir()) == ["another_job.log", "another_job.log.1"]
    assert (log.parent / "another_job.log.1").read_text().startswith("third")


def test_dbt_keeps_its_log_within_six_files_of_ten_megabytes() -> None:
    """Its own default; docs/operations.md says the figure."""
    from dbt_common.events.logger import LoggerConfig

    assert LoggerConfig(name="").output_file_max_bytes == 10 * 1024 * 1024
    assert "60 MB" in (PROJECT / "docs" / "operations.md").read_text(encoding="utf-8")
