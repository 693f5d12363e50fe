"""Budget: of the time that a census takes, less than 3 % is ours: all but waiting for network and quota.

3,300 pages need 33 minutes at the anonymous quota of 500 requests in five minutes, 17 with a free token.
Here each page is answered after a moment, as from a network. What the asset takes in a run of Dagster's,
beyond a bare client that reads the same pages, is ours: HTTP, reading a page into columns, compressing and
writing both, the run and its log, as far as that is not done while the next answer is awaited. A short
listing tells what starting costs from what a page costs. The profile says where it goes; `acquire` is that
wait.
"""

import cProfile
import io
import os
import pstats
import tempfile
import time
from http.client import HTTPConnection
from pathlib import Path
from unittest.mock import patch
from urllib.parse import urlsplit

import dagster as dg

from benchmarks.listing import DAY, served, write_listing
from benchmarks.measured import verdict
from dagster_project.defs.huggingface import HUB_PAGES, hub_pages
from dagster_project.lib.settings import Settings
from dagster_project.runs import dagster_instance

MODELS = {"short": 20_000, "long": 120_000}
CENSUS_PAGES = 3_300
QUOTAS = {"anonymous": 500, "free token": 1_000}  # requests in five minutes
WINDOW_SECONDS = 300
SHARE = 0.03
ANSWER_SECONDS = 0.15  # half of what a page has at the quota of a free token
SHOWN = 12


def main() -> bool:
    """Print the profile and our share at each quota; true if the budget is kept."""
    print(f"our share of a census, from {MODELS['long']:,} models over loopback")
    pages, seconds = {}, {}
    profile = cProfile.Profile()
    with tempfile.TemporaryDirectory() as folder:
        for name, models in MODELS.items():
            listing = Path(folder) / name
            write_listing(listing, models)
            pages[name] = len(list(listing.iterdir()))
            with served(listing, ANSWER_SECONDS) as endpoint:
                network = _read(endpoint, pages[name])
                with profile:  # what is done once per process is done in it, too
                    _crawled(Path(folder) / "profiled" / name, endpoint)
                seconds[name] = _crawled(Path(folder) / "timed" / name, endpoint) - network
    lines = io.StringIO()
    statistics = pstats.Stats(profile, stream=lines)
    statistics.strip_dirs().sort_stats("tottime").print_stats(SHOWN)
    print("\n".join(line for line in lines.getvalue().splitlines()[6:] if line.strip()))
    page = (seconds["long"] - seconds["short"]) / (pages["long"] - pages["short"])
    start = max(seconds["short"] - page * pages["short"], 0.0)
    kept = True
    for name, requests in QUOTAS.items():
        allowed = WINDOW_SECONDS / requests
        share = (start / CENSUS_PAGES + page) / allowed
        minutes = CENSUS_PAGES * allowed / 60
        cost = f"{start:.1f} s to start and {1_000 * page:.1f} ms a page"
        line = f"{name}: {cost}, {share:.1%} of {minutes:.0f} minutes"
        kept = verdict(f"{line}, under {SHARE:.0%}", share < SHARE) and kept
    return kept


def _read(endpoint: str, pages: int) -> float:
    """Seconds of a client that does nothing with the pages."""
    connection = HTTPConnection(urlsplit(endpoint).netloc)
    started = time.perf_counter()
    for number in range(pages):
        connection.request("GET", f"/api/models?cursor={number}")
        connection.getresponse().read()
    connection.close()
    return time.perf_counter() - started


def _crawled(home: Path, endpoint: str) -> float:
    """Seconds of a run that lands the whole listing."""
    environment = {"MODELTIDE_HOME": str(home), "HF_ENDPOINT": endpoint, "HUB_SCOPE": "census"}
    quiet = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
    settings = Settings.from_environment(environment)
    with patch.dict(os.environ), dagster_instance(settings) as instance:
        started = time.perf_counter()
        run = dg.materialize(
            [hub_pages],
            selection=[HUB_PAGES],
            partition_key=DAY.isoformat(),
            instance=instance,
            run_config=quiet,
            resources={"settings": settings},
        )
        taken = time.perf_counter() - started
    if not run.success:
        raise RuntimeError("the census of the benchmark failed")
    return taken
