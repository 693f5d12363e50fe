"""What the product promises of a data home, whatever happened to it.

Belongs here: plain functions that look at a home and raise BrokenPromise with what is wrong.
Does not belong here: what happened to the home.
"""

import shutil
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb
import orjson

from dagster_project.lib.record.snapshots import HUB, hub_days, row_loads
from dagster_project.lib.restore.rebuild import rebuild
from dagster_project.lib.settings import Settings
from dagster_project.lib.warehouse.connection import reading
from dagster_project.lib.warehouse.raw_tables import HUB_TABLES, LOADS, ROW_SOURCES

RECORDED = (LOADS, *HUB_TABLES, *(table for source in ROW_SOURCES for table in source.tables))
TEMPORARY = ("*.tmp", "*.tmp.*", "*.wal", "*.rebuild", "*.removed")
ABOUT = {"about", "about_tables", "about_days"}  # in the file; as Parquet, too, where it is there
Days = dict[date, tuple[int, int]]  # rows and a checksum of them


class BrokenPromise(Exception):
    """Its message says what is wrong."""


def accepted_days(settings: Settings) -> Days:
    """What the warehouse has of each accepted day."""
    with reading(settings.warehouse) as connection:
        found = connection.execute(
            """
            with rows as (
                select c.snapshot_date, hash(m.hub_id, c) as row_hash
                from raw.hub_model_counters as c left join raw.hub_models as m using (model_key)
            )
            select s.snapshot_date, count(row_hash), coalesce(sum(row_hash), 0)
            from raw.hub_snapshots as s left join rows using (snapshot_date)
            where s.is_accepted group by all
            """
        ).fetchall()
    return {day: (rows, checksum) for day, rows, checksum in found}


def no_day_is_lost(settings: Settings, before: Days, dropped: date | None = None) -> None:
    """Every day of `before` is there with the same rows, but for one that was being dropped."""
    now = accepted_days(settings)
    for day, rows in before.items():
        if now.get(day) != rows and not (day == dropped and day not in now):
            raise BrokenPromise(f"{day} had {rows} (rows, checksum), now it has {now.get(day, 'nothing')}")


def no_day_is_half_written(settings: Settings) -> None:
    """Each accepted day has the rows that its snapshot row states, in the warehouse and in its file."""
    with reading(settings.warehouse) as connection:
        stated = dict(
            connection.execute(
                "select snapshot_date, row_count from raw.hub_snapshots where is_accepted"
            ).fetchall()
        )
        stored = dict(
            connection.execute(
                "select snapshot_date, count(*) from raw.hub_model_counters group by 1"
            ).fetchall()
        )
        filed = {
            one.day: connection.execute("select count(*) from read_parquet(?)", [str(one.path)]).fetchall()[
                0
            ][0]
            for one in hub_days(settings)
            if one.path.parent.name == HUB
        }
    for name, rows in (("the warehouse", stored), ("snapshots/", filed)):
        if rows != stated:
            raise BrokenPromise(f"rows by day in {name}: {_apart(rows, stated)} of the stated ones")


def record_equals_warehouse(settings: Settings, scratch: Path) -> None:
    """A rebuild from a copy of snapshots/ gives every raw table row for row, load ids and times included."""
    copy = replace(settings, home=scratch)
    shutil.copytree(settings.snapshots, copy.snapshots, symlinks=True)
    rebuild(copy)
    with reading(settings.warehouse) as connection:
        connection.execute(f"attach '{copy.warehouse}' as rebuilt (read_only)")
        for table in RECORDED:
            there, here = f"rebuilt.{table.full_name}", table.full_name
            for name, left, right in (("rebuilt", here, there), ("warehouse", there, here)):
                rows = connection.execute(f"from {left} except all from {right} limit 3").fetchall()
                if rows:
                    raise BrokenPromise(f"{here}: the {name} one lacks {rows}")
        known = Counter(connection.execute("select source, snapshot_date, load_id from raw.loads").fetchall())
    on_disk = Counter((one.path.parent.name, one.day, one.load_id) for one in hub_days(settings))
    on_disk.update((s.name, one.day, one.load_id) for s in ROW_SOURCES for one in row_loads(settings, s))
    if known != on_disk:
        raise BrokenPromise(f"raw.loads and snapshots/ differ: {(known - on_disk) | (on_disk - known)}")
    shutil.rmtree(scratch)


