"""Budget: of the time that a census takes, less than 3 % is ours: all but waiting for network and quota.

3,300 pages need 33 minutes at the anonymous quota of 500 requests in five minutes, 17 with a free token.
Here pages come over loopback as fast as they are asked for; what a page costs in CPU (HTTP, looking through
it, compressing) and in waiting for the disk is ours, and the profile says where it goes.
"""

import cProfile
import io
import pstats
import tempfile
import time
from pathlib import Path

from benchmarks.listing import DAY, served, write_listing
from benchmarks.measured import verdict
from dagster_project.lib.hub import crawl
from dagster_project.lib.settings import Settings

MODELS = 100_000
CENSUS_PAGES = 3_300
QUOTAS = {"anonymous": 500, "free token": 1_000}  # requests in five minutes
WINDOW_SECONDS = 300
SHARE = 0.03
SHOWN = 12


def main() -> bool:
    """Print the profile and our share at each quota; true if the budget is kept."""
    print(f"our share of a census, from {MODELS:,} models over loopback")
    with tempfile.TemporaryDirectory() as folder:
        write_listing(Path(folder) / "pages", MODELS)
        with served(Path(folder) / "pages") as endpoint:
            plain, pages = _crawled(Path(folder) / "plain", endpoint)
            profile = cProfile.Profile()
            profile.enable()
            _crawled(Path(folder) / "profiled", endpoint)
            profile.disable()
    lines = io.StringIO()
    statistics = pstats.Stats(profile, stream=lines)
    statistics.strip_dirs().sort_stats("tottime").print_stats(SHOWN)
    synced = sum(row[2] for name, row in statistics.stats.items() if "fsync" in name[2])  # type: ignore[attr-defined]
    print("\n".join(line for line in lines.getvalue().splitlines()[6:] if line.strip()))
    kept = True
    for name, requests in QUOTAS.items():
        allowed = WINDOW_SECONDS / requests
        share = (plain + synced) / pages / allowed
        minutes = CENSUS_PAGES * allowed / 60
        cost = f"{1_000 * plain / pages:.1f} ms of CPU and {1_000 * synced / pages:.1f} of disk a page"
        line = f"{name}: {cost}, {share:.1%} of {minutes:.0f} minutes"
        kept = verdict(f"{line}, under {SHARE:.0%}", share < SHARE) and kept
    return kept


def _crawled(home: Path, endpoint: str) -> tuple[float, int]:
    """CPU seconds of this thread for a crawl, and its pages; the server's threads are not counted."""
    started = time.thread_time()
    landed = crawl(Settings(home=home, hub_endpoint=endpoint, scope="census"), DAY, [])
    return time.thread_time() - started, len(landed.pages)
