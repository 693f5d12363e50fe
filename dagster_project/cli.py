"""The commands behind the Makefile.

Belongs here: what a command of the Makefile does, in the order in which it does it.
Does not belong here: starting a job (runs), and work that the Dagster UI could not start as well.
"""

import argparse
import os
import re
import subprocess
import sys
import webbrowser
from collections.abc import Callable
from datetime import date
from pathlib import Path

import dagster as dg

from dagster_project import lines
from dagster_project.defs.home import IN_UI
from dagster_project.lib.archive import backfill, unobserved_days
from dagster_project.lib.checkout import IS_CHECKOUT, PACKAGE, PROJECT, SCRIPTS
from dagster_project.lib.errors import ModelTideError
from dagster_project.lib.hub import crawl as hub
from dagster_project.lib.hub import load_day
from dagster_project.lib.lake.write import write_lake
from dagster_project.lib.restore.rebuild import rebuild, up_to_date
from dagster_project.lib.settings import Settings, a_path, a_switch, whole_number
from dagster_project.lib.warehouse.connection import exclusive
from dagster_project.runs import dagster_instance, execute_job, prepare_home, publish_what_is_loaded, writer

CLAIM, DEMO = "CLAIM", "DEMO"
MOST_EVERY = 3_660  # days; ten years hold one day of it
TELEMETRY_OFF = {
    "DAGSTER_DISABLE_TELEMETRY": "yes",
    "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    "DO_NOT_TRACK": "1",
}


def main(arguments: list[str] | None = None) -> int:
    """Returns the exit code: 0, or 1 with one line on standard error."""
    typed = Path(sys.argv[0]).name
    parser = argparse.ArgumentParser(
        prog=typed if typed in SCRIPTS else "python -m dagster_project", description="Model Tide"
    )
    commands = parser.add_subparsers(dest="command", required=True)
    run_parser = commands.add_parser("run", help="snapshot the Hub's day, build, publish")
    _add(run_parser, "--day", "DAY", "YYYY-MM-DD, to load a landed day again")
    commands.add_parser("dev", help="the Dagster UI, with the daily schedule on")
    commands.add_parser("rebuild", help="build the warehouse anew from snapshots/, and publish")
    commands.add_parser("lake", help="the warehouse as Parquet for every engine, at LAKE")
    commands.add_parser("site", help="the publication as a folder of pages that any host can serve")
    commands.add_parser("pull", help="restore the record from the datasets, as far as it is missing here")
    commands.add_parser("push", help="bring the datasets up to this home: its record and its publication")
    commands.add_parser("report", help="open the report of the newest publication")
    backfill_parser = commands.add_parser("backfill", help="past days from the public archive")
    _add(backfill_parser, "--from", "FROM", "YYYY-MM-DD, the first day")
    _add(backfill_parser, "--to", "TO", "YYYY-MM-DD, the last day")
    _add(backfill_parser, "--every", "EVERY", "7 for one day a week")
    import_parser = commands.add_parser("import", help="a day from a file of your own")
    _add(import_parser, "--file", "FILE", "Parquet, JSON or CSV, columns as the Hub names them")
    _add(import_parser, "--date", "DATE", "YYYY-MM-DD, the day that it shows")
    drop_parser = commands.add_parser("drop", help="take a day out again; an observed one with ACCEPT=1")
    _add(drop_parser, "--date", "DATE", "YYYY-MM-DD")
    claim_parser = commands.add_parser("claim", help="check a published claim: downloads, and the share")
    claim_parser.add_argument(
        "claim",
        nargs="?",
        default=os.environ.get(CLAIM, ""),
        help="family company date, or CLAIM; else the 700 million story",
    )
    claim_parser.add_argument("--demo", action="store_true", help="against the embedded upstreams, or DEMO=1")
    commands.add_parser("sql", help="the published file in Harlequin, read-only")
    commands.add_parser("demo", help="45 simulated days against the embedded upstreams")
    if IS_CHECKOUT:
        commands.add_parser("docs", help="generate docs/metrics.md, and docs/queries.md from the demo")
    options = parser.parse_args(arguments)
    os.environ.update(TELEMETRY_OFF)
    actions: dict[str, Callable[[], None]] = {
        "run": lambda: run(options.DAY),
        "dev": dev,
        "rebuild": rebuild_and_publish,
        "lake": lake,
        "site": site,
        "pull": pull_record,
        "push": push_record,
        "report": report,
        "backfill": lambda: backfill_and_publish(options.FROM, options.TO, options.EVERY or "1"),
        "import": lambda: import_and_publish(options.FILE, options.DATE),
        "drop": lambda: drop_and_publish(options.DATE),
        "claim": lambda: claim(options.claim, options.demo or a_switch(DEMO, os.environ.get(DEMO, ""))),
        "sql": sql,
        "demo": demo,
        "docs": docs,
    }
    try:
        with lines.shown():
            actions[options.command]()
    except ModelTideError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped. What was landed is kept; run again to resume.", file=sys.stderr)
        return 130
    return 0


