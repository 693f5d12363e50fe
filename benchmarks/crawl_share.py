"""Budget: of the time that a census takes, less than 3 % is ours: all but waiting for network and quota.

3,300 pages need 33 minutes at the anonymous quota of 500 requests in five minutes, 17 with a free token.
Here each page is answered after a moment, as from a network. What a crawl takes beyond a bare client that
reads the same pages is ours: HTTP, looking through a page, compressing and writing it, as far as that is not
done while the next answer is awaited. The profile says where it goes; `acquire` is that wait.
"""

import cProfile
import io
import pstats
import tempfile
import time
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.listing import DAY, served, write_listing
from benchmarks.measured import verdict
from dagster_project.lib.hub import crawl
from dagster_project.lib.settings import Settings

MODELS = 100_000
CENSUS_PAGES = 3_300
QUOTAS = {"anonymous": 500, "free token": 1_000}  # requests in five minutes
WINDOW_SECONDS = 300
SHARE = 0.03
ANSWER_SECONDS = 0.15  # half of what a page has at the quota of a free token
SHOWN = 12


def main() -> bool:
    """Print the profile and our share at each quota; true if the budget is kept."""
    print(f"our share of a census, from {MODELS:,} models over loopback")
    with tempfile.TemporaryDirectory() as folder:
        write_listing(Path(folder) / "pages", MODELS)
        with served(Path(folder) / "pages", ANSWER_SECONDS) as endpoint:
            network = _read(endpoint, len(list((Path(folder) / "pages").iterdir())))
            first, pages = _crawled(Path(folder) / "first", endpoint)
            again, _ = _crawled(Path(folder) / "again", endpoint)
            profile = cProfile.Profile()
            profile.enable()
            _crawled(Path(folder) / "profiled", endpoint)
            profile.disable()
    lines = io.StringIO()
    statistics = pstats.Stats(profile, stream=lines)
    statistics.strip_dirs().sort_stats("tottime").print_stats(SHOWN)
    print("\n".join(line for line in lines.getvalue().splitlines()[6:] if line.strip()))
    start, page = max(first - again, 0.0), (again - network) / pages
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


def _crawled(home: Path, endpoint: str) -> tuple[float, int]:
    """Seconds of a crawl, and its pages."""
    started = time.perf_counter()
    landed = crawl(Settings(home=home, hub_endpoint=endpoint, scope="census"), DAY, [])
    return time.perf_counter() - started, len(landed.pages)
