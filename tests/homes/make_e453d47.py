"""Made tests/homes/e453d47.tar.zst: a small data home as the build e453d47 left it.

Run from a checkout of that build: `python make_e453d47.py OUTPUT`. Every number in it is invented: the days
come from the embedded upstreams. It holds four observed days of about 250 models, one of them loaded twice, a
day that was rejected, a gap and a day of the archive, prices of two symbols, cards, tokens and a publication.
"""

import io
import sys
import tarfile
import tempfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import zstandard

from dagster_project.lib.archive import unobserved_days
from dagster_project.lib.archive.backfill import backfill
from dagster_project.lib.hub import crawl as hub
from dagster_project.lib.hub.licence_cards import snapshot_cards
from dagster_project.lib.hub.load_day import DayRejected, load_crawl
from dagster_project.lib.markets.yahoo import snapshot_prices
from dagster_project.lib.publish.file import publish
from dagster_project.lib.record.landing import HUB, Opening, newest_complete, open_crawl
from dagster_project.lib.restore.rebuild import up_to_date
from dagster_project.lib.seeds.tables import COMPANIES, load_seeds, read_seed
from dagster_project.lib.settings import Settings
from dagster_project.lib.sources.openrouter import snapshot_tokens
from dagster_project.synthetic.server import Upstream

FIRST, REJECTED, GAP = date(2026, 1, 14), date(2026, 1, 18), date(2025, 12, 20)
ARCHIVED = date(2026, 1, 4)


def make(home: Path) -> None:
    """Days, sources and a publication below `home`."""
    with Upstream(models=300, quota=1_000_000) as upstream:
        settings = Settings.from_environment({"MODELTIDE_HOME": str(home), **upstream.environment})
        companies = [row for row in read_seed(COMPANIES, settings) if row["symbol"] in ("BABA", "9988.HK")]
        scope = settings.scope_id([])
        for number in (0, 1, 1, 2, 3):
            day = FIRST + timedelta(days=number)
            now = datetime(day.year, day.month, day.day, 6, tzinfo=UTC)
            upstream.set_now(now)
            hub.crawl(settings, day, [])
            with up_to_date(settings) as connection:
                load_crawl(connection, newest_complete(settings.landing, day, scope), settings)
                snapshot_prices(connection, settings, companies, day, now)
                snapshot_tokens(connection, settings, day, now)
                if number == 0:
                    snapshot_cards(connection, settings, day)
        opening = Opening(
            REJECTED.isoformat(), "top", scope, upstream.url, "synthetic", ["top"], now.isoformat(), HUB
        )
        empty = open_crawl(settings.landing, opening)
        empty.add_page("top", b"[]", 0, now, None)
        empty.finish()
        with up_to_date(settings) as connection:
            try:
                load_crawl(connection, empty, settings)
            except DayRejected as rejection:
                print(rejection)
            backfill(connection, settings, [ARCHIVED], print)
            gap = unobserved_days.PastDay(GAP, "archive", "synthetic", "top", scope)
            unobserved_days.note_gap(connection, gap, "the archive has no revision of this day")
            load_seeds(connection, settings)
        publish(settings)


with tempfile.TemporaryDirectory() as folder:
    make(Path(folder) / "data")
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        archive.add(Path(folder) / "data", "data")
    Path(sys.argv[1]).write_bytes(zstandard.ZstdCompressor(level=19).compress(packed.getvalue()))
