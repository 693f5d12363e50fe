"""A deployment on more than one machine: what PostgreSQL keeps, one scheduler, one writer, dead runs.

PostgreSQL, code server, webserver, daemons and runs are the real programs, and the day is the product's own.
Docker is not: a "container" is a process here (engine.py).
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import dagster as dg
import duckdb
import pytest
from sqlalchemy import text

pytest.importorskip(
    "dagster_postgres", reason="make .venv/installed-deploy: PostgreSQL storage is not looked at"
)

from dagster._core.scheduler.instigation import InstigatorStatus, ScheduleInstigatorData

from dagster_project.defs.run_keeper import end_dead_runs, forget_old_runs
from dagster_project.synthetic.faults import CHART_PATH
from dagster_project.synthetic.server import Upstream
from tests.deploy.deployment import LOCATION, SCHEDULE, Deployment, record
from tests.deploy.postgres import postgres, programs

pytestmark = pytest.mark.slow  # two minutes
DAY, HUB = "daily_snapshot", "land_hub"
DAEMONS = ("daemon_a", "daemon_b")
SUCCESS, FAILURE = dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE
QUEUED, STARTED = dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.STARTED


class Told:
    """What the tests below tell of, one after the other."""

    def __init__(
        self, deployment: Deployment, instance: dg.DagsterInstance, upstream: Upstream, day: str
    ) -> None:
        self.deployment, self.instance, self.upstream, self.day = deployment, instance, upstream, day

    def runs(self, job: str) -> list[dg.DagsterRun]:
        return list(self.instance.get_runs(dg.RunsFilter(job_name=job)))

    def status(self, run_id: str) -> dg.DagsterRunStatus:
        run = self.instance.get_run_by_id(run_id)
        assert run
        return run.status

    def until(self, run_id: str, status: dg.DagsterRunStatus) -> None:
        self.deployment.until(lambda: self.status(run_id) is status)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    """The day's tick has passed and nobody has seen it; then two daemons come up at once."""
    found = programs()
    if found is None:
        pytest.skip(
            "no PostgreSQL: `apt-get install postgresql` to try the deployment on more than one machine"
        )
    day = (datetime.now(UTC) - timedelta(hours=6)).replace(hour=6, minute=0, second=0, microsecond=0)
    folder = tmp_path_factory.mktemp("deployment")
    with (
        Upstream(models=300, now=day + timedelta(minutes=10)) as upstream,
        postgres(found) as database,
        pytest.MonkeyPatch.context() as patch,
    ):
        deployment = Deployment(folder, database, upstream.environment)
        for name, value in deployment.given.items():
            patch.setenv(name, value)
        try:
            deployment.start_code()
            deployment.start_webserver()
            with record(deployment) as instance:
                _miss_a_tick(deployment, instance, day)
                # so that the run is seen to run, on however fast a machine
                upstream.faults.add("stall", times=2, path=CHART_PATH, seconds=6.0)
                for name in ("daemon_a", "daemon_b"):
                    deployment.start_daemon(name)
                yield Told(deployment, instance, upstream, day.date().isoformat())
        finally:
            deployment.close()


def _miss_a_tick(deployment: Deployment, instance: dg.DagsterInstance, day: datetime) -> None:
    """Stop the schedule by the page, then let it be on since just before the day's tick."""
    deployment.client()
    where = (
        f'{{repositoryLocationName:"{LOCATION}",repositoryName:"__repository__",scheduleName:"{SCHEDULE}"}}'
    )
    said = deployment.ask(
        f"{{scheduleOrError(scheduleSelector:{where}){{...on Schedule{{scheduleState{{id}}}}}}}}"
    )
    known = json.loads(said)["data"]["scheduleOrError"]["scheduleState"]["id"]
    deployment.ask(f'mutation{{stopRunningSchedule(id:"{known}"){{__typename}}}}')
    (state,) = (s for s in instance.all_instigator_state() if s.name == SCHEDULE)
    assert isinstance(state.instigator_data, ScheduleInstigatorData)
    since = (day - timedelta(minutes=1)).timestamp()
    missed = ScheduleInstigatorData(state.instigator_data.cron_schedule, since)
    instance.update_instigator_state(state.with_status(InstigatorStatus.RUNNING).with_data(missed))