def forms_are_of_one_publication(settings: Settings) -> None:
    """The DuckDB file and the Parquet folder say the same of themselves and have the same rows by table."""
    file, folder = settings.published / "modeltide.duckdb", settings.published / "parquet"
    with duckdb.connect(str(file), read_only=True) as connection:
        tables = {name for (name,) in connection.execute("select table_name from about_tables").fetchall()}
        parquet = {path.name.removesuffix(".parquet") for path in folder.iterdir()}
        if unknown := parquet - tables - ABOUT:
            raise BrokenPromise(f"Parquet of what the file does not have: {sorted(unknown)}")
        for name in sorted(tables | (parquet & ABOUT)):
            path = folder / name
            files = path / "*.parquet" if path.is_dir() else path.with_suffix(".parquet")
            query = "select count(*), coalesce(sum(hash(t)), 0) from"
            left = connection.execute(f"{query} {name} as t").fetchall()
            right = connection.execute(f"{query} '{files}' as t").fetchall()
            if left != right:
                raise BrokenPromise(
                    f"{name} has {left[0]} (rows, checksum) in the file, {right[0]} as Parquet"
                )


def hold(settings: Settings, before: Days, dropped: date | None, scratch: Path) -> None:
    """Everything that must hold once the next step is done."""
    no_day_is_lost(settings, before, dropped)
    no_day_is_half_written(settings)
    record_equals_warehouse(settings, scratch)
    forms_are_of_one_publication(settings)
    nothing_is_left_over(settings)


def nothing_is_left_over(settings: Settings) -> None:
    """No temporary name anywhere, at most two publications, no page that its manifest does not name."""
    left = [path for pattern in TEMPORARY for path in settings.home.rglob(pattern)]
    left = [path for path in left if "dagster" not in path.relative_to(settings.home).parts[:1]]
    left += [page for folder in settings.landing.rglob("crawl-*") for page in _unnamed(folder)]
    if left:
        raise BrokenPromise(f"left over: {sorted(str(path.relative_to(settings.home)) for path in left)}")
    for name in ("modeltide.duckdb", "parquet"):
        versions = {path.resolve() for path in settings.home.rglob(name)}
        if len(versions) > 2:
            raise BrokenPromise(f"more than the current and the former publication: {sorted(versions)}")


def no_run_is_without_a_process(settings: Settings) -> None:
    """Dagster's store, which the caller knows nobody to be using, has no run under way.

    One that was killed before it had a process blocks no queue, and is ended ten minutes later.
    """
    with closing(sqlite3.connect(settings.home / "dagster" / "history" / "runs.db")) as store:
        under_way = store.execute(
            "select run_id, status from runs where status in ('STARTING', 'STARTED', 'CANCELING')"
        ).fetchall()
    if under_way:
        raise BrokenPromise(f"Dagster's store still has {under_way}")


def _unnamed(crawl: Path) -> Iterator[Path]:
    manifest = crawl / "manifest.jsonl"
    lines = manifest.read_bytes().splitlines() if manifest.exists() else []
    named = {entry["page"]["file"] for line in lines if "page" in (entry := orjson.loads(line))}
    yield from (path for path in crawl.iterdir() if path.name not in {"manifest.jsonl", *named})


def _apart(left: dict[date, int], right: dict[date, int]) -> dict[str, tuple[int | None, int | None]]:
    days = sorted({*left, *right})
    return {str(d): (left.get(d), right.get(d)) for d in days if left.get(d) != right.get(d)}
