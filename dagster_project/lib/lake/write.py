"""Writing the lake: `<schema>/<table>/<file>.parquet` for all tables of the warehouse, and `files.parquet`.

Belongs here: which files a warehouse makes, which of them are new, and the list of them.
Does not belong here: where they lie and how one gets there (place), and which types they may have
(warehouse/parquet).

What an engine reads is the folder of a table: one file, `all.parquet`, or one a day, each with all columns. A
file is in its place whole, as it was or as it is; the lake is not swapped at once, as published/ is: while it
is being written one table can be newer than another.

`files.parquet` says what each file was made from. It is written before the first change, without the files
that are about to change, and again after the last one: whatever is killed in between, the next time writes
anew what it does not name.
"""

import hashlib
from datetime import UTC, date, datetime
from typing import NamedTuple

import duckdb

from dagster_project.lib.lake.place import LakeError, Place
from dagster_project.lib.progress import progress_bar
from dagster_project.lib.publish.daily_tables import DAILY_FACTS, VIEWS, days_of
from dagster_project.lib.settings import Settings
from dagster_project.lib.warehouse import parquet
from dagster_project.lib.warehouse.connection import PLANS_AS_WRITTEN, columns_of, scalar, writing
from dagster_project.lib.warehouse.raw_tables import ATTRIBUTE_GROUPS, HUB_MODEL_COUNTERS
from dagster_project.lib.warehouse.sql_text import digest_of, escaped, literal_path

SCHEMAS = ("raw", "seeds", "marts")
LIST = "files.parquet"
# a row per model and day, or per model that a day changed: what grows by millions of rows. Of these a day is
# a file, the others are small enough to be written whole
BY_DAY = (
    {HUB_MODEL_COUNTERS.full_name: "snapshot_date"}
    | {table.full_name: "first_seen" for table in ATTRIBUTE_GROUPS.values()}
    | {f"marts.{facts.table}": facts.day for facts in DAILY_FACTS.values()}
)
_COLUMNS = (
    ("file", "VARCHAR"),
    ("rows", "BIGINT"),
    ("bytes", "BIGINT"),
    ("signature", "VARCHAR"),
    ("origin", "VARCHAR"),
    ("written_at", "TIMESTAMP"),
)

Connection = duckdb.DuckDBPyConnection


class File(NamedTuple):
    """A file as the warehouse would make it: its table, the rows, and a hash of all that is in them."""

    table: str
    rows: str
    signature: str


class Listed(NamedTuple):
    """A row of `files.parquet`. `written_at` is UTC, and `origin` who answered for the newest day then: live,
    synthetic or mirror:<host>.
    """

    file: str
    rows: int
    bytes: int
    signature: str
    origin: str | None
    written_at: datetime


class Lake(NamedTuple):
    """What was done: files written and removed, and what the lake holds now."""

    address: str
    origin: str | None
    written: int
    removed: int
    files: int
    rows: int


def write_lake(settings: Settings) -> Lake:
    """Make the lake hold what the warehouse holds. Grain: a file per table, or per table and day.

    Raises LakeError where there is no warehouse, where something else lies at the address, and when a file
    cannot be written: then those before it are in place.
    """
    if not settings.warehouse.exists():
        raise LakeError(
            f"There is no warehouse at {settings.warehouse} yet, so nothing was written. Type `make run`, or "
            "`make demo` without a network; `make lake MODELTIDE_HOME=data/demo` writes the demo's."
        )
    place = Place(settings.lake)
    names = place.names()
    if names and LIST not in names:
        raise _not_ours(place, f"it holds {min(names)} and no {LIST}")
    with writing(settings) as connection:
        connection.execute(PLANS_AS_WRITTEN)
        known = _known(connection, place) if names else {}
        there = place.files() if names else {}
        wanted = _wanted(connection)
        kept = {
            name: known[name]
            for name in wanted.keys() & known.keys()
            if known[name].signature == wanted[name].signature and there.get(name) == known[name].bytes
        }
        left = [name for name in sorted(there) if _is_of_a_table(name) and name not in wanted]
        new = [name for name in wanted if name not in kept]
        if new or left:
            _write(connection, place, wanted, new, left, kept)
        rows = sum(listed.rows for listed in kept.values())
        return Lake(settings.lake, _origin(connection), len(new), len(left), len(kept), rows)


