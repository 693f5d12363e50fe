"""Dagster's record of runs: those whose process is gone are ended, old ones are deleted.

Belongs here: what is dead, what is old, and the sensor that looks while the UI is up. `cli` does the same at
each command, so that it needs no daemon.
Not where a launcher knows how its runs are (in containers, deploy/): there Dagster's own run monitoring ends
the dead, whose processes are on other machines.
Does not belong here: the processes themselves (lib/processes) and the ticks (`retention` in dagster.yaml).
"""

import logging
import re
import shutil
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
from dagster._core.storage.event_log import SqlEventLogStorage, SqliteEventLogStorage
from dagster._core.storage.tags import MAX_RETRIES_TAG
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from dagster_project.lib.processes import is_alive

# a queued run waits for its process; the others have one, or are about to
UNFINISHED = [
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]
FINISHED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
STARTS_WITHIN = 600.0  # seconds until a run has written its process down; 60 on a busy machine
# a daily run is 7 MB: half its own file of events, half its rows in the index of all runs
KEEP_DAYS, KEEP_RUNS = 30, 30
BUSY_SECONDS = 10.0  # until a store that others write is left for the next time
UNUSED_SHARE = 0.25  # of the index; below it the next runs write into what is free
RUN_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

log = logging.getLogger(__name__)


def end_dead_runs(instance: dg.DagsterInstance) -> int:
    """End the runs that no living process belongs to; how many there were.

    A run that was killed stays "started" for ever otherwise, and the queue launches one run at a time. A run
    of the UI holds the lock only while a step writes, so its process is asked for, not the lock.
    """
    if instance.run_launcher.supports_check_run_worker_health:
        return 0
    ended = 0
    for record in instance.get_run_records(dg.RunsFilter(statuses=UNFINISHED)):
        run_id = record.dagster_run.run_id
        processes = dict(_processes(instance, run_id))
        if not processes and time.time() - record.update_timestamp.timestamp() < STARTS_WITHIN:
            continue
        if any(is_alive(pid, since) for pid, since in processes.items()):
            continue
        run = instance.get_run_by_id(run_id)  # read again: the last that a process writes is how it ended
        if run is not None and run.status in UNFINISHED:
            _end(instance, run, next(iter(processes), None))
            ended += 1
    return ended


def _processes(instance: dg.DagsterInstance, run_id: str) -> Iterator[tuple[int, float]]:
    """Each process that ran a run, with the time at which it first said so (Dagster's engine events)."""
    seen = set()
    for entry in instance.all_logs(run_id, of_type=dg.DagsterEventType.ENGINE_EVENT):
        written = entry.get_dagster_event().engine_event_data.metadata.get("pid")
        if written is not None and str(written.value) not in seen:
            seen.add(str(written.value))
            yield int(str(written.value)), entry.timestamp


def _end(instance: dg.DagsterInstance, run: dg.DagsterRun, pid: int | None) -> None:
    who = "It never had a process" if pid is None else f"Its process ({pid}) is gone"
    said = f"{who}: killed, or the machine was restarted. What it landed and loaded is kept."
    log.warning("Ended the run %s of %s. %s", run.run_id[:8], run.job_name, said)
    if run.status is dg.DagsterRunStatus.CANCELING:
        instance.report_run_canceled(run, said)
        return
    if run.remote_job_origin is None:  # a command's: the daemon cannot start it again, so it is not to try
        instance.add_run_tags(run.run_id, {MAX_RETRIES_TAG: "0"})
    instance.report_run_failed(run, said)


def forget_old_runs(
    instance: dg.DagsterInstance, now: datetime | None = None, days: int = KEEP_DAYS, runs: int = KEEP_RUNS
) -> int:
    """Delete the finished runs that are older than so many days and not among the newest of their job; how
    many there were. Their events go with them: materializations, checks, logs. Space is given back.

    A disk that is full or a store that is busy is logged: there is a next time.
    """
    before = (now or datetime.now(UTC)) - timedelta(days=days)
    newer: Counter[str] = Counter()
    deleted = 0
    try:
        for record in instance.get_run_records():  # from the newest
            run = record.dagster_run
            newer[run.job_name] += 1
            is_old = record.update_timestamp.timestamp() < before.timestamp()
            if is_old and newer[run.job_name] > runs and run.status in FINISHED:
                instance.delete_run(run.run_id)
                deleted += 1
        _delete_what_runs_left(instance)
    except (OSError, sqlite3.Error, SQLAlchemyError) as error:
        log.warning("Old runs were not deleted, the next run tries again: %s", error)
    return deleted


def _delete_what_runs_left(instance: dg.DagsterInstance) -> None:
    """Dagster leaves of a deleted run its file of events (empty, as large as before), its logs, and its
    checks in the index (findings/dagster_delete_run.sh). A run that was deleted in the UI leaves them too.
    """
    events = instance.event_log_storage
    if not isinstance(events, SqliteEventLogStorage):  # PostgreSQL (deploy/): one database, and no files
        assert isinstance(events, SqlEventLogStorage)
        with events.index_connection() as database:
            database.execute(
                text("delete from asset_check_executions where run_id not in (select run_id from runs)")
            )
        return
    index = Path(events.path_for_shard("index"))
    storage = Path(instance.storage_directory())
    found = [path for path in (*index.parent.glob("*"), *storage.glob("*")) if RUN_ID.match(path.name)]
    known = set(instance.get_run_ids())  # read after the files, so that one that just begins is known
    for path in found:
        if path.name[:36] in known:
            continue
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    with closing(sqlite3.connect(index, timeout=BUSY_SECONDS)) as connection:
        checked = connection.execute("select distinct run_id from asset_check_executions").fetchall()
        gone = [row for row in checked if row[0] not in known]
        connection.executemany("delete from asset_check_executions where run_id = ?", gone)
        connection.commit()
        unused, pages = (
            connection.execute(f"pragma {what}").fetchone()[0] for what in ("freelist_count", "page_count")
        )
        if unused > UNUSED_SHARE * pages:
            connection.execute("vacuum")
            connection.execute("pragma wal_checkpoint(truncate)")


@dg.sensor(
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description="Ends runs whose process was killed, so that the queue moves on; deletes old ones daily.",
)
def run_keeper(context: dg.SensorEvaluationContext) -> dg.SkipReason:
    """The cursor is the day on which old runs were deleted last."""
    said = f"{end_dead_runs(context.instance)} runs without a process"
    today = datetime.now(UTC).date().isoformat()
    if context.cursor != today:
        said += f", {forget_old_runs(context.instance)} old ones deleted"
        context.update_cursor(today)
    return dg.SkipReason(f"{said}.")
