"""The commands behind the Makefile.

Belongs here: preparing Dagster's home, starting a job in this process, and how it ended, in plain words.
Does not belong here: work that the Dagster UI could not start as well.
"""

import argparse
import os
import shutil
import subprocess
import sys
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from datetime import date
from functools import cache
from pathlib import Path

import dagster as dg

from dagster_project.defs.failures import told_failure, untold_failure
from dagster_project.lib import hub
from dagster_project.lib.errors import ModelTideError
from dagster_project.lib.rebuild import rebuild
from dagster_project.lib.sessions import load_sessions
from dagster_project.lib.settings import Settings
from dagster_project.lib.warehouse import exclusive, scalar, writing

PROJECT = Path(__file__).parents[1]
TELEMETRY_OFF = {
    "DAGSTER_DISABLE_TELEMETRY": "yes",
    "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    "DO_NOT_TRACK": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
}


class RunFailed(ModelTideError):
    """A step failed; the message is the step's own."""


def main(arguments: list[str] | None = None) -> int:
    """Returns the exit code: 0, or 1 with one line on standard error."""
    parser = argparse.ArgumentParser(prog="python -m dagster_project", description="Model Tide")
    commands = parser.add_subparsers(dest="command", required=True)
    run_parser = commands.add_parser("run", help="snapshot the Hub's day, build, publish")
    run_parser.add_argument("--day", help="YYYY-MM-DD, to load a landed day again")
    commands.add_parser("dev", help="the Dagster UI, with the daily schedule on")
    commands.add_parser("rebuild", help="build the warehouse anew from snapshots/, and publish")
    commands.add_parser("report", help="open the report of the newest publication")
    commands.add_parser("demo", help="45 simulated days against the embedded upstreams")
    commands.add_parser("docs", help="generate docs/metrics.md and docs/queries.md, the latter from the demo")
    options = parser.parse_args(arguments)
    os.environ.update(TELEMETRY_OFF)
    actions: dict[str, Callable[[], None]] = {
        "run": lambda: run(options.day),
        "dev": dev,
        "rebuild": rebuild_and_publish,
        "report": report,
        "demo": demo,
        "docs": docs,
    }
    try:
        actions[options.command]()
    except ModelTideError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped. What was landed is kept; run again to resume.", file=sys.stderr)
        return 130
    return 0


def run(day: str | None = None) -> None:
    """Snapshot the Hub's day (or load a landed day again), build and publish."""
    settings = Settings.from_environment()
    with exclusive(settings):
        partition = _parse_day(day) if day else hub.probe(settings).day
        with dagster_instance(settings) as instance:
            execute_job("daily_snapshot", instance, partition, settings)
    print(f"Published {settings.published / 'modeltide.duckdb'} for {partition}.")
    print("Ask it with any DuckDB 1.2 or later; the tables say what they hold: `from about_tables`.")


def rebuild_and_publish() -> None:
    """Build the warehouse anew from snapshots/, then the SQL models and the published file."""
    settings = Settings.from_environment()
    with exclusive(settings):
        if rebuild(settings):
            with writing(settings) as connection:
                newest = scalar(connection, "select max(snapshot_date) from raw.hub_snapshots")
                if isinstance(newest, date):
                    load_sessions(connection, newest)
            with dagster_instance(settings) as instance:
                execute_job("build_and_publish", instance, None, settings)
            print(f"Rebuilt and published {settings.published / 'modeltide.duckdb'}.")


def dev() -> None:
    """The Dagster UI and daemon on 127.0.0.1:3000 (DAGSTER_PORT), until stopped."""
    settings = Settings.from_environment()
    prepare_home(settings)
    port = os.environ.get("DAGSTER_PORT", "3000")
    command = ["dagster", "dev", "-w", str(PROJECT / "workspace.yaml"), "-h", "127.0.0.1", "-p", port]
    scripts = Path(sys.executable).parent
    path = os.pathsep.join([str(scripts), os.environ.get("PATH", "")])  # dagster-dbt looks for dbt there
    subprocess.run(
        [str(scripts / command[0]), *command[1:]],
        cwd=PROJECT,
        env={**os.environ, "PATH": path},
        check=False,
    )


def report() -> None:
    """Open the newest report in the browser; its path is printed for whoever has none here."""
    path = Settings.from_environment().report
    if not path.exists():
        raise ModelTideError(
            f"There is no report at {path} yet. Type `make run`, or `make demo` without a network; "
            "`make report MODELTIDE_HOME=data/demo` opens the demo's."
        )
    print(path, flush=True)
    webbrowser.open(path.as_uri())


def demo() -> None:
    """The whole product on 45 simulated days; see dagster_project/demo.py."""
    from dagster_project.demo import run_demo  # the synthetic world is of no use to the others

    run_demo()


def docs() -> None:
    """Generate the documents whose text stands elsewhere."""
    from dagster_project.lib.docs import DOCS, write  # reads the SQL project's manifest: not for `--help`

    for path in write(DOCS, Settings.from_environment().home / "demo" / "published" / "modeltide.duckdb"):
        print(f"Wrote {path.relative_to(PROJECT)}.")


def prepare_home(settings: Settings) -> Path:
    """Dagster's own home inside the data home, with the project's dagster.yaml; set for this process."""
    home = settings.home / "dagster"
    home.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(PROJECT / "dagster.yaml", home / "dagster.yaml")
    os.environ["DAGSTER_HOME"] = str(home)
    return home


@contextmanager
def dagster_instance(settings: Settings) -> Iterator[dg.DagsterInstance]:
    """The instance whose runs the UI shows too."""
    prepare_home(settings)
    with dg.DagsterInstance.get() as instance:
        yield instance


@cache
def _definitions() -> dg.Definitions:
    from dagster_project.definitions import defs  # loads the SQL project: not for `--help`

    return defs()


def execute_job(
    name: str,
    instance: dg.DagsterInstance,
    partition: date | None,
    settings: Settings,
    log_level: str = "INFO",
) -> dg.ExecuteInProcessResult:
    """Run a job here and now. Raises RunFailed with the failed steps' messages.

    What dbt and Dagster print goes to logs/<job>.log of the data home; of the steps' own lines those
    from `log_level` on are shown.
    """
    log = settings.home / "logs" / f"{name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with open(log, "a", encoding="utf-8") as file, redirect_stdout(file):
        result = (
            _definitions()
            .resolve_job_def(name)
            .execute_in_process(
                instance=instance,
                partition_key=partition.isoformat() if partition else None,
                run_config={"loggers": {"console": {"config": {"log_level": log_level}}}},
                raise_on_error=False,
            )
        )
    if not result.success:
        raise RunFailed(_failures(result, log))
    return result


def _failures(result: dg.ExecuteInProcessResult, log: Path) -> str:
    lines = []
    for event in result.filter_events(lambda e: e.is_step_failure):
        lines.append(
            told_failure(event)
            or f"{untold_failure(event)}\nWhat was published before stays "
            f"readable; the whole story is in {log}."
        )
    return "\n".join(lines) or f"The run failed; see {log}."


def _parse_day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ModelTideError(f"DAY is {text!r}; allowed: a day as YYYY-MM-DD.") from None