def _write(
    connection: Connection,
    place: Place,
    wanted: dict[str, File],
    new: list[str],
    left: list[str],
    kept: dict[str, Listed],
) -> None:
    """Remove files, write others, and add these to `kept`, which is the list at both ends of the work."""
    origin = _origin(connection)
    _list(connection, place, kept)
    for name in left:
        place.remove(name)
    with progress_bar("files", len(new)) as show:
        for done, name in enumerate(new, 1):
            table, rows, signature = wanted[name]
            with place.new_file(name) as path:
                count = parquet.write(connection, table, rows, path, "compression_level 1")
                size = path.stat().st_size
            now = datetime.now(UTC).replace(tzinfo=None)
            kept[name] = Listed(name, count, size, signature, origin, now)
            show(done)
    _list(connection, place, kept)


def _wanted(connection: Connection) -> dict[str, File]:
    """Every file that the warehouse makes, by its name."""
    tables = connection.execute(
        "select schema_name || '.' || table_name from duckdb_tables() "
        "where database_name = current_database() and list_contains($1, schema_name) "
        "union all select schema_name || '.' || view_name from duckdb_views() "
        "where database_name = current_database() and list_contains($1, schema_name) "
        "and not starts_with(view_name, $2) order by all",
        [list(SCHEMAS), VIEWS],
    ).fetchall()
    found = {}
    for (table,) in tables:
        folder = table.replace(".", "/")
        for day, signature in _signatures(connection, table).items():
            rows = f"from {table}"
            if table in BY_DAY:
                rows += f" where {BY_DAY[table]} " + (f"= date '{day}'" if day else "is null")
            found[f"{folder}/{day or 'all'}.parquet"] = File(table, rows, signature)
    return found


def _signatures(connection: Connection, table: str) -> dict[date | None, str]:
    """A hash of all that each file of a table holds, by day, or under None if the table is one file.

    Daily facts have one that costs no look at their rows; a table by day without a row is one file, too.
    """
    columns = columns_of(connection, table)
    name = table.partition(".")[2]
    found: dict[date | None, str]
    if name in DAILY_FACTS:
        found = {day: repr(known) for day, known in days_of(connection, DAILY_FACTS[name]).items()}
    else:
        day = BY_DAY.get(table, "null")
        query = (
            f"select {day} as day, count(*), sum({digest_of('t', columns)}) from {table} as t group by day"
        )
        found = {day: f"{count} {digest}" for day, count, digest in connection.execute(query).fetchall()}
    return {
        day: hashlib.sha256(f"{digest} {columns!r}".encode()).hexdigest()
        for day, digest in (found or {None: "no row"}).items()
    }


def _is_of_a_table(name: str) -> bool:
    """Whether an engine would read a file as one of a table's."""
    parts = name.split("/")
    return len(parts) == 3 and parts[0] in SCHEMAS and name.endswith(".parquet")


def _known(connection: Connection, place: Place) -> dict[str, Listed]:
    """What the list of the lake says; nothing if it is damaged. Raises LakeError if it is another's."""
    with place.copy_of(LIST) as path:
        relation = f"read_parquet('{escaped(literal_path(path))}')"
        try:
            columns = columns_of(connection, f"(from {relation})")
            rows = connection.execute(f"from {relation}").fetchall() if columns == [*_COLUMNS] else []
        except duckdb.Error:
            return {}
    if columns != [*_COLUMNS]:
        raise _not_ours(place, f"its {LIST} has other columns")
    return {row[0]: Listed(*row) for row in rows}


def _not_ours(place: Place, reason: str) -> LakeError:
    return LakeError(
        f"{place.address} is not a lake of Model Tide: {reason}. Nothing was written. Set LAKE to a folder "
        "of its own, which may be missing or empty."
    )


def _list(connection: Connection, place: Place, files: dict[str, Listed]) -> None:
    columns = ", ".join(f"{name} {kind}" for name, kind in _COLUMNS)
    connection.execute(f"create or replace temp table listed ({columns})")
    if files:
        rows = [list(column) for column in zip(*(files[name] for name in sorted(files)), strict=True)]
        connection.execute(f"insert into listed select {', '.join('unnest(?)' for _ in rows)}", rows)
    with place.new_file(LIST) as path:
        parquet.write(connection, LIST, "from listed order by file", path)


def _origin(connection: Connection) -> str | None:
    """Who answered for the newest day: live, synthetic or mirror:<host>; None without a day."""
    said = scalar(
        connection,
        "select origin from raw.hub_snapshots where is_accepted order by snapshot_date desc limit 1",
    )
    return None if said is None else str(said)
