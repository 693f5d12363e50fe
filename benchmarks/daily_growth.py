"""How a data home grows: daily runs in it, a process each as under cron, against the embedded upstreams.

`python -m benchmarks.daily_growth 30` runs 30 days, a minute each; `make bench` runs a few. After each day it
prints the megabytes of every folder of the home and the peak memory of the run's largest process, at the end
what a day adds, and what Dagster's store is once the older half of the runs is deleted as the retention does
it. Budgets: memory does not grow with the days, Dagster's store grows by at most STORE_MB a run, and deleting
runs gives their space back. BENCH_FOLDER names where the home is made.
"""

import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from statistics import median

from benchmarks.measured import verdict
from dagster_project.defs.run_keeper import forget_old_runs
from dagster_project.lib.settings import Settings
from dagster_project.runs import dagster_instance
from dagster_project.synthetic.server import Upstream

ROOT = Path(__file__).parents[1]
FIRST_DAY = date(2026, 1, 14)
DAYS, MODELS = 4, 2_000
FOLDERS = ("landing", "snapshots", "warehouse.duckdb", "published", "dagster", "logs", "cache")
STORE_MB, LEFT_SHARE = 8.0, 0.7
MEMORY_SLOPE = 1.1  # of the last run beside the second; the first builds everything


def main(days: int = DAYS) -> bool:
    """Print the table; true if every budget is kept."""
    print(f"{days} daily runs of about {MODELS:,} models in one home, megabytes after each", flush=True)
    print(f"  {'day':<10} " + " ".join(f"{name.split('.')[0]:>9}" for name in FOLDERS) + "   peak MB")
    sizes: list[dict[str, float]] = []
    peaks: list[float] = []
    with (
        tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_FOLDER")) as folder,
        Upstream(models=MODELS) as upstream,
    ):
        home = Path(folder) / "data"
        for number in range(days):
            day = FIRST_DAY + timedelta(days=number)
            upstream.set_now(datetime(day.year, day.month, day.day, 6, tzinfo=UTC))
            peaks.append(run_of_a_day(home, upstream.environment))
            sizes.append(megabytes(Settings(home=home)))
            shown = " ".join(f"{sizes[-1][name]:9.2f}" for name in FOLDERS)
            print(f"  {day} {shown} {peaks[-1]:9.0f}", flush=True)
        left = dagster_mb_without_the_older_half(home, days)
    a_day = {
        name: median(after[name] - before[name] for before, after in pairwise(sizes[days // 3 :]))
        for name in FOLDERS
    }
    print("  a day adds " + " ".join(f"{a_day[name]:9.2f}" for name in FOLDERS) + "   (median)")
    store = sizes[-1]["dagster"]
    print(f"  Dagster's store without the older half of the runs: {left:.1f} of {store:.1f} MB", flush=True)
    kept = [
        verdict(f"Dagster's store under {STORE_MB:.0f} MB a run", a_day["dagster"] < STORE_MB),
        verdict(f"memory within {MEMORY_SLOPE} × of the second run", peaks[-1] <= MEMORY_SLOPE * peaks[1]),
        verdict(f"half of the runs leave under {LEFT_SHARE} of the store", left < LEFT_SHARE * store),
    ]
    return all(kept)


def run_of_a_day(home: Path, environment: dict[str, str]) -> float:
    """`make run` in a process of its own; the peak resident megabytes of it and what it started."""
    said = home.with_name("said.log")
    with open(said, "wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "dagster_project", "run"],
            cwd=ROOT,
            env={**os.environ, **environment, "MODELTIDE_HOME": str(home)},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        _, status, used = os.wait4(process.pid, 0)  # of it alone, beside the runs before
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"the run of a day ended with {process.returncode}: {said.read_text()}")
    return used.ru_maxrss / 1024  # Linux counts in kilobytes


def megabytes(settings: Settings) -> dict[str, float]:
    """Size of each part of the home; a file with several names counts once."""
    sizes: dict[str, float] = defaultdict(float)
    for name in FOLDERS:
        path = settings.home / name
        files = [path, *path.rglob("*")] if path.exists() else []
        found = {(s.st_dev, s.st_ino): s.st_size for s in (f.lstat() for f in files if f.is_file())}
        sizes[name] = sum(found.values()) / 1e6
    return sizes


def dagster_mb_without_the_older_half(home: Path, days: int) -> float:
    """Megabytes of Dagster's store after half of the runs were deleted, as if they were old."""
    settings = Settings(home=home)
    with dagster_instance(settings) as instance:
        forget_old_runs(instance, datetime.now(UTC), days=0, runs=days // 2)
    return megabytes(settings)["dagster"]


if __name__ == "__main__":
    sys.exit(0 if main(*map(int, sys.argv[1:2])) else 1)