def _add(parser: argparse.ArgumentParser, option: str, variable: str, said: str) -> None:
    """An option that the environment may give as well: so it comes from make, through no shell."""
    parser.add_argument(
        option, dest=variable, default=os.environ.get(variable, "").strip(), help=f"{said}; or {variable}"
    )


def run(day: str = "") -> None:
    """Snapshot the Hub's day (or load a landed day again), build and publish."""
    settings = Settings.from_environment()
    with writer(settings):
        partition = _parse_day(day, "DAY") if day else hub.probe(settings).day
        with dagster_instance(settings) as instance:
            execute_job("daily_snapshot", instance, partition, settings)
    print(f"Published {settings.published / 'modeltide.duckdb'} for {partition}.")
    print("Ask it with any DuckDB 1.2 or later; the tables say what they hold: `from about_tables`.")


def rebuild_and_publish() -> None:
    """Build the warehouse anew from snapshots/, then the SQL models and the published file."""
    from dagster_project.defs.restored import report_restored  # loads dagster-dbt: not for `--help`

    settings = Settings.from_environment()
    with writer(settings):
        if rebuild(settings):
            with dagster_instance(settings) as instance:
                report_restored(instance, settings)
                publish_what_is_loaded(settings, instance)


def pull_record() -> None:
    """The record of MODELTIDE_PRIVATE_DATASET and MODELTIDE_DATASET, as far as this home lacks it."""
    from dagster_project.defs.restored import report_restored  # loads dagster-dbt: not for `--help`
    from dagster_project.lib.dataset.pull import pull  # loads the Hub's whole client, as push does

    settings = Settings.from_environment()
    with writer(settings):
        restored = pull(settings)
        if not restored:
            print("MODELTIDE_DATASET and MODELTIDE_PRIVATE_DATASET are not set: nothing was asked for.")
        for place, loads in restored.items():
            print(f"{place}: {loads} loads restored.")
        with up_to_date(settings) as connection:
            days = load_day.loaded_days(connection)
        if not days:
            print("No day was restored and none is here: `make run` begins a record.")
            return
        with dagster_instance(settings) as instance:
            report_restored(instance, settings)
    print(f"Days of the record: {len(days)}, {min(days)} to {max(days)}. Type `make run`.")


def push_record() -> None:
    """What the datasets lack of the record and of the publication."""
    from dagster_project.lib.dataset.push import push

    settings = Settings.from_environment()
    with writer(settings), up_to_date(settings) as connection:
        pushed = push(connection, settings)
    for place in pushed:
        print(f"{place.page}: {place.files} files, {place.bytes:,} bytes in {place.commits} commits.")
    if not pushed:
        print(
            "Nothing was uploaded: that takes HF_TOKEN, and MODELTIDE_DATASET or MODELTIDE_PRIVATE_DATASET."
        )


def backfill_and_publish(first: str, last: str, every: str) -> None:
    """Past days from the public archive, then the SQL models and the published file."""
    settings = Settings.from_environment()
    days = backfill.days_between(
        _parse_day(first, "FROM"),
        _parse_day(last, "TO"),
        whole_number("EVERY", every, 1, MOST_EVERY, "a number of days"),
    )
    with exclusive(settings), dagster_instance(settings) as instance:
        backfill_archive(instance, settings, days)
        publish_what_is_loaded(settings, instance)


def backfill_archive(
    instance: dg.DagsterInstance, settings: Settings, days: list[date], log_level: str = "INFO"
) -> None:
    """Evenly spaced days as one run of the job that the Dagster UI's backfill starts too."""
    every = (days[1] - days[0]).days if len(days) > 1 else 1
    execute_job(
        "backfill_archive",
        instance,
        None,
        settings,
        log_level,
        config={"ops": {"hub_archive_snapshot": {"config": {"every": every}}}},
        tags={
            "dagster/asset_partition_range_start": days[0].isoformat(),
            "dagster/asset_partition_range_end": days[-1].isoformat(),
        },
    )


def import_and_publish(file: str, day: str) -> None:
    """A day from a user's own file, then the SQL models and the published file."""
    settings = Settings.from_environment()
    date_of_file, path = _parse_day(day, "DATE"), a_path("FILE", file)
    if not file:
        raise ModelTideError(
            "FILE '' is not a file that is there. Nothing was loaded; type FILE=mine.parquet DATE=2025-03-01."
        )
    with writer(settings):
        with up_to_date(settings) as connection:
            loaded = unobserved_days.import_file(connection, settings, path, date_of_file)
        if loaded is None:
            print(f"{date_of_file} is there already, observed or from this very file: it stays as it is.")
            return
        print(f"{loaded.row_count} models of {loaded.day}, {loaded.new_models} of them new.")
        with dagster_instance(settings) as instance:
            publish_what_is_loaded(settings, instance)


