"""What one more day of a census costs as its history grows: load, all SQL models and tests, publication.

Budgets, of CPU seconds: the day after the longest history at most 1.15 times the day after the shortest. At
the size of the whole Hub the warehouse grows by less than 10 MB a day, no step takes more than 2 GB of
memory, and what is published without single models stays under 100 MB. Each of sql/analyses answers in under
50 ms of wall time, at every length.

BENCH_MODELS is the size (2500000 is the whole Hub, and takes about an hour; the default is a twenty-fifth of
it), BENCH_DAYS the histories, in days: 15,60 by default, 30,90,180,365 for a whole year. BENCH_RESULTS names
a file that the figures are added to; `python -m benchmarks.plot` draws docs/scale.svg from it.
"""

import os
import tempfile
import time
from dataclasses import asdict
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import duckdb
import orjson

from benchmarks.daily_growth import megabytes
from benchmarks.history import History
from benchmarks.measured import measured, verdict, yardstick
from dagster_project.lib.hub.load_day import load_crawl
from dagster_project.lib.publish.daily_tables import DAILY_FACTS
from dagster_project.lib.publish.file import publish
from dagster_project.lib.record.landing import Crawl, newest_complete
from dagster_project.lib.restore.rebuild import up_to_date
from dagster_project.lib.settings import Settings
from dagster_project.lib.sql_models import build as dbt_build
from dagster_project.lib.sql_models.plan import plan_build, record_build
from dagster_project.lib.warehouse.connection import build_memory_mb, scalar

ROOT = Path(__file__).parents[1]
WHOLE_HUB = 2_500_000
DEFAULT_MODELS = 100_000
# of the synthetic world, those that the first days list: the others are created later
LISTED_SHARE = 0.71
HISTORIES = "15,60"  # days before the one that is measured
PEAK_MB, SLOPE, DAILY_MB, SUMMARY_MB, ANALYSIS_MS = 2_048.0, 1.15, 10.0, 100.0, 50.0
PER_MODEL = (*DAILY_FACTS, "dim_models", "dim_publishers")


def main() -> bool:
    """Print the figures; true if every budget that the size allows to judge is kept."""
    models = int(os.environ.get("BENCH_MODELS", DEFAULT_MODELS))
    histories = [int(days) for days in os.environ.get("BENCH_DAYS", HISTORIES).split(",")]
    print(f"one more day of a census of {models:,} models", flush=True)
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_FOLDER")) as folder:
        settings = Settings(home=Path(folder), scope="census")
        history = History(settings, int(models / LISTED_SHARE))
        history.load_first()
        days = [one_more_day(history, before) for before in histories]
    _keep({"models": models, "days": days})
    for earlier, later in pairwise(days):
        ratio, grown = _total(later, "cpu") / _total(earlier, "cpu"), _daily_mb(earlier, later)
        print(
            f"  CPU after {later['before']} days {ratio:.2f} × that after {earlier['before']}; "
            f"warehouse {grown:.1f} MB a day",
            flush=True,
        )
    first, last = days[0], days[-1]
    ratio, per_day = _total(last, "cpu") / _total(first, "cpu"), _daily_mb(first, last)
    slowest = max(float(str(day["slowest_analysis_ms"])) for day in days)
    kept = [
        verdict(f"slope of CPU {ratio:.2f}, within {SLOPE} ×", ratio <= SLOPE),
        verdict(f"each analysis under {ANALYSIS_MS:.0f} ms of wall time", slowest < ANALYSIS_MS),
    ]
    if models < WHOLE_HUB:
        print(f"  (memory and sizes are judged at BENCH_MODELS={WHOLE_HUB} only)")
        return all(kept)
    peak = max(day[step]["peak_mb"] for day in days for step in STEPS)  # type: ignore[index]
    summaries = last["published_mb"]["summaries"]  # type: ignore[index]
    kept.append(verdict(f"peak memory under {PEAK_MB:.0f} MB", peak < PEAK_MB))
    kept.append(verdict(f"warehouse under {DAILY_MB:.0f} MB a day", per_day < DAILY_MB))
    kept.append(verdict(f"summary marts under {SUMMARY_MB:.0f} MB", summaries < SUMMARY_MB))
    return all(kept)


STEPS = ("load", "build", "publish")


