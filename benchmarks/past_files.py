"""Budget: a past of 60 files of 20,000 models is loaded and judged in under SECONDS of CPU.

A year of the archive, or somebody's own collection of listings, is what a user begins with. The files hold
the synthetic Hub as the archive has it. Measured are the load (rows, and the record's file of each day), the
SQL models of day quality and of daily downloads with all that they are made of, and the warehouse made anew
from the record.
"""

import os
import tempfile
from datetime import date, timedelta
from itertools import groupby
from pathlib import Path

from benchmarks.measured import measured, verdict, yardstick
from dagster_project.lib.archive.unobserved_days import PastDay, load_past_days
from dagster_project.lib.hub.load_day import SET_ROWS
from dagster_project.lib.hub.read_files import parquet
from dagster_project.lib.restore.rebuild import rebuild, up_to_date
from dagster_project.lib.seeds.tables import load_seeds
from dagster_project.lib.settings import Settings
from dagster_project.lib.sql_models.build import build, refuse_failed
from dagster_project.synthetic.archive import Archive
from dagster_project.synthetic.items import Items
from dagster_project.synthetic.world import World

LAST_DAY = date(2026, 2, 12)  # with the synthetic Hub's frozen days and what it takes back
FILES, MODELS = 60, 20_000
LISTED_SHARE = 0.93  # of the synthetic world
JUDGED = ("fct_snapshot_days", "fct_model_downloads_daily")
SECONDS = 20.0


def main() -> bool:
    """Print the figures; true if the budget is kept."""
    print(f"{FILES} past files of {MODELS:,} models (the machine: {yardstick():.2f} s of Python)", flush=True)
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_FOLDER")) as folder:
        write_files(Path(folder) / "files")
        home = str(Path(folder) / "home")
        parts = []
        for label, work in (("load", load), ("day quality, daily downloads", judge), ("rebuild", restore)):
            parts.append(measured(work, folder, home))
            print(parts[-1].line(label), flush=True)
    together = parts[0].cpu + parts[1].cpu
    return verdict(f"load and verdict in {together:.1f} of {SECONDS:.0f} s of CPU", together < SECONDS)


def write_files(folder: Path) -> None:
    """The files of the archive, a day each."""
    folder.mkdir()
    world = World(int(MODELS / LISTED_SHARE))
    archive = Archive(world, Items(world))
    for number in range(FILES):
        day = LAST_DAY - timedelta(days=FILES - 1 - number)
        (folder / f"{day}.parquet").write_bytes(archive.file(day))


def load(folder: str, home: str) -> int:
    """All files, in sets as a backfill makes them; returns the rows."""
    settings = Settings(home=Path(home), scope="census")
    files = sorted(Path(folder, "files").iterdir())
    with up_to_date(settings) as connection:
        load_seeds(connection, settings)
        in_sets = groupby(enumerate(files), lambda numbered: numbered[0] // max(1, SET_ROWS // MODELS))
        return sum(
            one.row_count
            for _, some in in_sets
            for one in load_past_days(
                connection, settings, [(parquet(file, file.name), _past_day(file)) for _, file in some]
            )[0]
        )


def judge(folder: str, home: str) -> int:
    """The SQL models that say which days count and how often each model was downloaded; returns the rows."""
    settings = Settings(home=Path(home))
    select = ["--quiet", "--select", *(f"+{model}" for model in JUDGED), "--indirect-selection", "empty"]
    results = build(settings.warehouse, select, memory_limit="1000MB", folder=Path(folder) / "dbt")
    refuse_failed(results)
    return FILES * MODELS


def restore(folder: str, home: str) -> int:
    """The warehouse anew from the record; returns the rows."""
    settings = Settings(home=Path(home))
    settings.warehouse.rename(Path(folder) / "former.duckdb")
    rebuild(settings)
    return FILES * MODELS


def _past_day(file: Path) -> PastDay:
    return PastDay(date.fromisoformat(file.stem), f"archive:{file.stem}", "synthetic", "census", "census")


if __name__ == "__main__":
    main()