def drop_and_publish(day: str) -> None:
    """Take a day out, an observed one only with ACCEPT=1, then the SQL models and the published file."""
    settings = Settings.from_environment()
    with writer(settings):
        with up_to_date(settings) as connection:
            was = unobserved_days.drop_day(connection, settings, _parse_day(day, "DATE"))
        print(f"{day} ({was}) is removed.")
        with dagster_instance(settings) as instance:
            publish_what_is_loaded(settings, instance)


def dev() -> None:
    """The Dagster UI and daemon on 127.0.0.1:3000 (DAGSTER_PORT), until stopped."""
    settings = Settings.from_environment()
    prepare_home(settings)
    port = str(whole_number("DAGSTER_PORT", os.environ.get("DAGSTER_PORT") or "3000", 1, 65_535, "a port"))
    command = ["dagster", "dev", "-w", str(PROJECT / "workspace.yaml"), "-h", "127.0.0.1", "-p", port]
    paths = {
        "PATH": Path(sys.executable).parent,  # dagster-dbt looks for dbt there
        "PYTHONPATH": PACKAGE.parent,  # each process of the UI opens our store of runs (lib/run_log)
    }
    added = {name: os.pathsep.join([str(path), os.environ.get(name, "")]) for name, path in paths.items()}
    subprocess.run([sys.executable, "-m", *command], env={**os.environ, **added, IN_UI: "1"}, check=False)


def lake() -> None:
    """The tables of the warehouse as Parquet at LAKE; only what changed is written."""
    settings = Settings.from_environment()
    with writer(settings):
        made = write_lake(settings)
    flag = "SYNTHETIC: " if made.origin == "synthetic" else ""
    print(
        f"{flag}{made.address} holds {made.files} files with {made.rows:,} rows: {made.written} written, "
        f"{made.removed} removed. A table is a folder, such as {made.address}/marts/fct_headlines."
    )


def site() -> None:
    """The pages of the publication, in published/site/."""
    from dagster_project.lib.site.make import make_site  # Altair: a second to import

    settings = Settings.from_environment()
    with writer(settings):
        made = make_site(settings)
    flag = "SYNTHETIC: " if made.provenance == "synthetic" else ""
    pages = ", ".join(f"{number} {kind}" for kind, number in made.pages.items())
    print(f"{flag}{made.path} has {pages}: {made.files:,} files, {made.size_bytes / 1e6:.1f} MB.")
    if made.browser_sql.no_engine:
        print(f"sql.html was made without the engine, because {made.browser_sql.no_engine}.")
    for name, reason in made.failed.items():
        print(f"{name} could not be made: {reason}. Its page says so.")
    print(f"Any host can serve it; to look at it here: python3 -m http.server -d {made.path} -b 127.0.0.1")


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


def sql() -> None:
    """The published file in Harlequin, which has an environment of its own."""
    published = Settings.from_environment().published / "modeltide.duckdb"
    if not published.exists():
        raise ModelTideError(f"{published} is not there: type make run or make demo first.")
    harlequin = PROJECT / ".venv-sql" / "bin" / "harlequin"
    if not harlequin.exists():
        raise ModelTideError(
            f"{harlequin} is not there: type make sql, which installs it."
            if IS_CHECKOUT
            else f"Harlequin wants an environment of its own: type uvx harlequin --read-only '{published}'."
        )
    subprocess.run([str(harlequin), "--read-only", str(published)], check=False)


def claim(text: str, is_demo: bool) -> None:
    """A page of text about a claim; see dagster_project/claim.py."""
    from dagster_project.claim import run_claim  # reads the seeds and the page's queries: not for the others

    run_claim(text, is_demo)


def demo() -> None:
    """The whole product on 45 simulated days; see dagster_project/demo.py."""
    from dagster_project.demo import run_demo  # the synthetic world is of no use to the others

    run_demo()


def docs() -> None:
    """Generate the documents whose text stands elsewhere."""
    from dagster_project.lib.report.documents import (  # reads the SQL project's manifest: not for `--help`
        DOCS,
        write,
    )

    for path in write(DOCS, Settings.from_environment().home / "demo" / "published" / "modeltide.duckdb"):
        print(f"Wrote {path.relative_to(PROJECT)}.")


def _parse_day(text: str, variable: str) -> date:
    try:
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII) is None:  # Python reads 20250301 and 2025-W09-6
            raise ValueError
        return date.fromisoformat(text)
    except ValueError:
        raise ModelTideError(f"{variable} is {text!r}; allowed: a day as YYYY-MM-DD.") from None
