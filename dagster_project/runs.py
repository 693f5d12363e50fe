"""Starting a job in this process.

Belongs here: Dagster's home inside the data home, holding the data home, running a job, and how it ended.
Does not belong here: which jobs a command starts (cli, claim, demo), and Dagster's record of runs
(defs/run_keeper).
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import dagster as dg

from dagster_project import lines
from dagster_project.defs.failures import told_failure, untold_failure
from dagster_project.defs.run_keeper import end_dead_runs, forget_old_runs
from dagster_project.lib.checkout import PACKAGE
from dagster_project.lib.errors import ModelTideError
from dagster_project.lib.markets.sessions import load_sessions
from dagster_project.lib.settings import Settings
from dagster_project.lib.warehouse.connection import exclusive, scalar, writing

LOG_BYTES = 2_000_000  # of logs/<job>.log, about 30 runs; then it becomes <job>.log.1
# not at the top of the checkout, where Dagster warns at every start that it does not read it
INSTANCE = PACKAGE / "dagster.yaml"
# Dagster's own lines; failures are said once, at the end
QUIET: dict[str, Any] = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


class RunFailed(ModelTideError):
    """A step failed; the message is the step's own."""


@contextmanager
def writer(settings: Settings) -> Iterator[None]:
    """Hold the data home. Killed runs are ended first, whatever is done then, so that the queue moves on."""
    with exclusive(settings):
        if (settings.home / "dagster").exists():  # a command that fails at once makes no store
            with dagster_instance(settings):
                pass
        yield


@contextmanager
def dagster_instance(settings: Settings) -> Iterator[dg.DagsterInstance]:
    """The instance whose runs the UI shows too; first, killed ones are ended and old ones are deleted."""
    prepare_home(settings)
    with dg.DagsterInstance.get() as instance:
        end_dead_runs(instance)
        forget_old_runs(instance)
        yield instance


def prepare_home(settings: Settings) -> Path:
    """Dagster's own home inside the data home, with the project's dagster.yaml; set for this process."""
    home = settings.home / "dagster"
    home.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(INSTANCE, home / "dagster.yaml")
    os.environ["DAGSTER_HOME"] = str(home)
    return home


def execute_job(
    name: str,
    instance: dg.DagsterInstance,
    partition: date | None,
    settings: Settings,
    log_level: str = "INFO",
    *,
    config: dict[str, Any] | None = None,
    tags: dict[str, str] | None = None,
) -> dg.ExecuteInProcessResult:
    """Run a job here and now. Raises RunFailed with the failed steps' messages.

    What dbt and Dagster print goes to logs/<job>.log of the data home, the newest LOG_BYTES and what was
    before them in <job>.log.1; of the steps' own lines those from `log_level` on are shown.
    """
    log = settings.home / "logs" / f"{name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    if log.exists() and log.stat().st_size > LOG_BYTES:
        log.replace(log.with_name(f"{log.name}.1"))
    with (
        open(log, "a", encoding="utf-8") as file,
        redirect_stdout(file),
        lines.shown(log_level, of_a_run=True),
    ):
        result = (
            _definitions()
            .resolve_job_def(name)
            .execute_in_process(
                instance=instance,
                partition_key=partition.isoformat() if partition else None,
                run_config={**QUIET, **(config or {})},
                resources={"settings": settings},
                tags=tags,
                raise_on_error=False,
            )
        )
    if not result.success:
        raise RunFailed(_failures(result, log))
    return result


def publish_what_is_loaded(settings: Settings, instance: dg.DagsterInstance) -> None:
    """Sessions up to the newest day, the SQL models, the published file."""
    with writing(settings) as connection:
        newest = scalar(connection, "select max(snapshot_date) from raw.hub_snapshots where is_accepted")
        if not isinstance(newest, date):
            print("No day is loaded, so nothing was published.")
            return
        load_sessions(connection, newest)
    execute_job("build_and_publish", instance, None, settings)
    print(f"Published {settings.published / 'modeltide.duckdb'}.")


@cache
def _definitions() -> dg.Definitions:
    from dagster_project.definitions import defs  # loads the SQL project: not for `--help`

    return defs()


def _failures(result: dg.ExecuteInProcessResult, log: Path) -> str:
    lines = []
    for event in result.filter_events(lambda e: e.is_step_failure):
        lines.append(
            told_failure(event)
            or f"{untold_failure(event)}\nWhat was published before stays "
            f"readable; the whole story is in {log}."
        )
    return "\n".join(lines) or f"The run failed; see {log}."
