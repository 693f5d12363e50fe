"""Daily facts of single models, published forward: a day is written again only if its rows can have changed.

Belongs here: which days those are, the days of the published file, and the days of each Parquet file.
Does not belong here: the other tables, which are written whole, and the swap (file).

A day's signature says all that its rows depend on. Days with the signature of the former publication are
taken over with the copy of its file, so one more day costs one more day, however long the history is. As
Parquet a month that is settled is one file, half as large as its days and written in two thirds of the time.
"""

import hashlib
import os
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from contextlib import suppress
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import duckdb

from dagster_project.lib.warehouse import parquet
from dagster_project.lib.warehouse.connection import columns_of, scalar
from dagster_project.lib.warehouse.sql_text import literal_path

RECENT_DAYS, RECENT_ROWS = 90, 3_000_000  # whichever is less: the file is read whole into many a tool
ROWS_AT_ONCE = 122_880  # a row group: days stay together, and no checkpoint has parts to merge
SETTLED_DAYS = 7  # the newest days are the ones that births, short gaps and second loads restate
DAYS = "about_days"
DAYS_COLUMNS = {
    "table_name": ("varchar", "Table of daily facts of single models"),
    "day": ("date", "Its day: activity_date, in model_history day"),
    "row_count": ("bigint", "Its rows of the day"),
    "written_at": ("timestamp", "UTC time of the publication that wrote the day's rows, first or anew"),
    "signature": ("varchar", "Hash of all loads and decisions that the rows depend on"),
}

Connection = duckdb.DuckDBPyConnection


class DailyFacts(NamedTuple):
    """A published table with a row per model and day, and where its rows of a day are counted at no cost."""

    table: str
    day: str
    counted: str  # a table of the warehouse, sorted by day, with a row for each row of the published one
    counted_day: str
    lag: int  # days from `day` to the snapshot day that it is seen on


DAILY_FACTS = {
    facts.table: facts
    for facts in (
        DailyFacts(
            "fct_model_downloads_daily",
            "activity_date",
            "(from intermediate.int_model_downloads__daily where net is not null)",
            "activity_date",
            1,
        ),
        DailyFacts(
            "fct_model_growth_daily",
            "activity_date",
            "intermediate.int_model_growth__daily",
            "activity_date",
            1,
        ),
        DailyFacts("model_history", "day", "intermediate.int_models__detailed", "snapshot_date", 0),
    )
}
VIEWS = "latest_"  # what the names of the views begin with that readers get over these tables
# decisions that restate days
_RESTATING_SEEDS = ("counting_rule_changes", "growth_thresholds", "licences", "named_licences", "publishers")


class Day(NamedTuple):
    """What the warehouse has of a day, and all that it depends on."""

    row_count: int
    signature: str


def drop_views(connection: Connection) -> None:
    """Our views in the attached file, which would hold on to its tables."""
    for (name,) in connection.execute(
        "select view_name from duckdb_views() where database_name = 'published' and not internal "
        f"and starts_with(view_name, '{VIEWS}')"
    ).fetchall():
        connection.execute(f'drop view published.main."{name}"')


def days_of(connection: Connection, facts: DailyFacts) -> dict[date, Day]:
    """Every day of a table, in order."""
    counts = connection.execute(
        f"select {facts.counted_day} as day, count(*) from {facts.counted} group by day order by day"
    ).fetchall()
    signatures = _Signatures(connection)
    return {day: Day(rows, signatures.of(day + timedelta(days=facts.lag))) for day, rows in counts}


def recent(days: dict[date, Day]) -> dict[date, Day]:
    """The days that the published file holds: RECENT_DAYS or RECENT_ROWS, the newest whatever its size."""
    found: dict[date, Day] = {}
    rows = 0
    for day in sorted(days, reverse=True):
        rows += days[day].row_count
        if found and (day <= max(days) - timedelta(days=RECENT_DAYS) or rows > RECENT_ROWS):
            break
        found[day] = days[day]
    return found


