"""`make demo`: the whole product on 52 simulated archive weeks and 45 days, against the embedded upstreams.

The past is restored and not crawled: the synthetic world writes its record, and the product reads it like a
backup. The last week is live, and its last day a whole production run.

Belongs here: the order of the days and what is shown at the end.
Does not belong here: the synthetic world (synthetic/); the assets are the production ones.
"""

import os
import shutil
import time
from collections.abc import Sequence
from datetime import date, timedelta
from itertools import count
from pathlib import Path

import dagster as dg
from rich.console import Console
from rich.table import Table

from dagster_project import lines
from dagster_project.defs.restored import report_restored
from dagster_project.lib.archive.backfill import days_between
from dagster_project.lib.checkout import SQL, as_typed
from dagster_project.lib.progress import progress_bar
from dagster_project.lib.restore.rebuild import rebuild
from dagster_project.lib.settings import Settings
from dagster_project.lib.warehouse.connection import exclusive, reading
from dagster_project.runs import dagster_instance, execute_job
from dagster_project.synthetic.record import morning, write_record
from dagster_project.synthetic.server import Upstream

LAST_DAY = date(2026, 2, 27)
DAYS, LIVE_DAYS = 45, 7
FIRST_ARCHIVE_DAY = date(2024, 12, 22)  # Sundays, 60, 90 and 180 days before the end: 52 of 56 are there
MODELS = 11_000  # ever created; 9,300 are listed on the first day and 10,600 on the last
EVERY = 5  # days between fetches of the sources that have a past; the Hub is asked daily
QUOTA = 1_000_000  # a week in half a minute: no waiting for windows

SHOWN = {
    "How many downloads has Qwen, by which definition, and when did it pass 700 million?": """
        select adoption.definition, adoption.downloads_all_time::bigint as downloads_all_time,
            milestone.reached_after, milestone.reached_by
        from fct_family_adoption_daily as adoption
        left join fct_family_milestones as milestone
            on adoption.family = milestone.family and adoption.definition = milestone.definition
                and milestone.milestone = 700000000
        where adoption.family = 'qwen'
            and adoption.activity_date = (select max(activity_date) from fct_family_adoption_daily)
        order by downloads_all_time desc
    """,
    "How open are the downloads? A3 is public, L4 OSI-approved, L0 unknown": """
        select access_class, licence_class, models, round(100 * share_downloads_30d, 1) as downloads_pct
        from fct_openness_daily
        where snapshot_date = (select max(snapshot_date) from fct_openness_daily)
        order by downloads_pct desc limit 5
    """,
    "Which licence hides behind `other`, and who says so?": """
        select licence_evidence, count(*) as models,
            count(*) filter (where licence_class <> 'L0') as classified,
            arg_max(repo_id, downloads_30d) as largest, arg_max(licence_name, downloads_30d) as its_licence
        from dim_models where licence_id = 'other' group by all order by models desc
    """,
    "Open against closed, channel by channel, each with its own denominator": """
        select channel, measure, round(value, 3) as value, round(lower_bound, 3) as at_least,
            round(upper_bound, 3) as at_most, unit, reason
        from fct_open_vs_closed_daily
        where activity_date = (select max(activity_date) from fct_open_vs_closed_daily)
        order by channel
    """,
    "What did BABA do in the days around it?": """
        select symbol, session_date, round(adj_close, 2) as adj_close,
            round(100 * simple_return, 2) as return_pct
        from fct_ticker_returns_daily
        where symbol = 'BABA' and session_date between date '2026-01-15' and date '2026-01-23'
        order by session_date
    """,
    "Did the market notice? The newest stories, each judged after all its tests": """
        select story, ticker, tests, round(100 * car_market_peers, 2) as car_pct,
            round(p_adjusted_market_peers, 3) as p_adjusted, verdict
        from fct_story_verdicts
        where verdict <> 'not testable' and event_group = 'headline'
        order by last_event_date desc limit 6
    """,
}


