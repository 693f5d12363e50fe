"""The data homes that the soak breaks: a small world, snapshotted, built and published by whole commands.

Belongs here: how they are made, copies of them, and a command as a process of its own.
Does not belong here: what is done to a copy (kills, commands, reads, disk) and what must hold (promises).
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from datetime import UTC, date, datetime
from email.message import Message
from pathlib import Path
from typing import NamedTuple

import duckdb

from dagster_project.lib.archive.backfill import backfill
from dagster_project.lib.archive.unobserved_days import import_file
from dagster_project.lib.hub.crawl import crawl
from dagster_project.lib.restore.rebuild import up_to_date
from dagster_project.lib.seeds.tables import followed_publishers
from dagster_project.lib.settings import Settings
from dagster_project.lib.sources.http import SYNTHETIC_HEADER
from dagster_project.synthetic.server import Answer, Upstream

ROOT = Path(__file__).parents[2]
MODELS = 900
ARCHIVED, IMPORTED = [date(2026, 1, 10), date(2026, 1, 11)], date(2026, 1, 12)
FIRST, SECOND = date(2026, 1, 14), date(2026, 1, 15)
TO_IMPORT, TO_BACKFILL = date(2026, 1, 8), date(2026, 1, 9)  # in no prepared home


class Homes(NamedTuple):
    """Below `folder`: `first` with two archived days, an imported and an observed one, built and published;
    `landed` with a second observed day that is landed only; `second` with that day built and published;
    `unpublished` with it built, while the first day is still what is published.
    `seconds` is what the second day's `make run` took.
    """

    folder: Path
    seconds: float

    @property
    def file(self) -> Path:
        """A file to import."""
        return self.folder / "import.parquet"

    def copy(self, name: str, home: Path, upstream: Upstream, *, is_whole: bool = False) -> Settings:
        """A home of its own, at this upstream; if it is not whole, without what Dagster and dbt keep."""
        kept = [] if is_whole else ["dagster", "logs", "cache"]
        shutil.copytree(self.folder / name, home, symlinks=True, ignore=lambda *_: kept)
        return settings_at(home, upstream)

    def bring(self, name: str, home: Path) -> None:
        """Give a home the record and the warehouse of a prepared one; what is published there stays."""
        shutil.rmtree(home / "snapshots")
        shutil.copytree(self.folder / name / "snapshots", home / "snapshots")
        shutil.copyfile(self.folder / name / "warehouse.duckdb", home / "warehouse.duckdb")


class Mirror(Upstream):
    """The embedded upstreams without a word of being synthetic: such a home takes no file of a user."""

    def answer(self, target: str, headers: Mapping[str, str] | Message) -> Answer:
        answer = super().answer(target, headers)
        answer.headers[SYNTHETIC_HEADER] = ""
        return answer


def upstream_on(day: date) -> Upstream:
    """On the morning of a day."""
    return Mirror(models=MODELS, now=_morning(day))


def settings_at(home: Path, upstream: Upstream) -> Settings:
    return Settings.from_environment(_environment(home, upstream))


def command(home: Path, upstream: Upstream, *arguments: str) -> "subprocess.Popen[bytes]":
    """The started process; what it says goes to <home>.out and <home>.err."""
    with open(f"{home}.out", "wb") as out, open(f"{home}.err", "wb") as err:
        return subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "dagster_project", *arguments],
            cwd=ROOT,
            env={**os.environ, **_environment(home, upstream)},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
        )


def prepare(folder: Path) -> Homes:
    """Two minutes. Raises RuntimeError with what `run` said if it fails."""
    first, second = folder / "first", folder / "second"
    folder.mkdir(parents=True)

    def run(home: Path) -> float:
        started = time.monotonic()
        if command(home, upstream, "run").wait():
            raise RuntimeError(f"No home could be prepared: {Path(f'{home}.err').read_text()}")
        return time.monotonic() - started

    with upstream_on(FIRST) as upstream:
        settings = settings_at(first, upstream)
        homes = Homes(folder, 0)
        with up_to_date(settings) as connection:
            backfill(connection, settings, ARCHIVED)
            _write_file(connection, homes.file)
            import_file(connection, settings, homes.file, IMPORTED)
        run(first)
        upstream.set_now(_morning(SECOND))
        settings = homes.copy("first", folder / "landed", upstream)
        crawl(settings, SECOND, followed_publishers(settings))
        shutil.copytree(first, second, symlinks=True)
        homes = homes._replace(seconds=run(second))
    shutil.copytree(first, folder / "unpublished", symlinks=True)
    homes.bring("second", folder / "unpublished")
    return homes


def _write_file(connection: duckdb.DuckDBPyConnection, file: Path) -> None:
    """The newest day that is loaded, as a user's own file would have it."""
    connection.execute(
        "copy (select hub_id as _id, repo_id as id, downloads_30d as downloads, tags, "
        "library_name, pipeline_tag "
        "from raw.hub_model_counters join raw.hub_models using (model_key) "
        "join (from raw.hub_model_cards qualify 1 = row_number() over "
        "(partition by model_key order by first_seen desc)) using (model_key) "
        "where snapshot_date = (select max(snapshot_date) from raw.hub_model_counters)) "
        f"to '{file}' (format parquet)"
    )


def _morning(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 6, tzinfo=UTC)


def _environment(home: Path, upstream: Upstream) -> dict[str, str]:
    # a page of everything and one for each followed publisher: many pages of a small world
    return {"MODELTIDE_HOME": str(home), "HUB_TOP": "1000", **upstream.environment}