def can_be_carried(connection: Connection, facts: Iterable[DailyFacts]) -> bool:
    """Whether the former file, attached as `published`, has these tables as this version writes them, and
    nothing that somebody built on them.
    """
    foreign = scalar(
        connection,
        "select (select count(*) from duckdb_views() where database_name = 'published' and not internal "
        f"and not starts_with(view_name, '{VIEWS}'))"
        " + (select count(*) from duckdb_indexes() where database_name = 'published')"
        " + (select count(*) from duckdb_tables() "
        "where database_name = 'published' and schema_name <> 'main')",
    )
    tables = [DAYS, *(one.table for one in facts)]
    present = scalar(
        connection,
        "select count(*) from duckdb_tables() where database_name = 'published' "
        "and list_contains(?, table_name)",
        [tables],
    )
    return (
        not foreign
        and present == len(tables)
        and all(
            columns_of(connection, f"published.main.{one.table}")
            == columns_of(connection, f"marts.{one.table}")
            for one in facts
        )
    )


def carry(connection: Connection, facts: DailyFacts, days: dict[date, Day], published_at: datetime) -> None:
    """Make the table in `published` hold `days`: what is not of them goes, what it lacks is added."""
    target = f"published.main.{facts.table}"
    source = f"marts.{facts.table}"
    said = connection.execute(
        f"select day, row_count, signature from published.main.{DAYS} where table_name = ?", [facts.table]
    ).fetchall()
    counted = dict(
        connection.execute(f"select {facts.day} as day, count(*) from {target} group by day").fetchall()
    )
    kept = {
        day
        for day, rows, signature in said
        if day in days and days[day] == Day(rows, signature) and counted.get(day) == rows
    }
    for first, last in _runs(counted, kept):
        connection.execute(f"delete from {target} where {_between(facts, first, last)}")
    for first, last in _runs({day: found.row_count for day, found in days.items()}, kept):
        connection.execute(f"insert into {target} from {source} where {_between(facts, first, last)}")
    connection.execute(
        f"delete from published.main.{DAYS} where table_name = ? and not list_contains(?, day)",
        [facts.table, sorted(kept)],
    )
    new = [(day, *found) for day, found in sorted(days.items()) if day not in kept]
    if new:
        connection.execute(
            f"insert into published.main.{DAYS} select $1, unnest($2), unnest($3), $5, unnest($4)",
            [facts.table, *map(list, zip(*new, strict=True)), published_at],
        )


def create_daily_tables(connection: Connection, facts: Iterable[DailyFacts]) -> None:
    """In a new published file the tables without a row, and DAYS."""
    for one in facts:
        connection.execute(f"create table published.main.{one.table} as from marts.{one.table} limit 0")
    columns = ", ".join(f"{name} {kind}" for name, (kind, _) in DAYS_COLUMNS.items())
    connection.execute(f"create table published.main.{DAYS} ({columns})")


def write_parquet(
    connection: Connection, folder: Path, former: Path, facts: DailyFacts, days: dict[date, Day]
) -> None:
    """The days as files of the new `folder`, linked from the folder `former` where they are unchanged. Days
    that the attached published file holds are copied from that.
    """
    folder.mkdir()
    present = signed_files(connection, former)
    in_file = recent(days)
    for name, found in _by_file(days).items():
        first, last = min(found), max(found)
        # with the counts: a model that is seen first or again adds rows to days that no load restates
        signature = hashlib.sha256(repr(found).encode()).hexdigest()
        schema = "published.main" if first in in_file else "marts"
        rows = f"from {schema}.{facts.table} where {_between(facts, first, last)}"
        link_or_copy(connection, present, facts.table, rows, signature, folder / f"{name}.parquet")


def _by_file(days: dict[date, Day]) -> dict[str, dict[date, Day]]:
    """The days by the name of their Parquet file: YYYY-MM of a settled month, else YYYY-MM-DD."""
    first_unsettled = (max(days, default=date.max) - timedelta(days=SETTLED_DAYS)).replace(day=1)
    files: dict[str, dict[date, Day]] = {}
    for day, found in days.items():
        files.setdefault(f"{day:%Y-%m}" if day < first_unsettled else f"{day}", {})[day] = found
    return files