def run_demo() -> None:
    """Snapshot, build and publish under data/demo, from scratch; prints rows of four marts."""
    started = time.monotonic()
    with Upstream(models=MODELS, quota=QUOTA) as upstream:
        settings = simulated(upstream)
        home = settings.home
        first_day = LAST_DAY - timedelta(days=DAYS - 1)
        days = days_between(first_day, LAST_DAY)
        weeks = days_between(FIRST_ARCHIVE_DAY, first_day - timedelta(days=1), 7)
        _say(f"SYNTHETIC: {len(weeks)} weeks and {DAYS} days of about 10,000 invented models, in {home}")
        with exclusive(settings):
            for part in ("landing", "snapshots", "published", "dagster", "warehouse.duckdb"):
                _remove(home / part)
            with dagster_instance(settings) as instance:
                with lines.shown("WARNING"):  # bars instead
                    _restore_past(upstream, instance, settings, weeks, days[:-LIVE_DAYS])
                for number, day in list(enumerate(days))[-LIVE_DAYS:]:
                    upstream.set_now(morning(day))
                    is_full = day == LAST_DAY  # the whole production job, SQL models and publication included
                    landing = "land_and_load" if number % EVERY == 0 else "land_hub"
                    job = "daily_snapshot" if is_full else landing
                    rest = ", then SQL models, publication, report (20 s to 3 minutes)" if is_full else ""
                    _say(f"{day} ({number + 1} of {DAYS}): {job}{rest}")
                    execute_job(job, instance, day, settings, log_level="INFO" if is_full else "WARNING")
    _show(settings.published / "modeltide.duckdb")
    _say(f"\nDone in {time.monotonic() - started:.0f} s. Everything above is SYNTHETIC. Type next:")
    _say(f"  {SQL}/analyses/*.sql    questions to ask of the file, one query each")
    _say("  make report MODELTIDE_HOME=data/demo    the answers as charts, on one page")
    _say("  make claim DEMO=1                   the newspaper's sentence, checked on simulated days")
    _say("  make dev MODELTIDE_HOME=data/demo   the Dagster UI with the runs of this demo")
    _say("  make run                            today's real snapshot (needs a network, no account)")


def simulated(upstream: Upstream) -> Settings:
    """The user's settings against the upstreams, in a data home below theirs.

    OpenRouter's key is the upstreams' own, and nobody's token is sent to a simulation.
    """
    home = Settings.from_environment().home / "demo"
    changed = {"MODELTIDE_HOME": str(home), **upstream.environment, "HF_TOKEN": ""}
    return Settings.from_environment({**os.environ, **changed})


def _restore_past(
    upstream: Upstream,
    instance: dg.DagsterInstance,
    settings: Settings,
    weeks: Sequence[date],
    days: Sequence[date],
) -> None:
    """Let the world write its record, then restore it as a user restores a backup (`make rebuild`)."""
    past = f"{weeks[0]} to {days[-1]}: {len(weeks)} weeks of the archive and {len(days)} days"
    _say(f"{past}, written as the record of a past (5 to 30 s)")
    with progress_bar("days written", len(weeks) + len(days)) as advance:
        written = count(1)
        write_record(upstream, settings, weeks, days, EVERY, lambda _: advance(next(written)))
    _say("restoring it, as make rebuild restores a backup (5 to 30 s)")
    with progress_bar("files restored") as advance:
        rebuild(settings, advance)
    report_restored(instance, settings)


def _show(path: Path) -> None:
    console = Console(width=100)  # wide enough for the tables, also in a log
    with reading(path) as connection:
        for question, sql in SHOWN.items():
            result = connection.execute(sql)
            table = Table(title=f"{question}  [SYNTHETIC]", title_justify="left")
            for column in result.description:
                table.add_column(column[0])
            for row in result.fetchall():
                table.add_row(*("" if value is None else str(value) for value in row))
            console.print(table)


def _say(text: str) -> None:
    print(as_typed(text), flush=True)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