def test_two_schedulers_ask_for_a_day_once(told: Told) -> None:
    (run,) = told.deployment.until(lambda: told.runs(DAY))
    assert run.tags["dagster/partition"] == told.day
    told.deployment.until(lambda: sum(map(told.deployment.is_waiting, DAEMONS)) == 1)
    (idle,) = filter(told.deployment.is_waiting, DAEMONS)
    told.until(run.run_id, STARTED)
    assert len(told.runs(DAY)) == 1
    assert "dagster.daemon" not in told.deployment.log(idle)  # it has looked at no schedule and no queue


def test_running_and_queued_runs_outlive_webserver_and_daemons(told: Told) -> None:
    (run,) = told.runs(DAY)
    waiting = told.deployment.queue(HUB, told.day)
    for name in ("webserver", *DAEMONS):
        told.deployment.kill(name)
    assert told.status(run.run_id) is STARTED
    assert told.status(waiting) is QUEUED
    told.deployment.start_webserver()
    for name in DAEMONS:
        told.deployment.start_daemon(name)
    told.until(run.run_id, SUCCESS)
    told.upstream.faults.add("stall", times=2, seconds=3.0)  # the next one is still there to be killed
    told.until(waiting, STARTED)
    told.deployment.client()
    listed = told.deployment.ask("{runsOrError{...on Runs{results{runId}}}}")
    assert run.run_id in listed and waiting in listed
    assert len(told.runs(DAY)) == 1


def test_another_daemon_takes_over_and_ends_a_killed_run_and_starts_it_again(told: Told) -> None:
    deployment = told.deployment
    (killed,) = told.runs(HUB)
    deployment.engine.kill(deployment.engine.of_run(killed.run_id))
    deployment.kill(next(name for name in DAEMONS if not deployment.is_waiting(name)))
    told.until(killed.run_id, FAILURE)
    said = [entry.message for entry in told.instance.all_logs(killed.run_id)]
    assert any("Container status is exited" in message for message in said), said
    (again,) = deployment.until(lambda: [r for r in told.runs(HUB) if r.parent_run_id == killed.run_id])
    told.until(again.run_id, SUCCESS)


def test_a_daemon_that_loses_its_lock_ends(told: Told) -> None:
    (works,) = (name for name in DAEMONS if name in told.deployment.processes)
    process = told.deployment.processes.pop(works)
    with told.instance.event_log_storage.index_connection() as connection:
        cut = "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory'"
        assert connection.execute(text(cut)).fetchall() == [(True,)]
    assert process.wait(30) == 1
    assert "daemons' lock is gone" in told.deployment.log(works)


def test_no_two_runs_wrote_at_once(told: Told) -> None:
    stats = [told.instance.get_run_stats(run.run_id) for run in told.instance.get_runs()]
    spans = sorted((one.launch_time or 0.0, one.end_time or 0.0) for one in stats)
    assert len(spans) == 3
    assert all(ended <= launched for (_, ended), (launched, _) in pairwise(spans)), spans


def test_the_day_is_published(told: Told) -> None:
    published = Path(told.deployment.image["MODELTIDE_HOME"]) / "published" / "modeltide.duckdb"
    with duckdb.connect(str(published), read_only=True) as reader:
        ((day,),) = reader.execute("select max(snapshot_date) from fct_snapshot_days").fetchall()
    assert str(day) == told.day


def test_runs_of_other_machines_are_left_to_dagster_and_old_ones_are_forgotten(told: Told) -> None:
    checks = text("select count(*) from asset_check_executions")
    with told.instance.event_log_storage.index_connection() as connection:
        assert connection.scalar(checks) > 0
    assert end_dead_runs(told.instance) == 0
    later = datetime.now(UTC) + timedelta(days=31)
    assert forget_old_runs(told.instance, now=later, runs=0) == 3
    assert told.instance.get_runs() == []
    with told.instance.event_log_storage.index_connection() as connection:
        assert connection.scalar(checks) == 0