def signed_files(connection: Connection, folder: Path) -> dict[tuple[str, str], Path]:
    """Parquet files by name and signature, but for those that are damaged or of another version."""
    query = "select file_name, decode(value) from parquet_kv_metadata(?) where decode(key) = 'signature'"
    paths = list(folder.glob("*.parquet"))
    found = []
    try:
        found = connection.execute(query, [f"{literal_path(folder)}/*.parquet"]).fetchall() if paths else []
    except duckdb.Error:
        for path in paths:
            with suppress(duckdb.Error):
                found += connection.execute(query, [literal_path(path)]).fetchall()
    return {(Path(path).name, signature): Path(path) for path, signature in found}


def link_or_copy(
    connection: Connection,
    present: dict[tuple[str, str], Path],
    table: str,
    rows: str,
    signature: str,
    path: Path,
) -> None:
    """Make the Parquet file a link to the one of its name and signature, else write the rows of the table.

    The first level of compression takes three quarters of the default's time and 1 % more room.
    """
    if before := present.get((path.name, signature)):
        os.link(before, path)
        return
    parquet.write(
        connection, table, rows, path, f"compression_level 1, kv_metadata {{signature: '{signature}'}}"
    )


class _Signatures:
    """Hash of all that a day can depend on: every judged load until the first usable one on or after its
    snapshot day, which closes a gap that is spread back over it; every pass over cards until the day; the
    seeds that restate; and what the SQL of the tables means.
    """

    def __init__(self, connection: Connection) -> None:
        judged = connection.execute(
            "select snapshot_date, load_id, usable, status from marts.fct_snapshot_days "
            "where accepted order by snapshot_date"
        ).fetchall()
        self._usable = [day for day, _, usable, _ in judged if usable]
        self._loads = _Chain((row[0], row) for row in judged)
        self._passes = _Chain(
            (row[0], row)
            for row in connection.execute(
                "select snapshot_date, crawl from raw.licence_card_passes where status = 'ok' "
                "order by snapshot_date, crawl"
            ).fetchall()
        )
        rules = [
            scalar(
                connection,
                "select md5(string_agg(row_text, '|' order by row_text)) "
                f"from (select cast(s as varchar) as row_text from seeds.{seed} as s)",
            )
            for seed in _RESTATING_SEEDS
        ]
        # what the SQL of the tables means, with all that they follow from (lib/sql_models/plan.py)
        models = [f"model.model_tide.{table}" for table in sorted(DAILY_FACTS)]
        meanings = connection.execute(
            "select node, split_part(built_from, ' ', 1) from intermediate.builds "
            "where snapshot_date is null and list_contains(?, node) order by node",
            [models],
        ).fetchall()
        self._always = repr((rules, meanings))

    def of(self, snapshot_day: date) -> str:
        index = bisect_left(self._usable, snapshot_day)
        closed = self._usable[index] if index < len(self._usable) else date.max
        parts = (self._loads.until(closed), self._passes.until(snapshot_day), self._always)
        return hashlib.sha256(repr(parts).encode()).hexdigest()


class _Chain:
    """Hashes of all rows up to a day."""

    def __init__(self, rows: Iterable[tuple[date, object]]) -> None:
        self._days: list[date] = []
        self._hashes = [""]
        running = hashlib.sha256()
        for day, row in rows:
            running.update(repr(row).encode())
            self._days.append(day)
            self._hashes.append(running.hexdigest())

    def until(self, day: date) -> str:
        return self._hashes[bisect_right(self._days, day)]


def _runs(row_counts: dict[date, int], kept: set[date]) -> list[tuple[date, date]]:
    """First and last of each run of days that no kept day interrupts, cut at ROWS_AT_ONCE."""
    runs: list[tuple[date, date]] = []
    rows = None
    for day in sorted({*row_counts, *kept}):
        if day in kept:
            rows = None
        elif rows is None or rows + row_counts[day] > ROWS_AT_ONCE:
            runs.append((day, day))
            rows = row_counts[day]
        else:
            runs[-1] = (runs[-1][0], day)
            rows += row_counts[day]
    return runs


def _between(facts: DailyFacts, first: date, last: date) -> str:
    return f"{facts.day} between date '{first}' and date '{last}'"