def one_more_day(history: History, before: int) -> dict[str, object]:
    """Bring the home to `before` days, built and published; then measure the day after them."""
    settings = history.settings
    loaded = (history.day - history.first_day).days + 1
    history.load_days(before - loaded)
    _build(settings)
    publish(settings)
    day = history.day + timedelta(days=1)
    history.land(day)
    figures: dict[str, object] = {"before": before, "yardstick_s": round(yardstick(), 2)}
    print(f"  the machine adds 20 million numbers in {figures['yardstick_s']} s of Python", flush=True)
    for step, work in (("load", load_landed), ("build", build), ("publish", publish_again)):
        one = measured(work, str(settings.home), day.isoformat())
        print(one.line(f"{step}, after {before} days"), flush=True)
        figures[step] = asdict(one)
    history.day = day
    history.remember(day)
    figures["models_s"] = _slowest_models(settings.home)
    figures["warehouse_mb"] = used_mb(settings.warehouse)
    figures["folders_mb"] = {name: round(size, 1) for name, size in megabytes(settings).items()}
    figures["published_mb"] = published_sizes(settings)
    print(f"    {figures['folders_mb']}, published {figures['published_mb']}", flush=True)
    figures["slowest_analysis"], figures["slowest_analysis_ms"] = analyses(settings)
    return figures


def load_landed(home: str, day: str) -> int:
    """The landed pages of the day into the raw tables."""
    settings = Settings(home=Path(home), scope="census")
    with up_to_date(settings) as connection:
        return load_crawl(connection, _landed(settings, day), settings).row_count


def build(home: str, day: str) -> int:
    """Every SQL model and test, as the production job builds them; its memory is this process's."""
    settings = Settings(home=Path(home), scope="census")
    _build(settings)
    return _landed(settings, day).rows


def publish_again(home: str, day: str) -> int:
    """The published file and Parquet."""
    settings = Settings(home=Path(home), scope="census")
    publish(settings)
    return _landed(settings, day).rows


def _landed(settings: Settings, day: str) -> Crawl:
    return newest_complete(settings.landing, date.fromisoformat(day), "census")


def _build(settings: Settings) -> None:
    with up_to_date(settings) as connection:
        plan = plan_build(connection)
        memory = f"{build_memory_mb(connection)}MB"
    built = []
    for options in plan.runs:
        built += dbt_build.build(
            settings.warehouse, options, memory_limit=memory, folder=settings.home / "target"
        )
    dbt_build.refuse_failed(built)
    with up_to_date(settings) as connection:
        record_build(connection, plan, [])
    times = {result.node.name: result.execution_time for result in built}
    (settings.home / "times.json").write_bytes(orjson.dumps(times))


def _slowest_models(home: Path) -> dict[str, float]:
    read = orjson.loads((home / "times.json").read_bytes())
    times = sorted(((seconds, name) for name, seconds in read.items()), reverse=True)
    for seconds, name in times[:8]:
        print(f"    {seconds:6.2f} s  {name}")
    return {name: seconds for seconds, name in times[:30]}


def used_mb(path: Path) -> float:
    """Megabytes of the blocks in use: free ones are written over next."""
    with duckdb.connect(str(path), read_only=True) as connection:
        used, size = connection.execute(
            "select used_blocks, block_size from pragma_database_size()"
        ).fetchall()[0]
    return float(used) * float(size) / 1e6


def published_sizes(settings: Settings) -> dict[str, float]:
    """Megabytes of the published file: tables of single models, and all others together."""
    sizes = {"single_models": 0.0, "summaries": 0.0}
    with duckdb.connect(str(settings.published / "modeltide.duckdb"), read_only=True) as connection:
        for (table,) in connection.execute("select table_name from duckdb_tables()").fetchall():
            blocks = scalar(
                connection,
                f"select count(distinct block_id) from pragma_storage_info('{table}') where persistent",
            )
            kind = "single_models" if table in PER_MODEL else "summaries"
            sizes[kind] = round(sizes[kind] + int(str(blocks)) * 0.262144, 1)
    return sizes


def analyses(settings: Settings) -> tuple[str, float]:
    """The slowest query of sql/analyses on the published file, and its milliseconds (best of five)."""
    slowest = ("", 0.0)
    with duckdb.connect(
        str(settings.published / "modeltide.duckdb"), read_only=True, config={"threads": 2}
    ) as connection:
        for path in sorted((ROOT / "sql" / "analyses").glob("*.sql")):
            times = []
            for _ in range(5):
                started = time.perf_counter()
                connection.execute(path.read_text(encoding="utf-8")).fetchall()
                times.append(1_000 * (time.perf_counter() - started))
            print(f"    {min(times):6.1f} ms  {path.name}")
            slowest = max(slowest, (path.name, min(times)), key=lambda found: found[1])
    return slowest


def _daily_mb(earlier: dict[str, object], later: dict[str, object]) -> float:
    grown = float(str(later["warehouse_mb"])) - float(str(earlier["warehouse_mb"]))
    return grown / (int(str(later["before"])) - int(str(earlier["before"])))


def _total(day: dict[str, object], what: str) -> float:
    return float(sum(day[step][what] for step in STEPS))  # type: ignore[index]


def _keep(figures: dict[str, object]) -> None:
    if "BENCH_RESULTS" in os.environ:
        with open(os.environ["BENCH_RESULTS"], "ab") as file:
            file.write(orjson.dumps(figures) + b"\n")
