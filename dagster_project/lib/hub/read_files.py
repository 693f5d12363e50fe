"""A file in the Hub's column names (the archive's Parquet, a user's Parquet or JSON lines) into KEYED.

Belongs here: what a file lacks, 0 that stands for NULL, naming the column of a type that does not fit, and
setting values aside that cannot be.
Does not belong here: which columns are read and of which types (fields), what is said of odd values
(odd_values), pages of the live listing (read_pages), and where the rows go (load_day).
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb

from dagster_project.lib.errors import ModelTideError
from dagster_project.lib.hub.day_rows import KEYED, READ
from dagster_project.lib.hub.fields import BY_NAME, FIELDS, Field, in_place, of_group, quoted
from dagster_project.lib.hub.odd_values import SHOWN, OddValues
from dagster_project.lib.settings import Settings
from dagster_project.lib.warehouse.connection import count_rows, scalar
from dagster_project.lib.warehouse.raw_tables import ATTRIBUTE_GROUPS
from dagster_project.lib.warehouse.sql_text import literal_path

Connection = duckdb.DuckDBPyConnection

_REQUIRED = ("id", "downloads")
KEY = "key"  # in `lacks`: the file has no _id, the repository id stands in for it


class FileRefused(ModelTideError):
    """The file cannot be loaded; the message names it, the column and what to do. Nothing was loaded."""


@dataclass(frozen=True)
class Source:
    """A file to read: `sql` stands after `from` with the path as its parameter; `name` is for messages."""

    path: str
    sql: str
    name: str
    needs_id: bool = True  # without, the repository id may stand in for a missing _id


def parquet(path: object, name: str, *, needs_id: bool = True) -> Source:
    """A Parquet file."""
    return Source(literal_path(path), "read_parquet(?, hive_partitioning = false)", name, needs_id)


def json_source(path: object, name: str, layout: str = "newline_delimited") -> Source:
    """A file of JSON objects, laid out as DuckDB calls it; every object has a say in the types."""
    reader = (
        f"read_json(?, format = '{layout}', sample_size = -1, maximum_object_size = 100_000_000, "
        "map_inference_threshold = -1, hive_partitioning = false)"
    )
    return Source(literal_path(path), reader, name, needs_id=False)


@contextmanager
def named_errors(name: str) -> Iterator[None]:
    """Whatever DuckDB says of a file that it cannot read names the file and what to do."""
    try:
        yield
    except duckdb.Error as error:
        # of CSV the first lines say where, the others what DuckDB could be told
        said = " ".join(str(error).split("Possible fixes")[0].splitlines()[:3])
        raise FileRefused(
            f"{name} cannot be read: {said} Nothing was loaded; get the file again, or leave the day out."
        ) from error


def stage_file(
    connection: Connection,
    source: Source,
    settings: Settings,
    day: date,
    top: int | None = None,
    followed: Iterable[str] = (),
) -> tuple[dict[str, Any], list[str]]:
    """Add the day's rows to KEYED, without keys; returns what was removed and is odd, and what it lacks.

    With `top`, the most downloaded models and those of the followed publishers, as a listing of that scope
    has them. Raises FileRefused.
    """
    of_day = f"snapshot_date = date '{day}'"
    connection.execute("set timezone = 'UTC'")  # a time that names no zone is UTC
    with named_errors(source.name):
        columns = _columns_of(connection, source)
        odd = OddValues()
        rows = f"{KEYED} where {of_day}"
        carried = _read_plain(connection, source, columns, day)
        if carried is None:
            connection.execute(f"delete from {rows}")
            said, odd = _survey(connection, source, columns)
            changed = odd.changed_fields(settings)
            if changed:
                raise FileRefused(
                    f"{source.name}: {'; '.join(changed)}. Nothing was loaded; mend the column."
                )
            carried = {name for name, count in said.items() if count}  # NULL everywhere says nothing
            whole = f"where {_is_whole(columns)}" if odd.left_out else ""
            read = f"{_select(columns, carried, KEY in lacking(carried))} from {source.sql} {whole}"
            _insert(connection, source, day, read)
        if top is not None:
            connection.execute(
                f"delete from {rows} and (publisher in (select unnest(?::varchar[])) "
                f"or hub_id in (select hub_id from {rows} "
                "order by downloads_30d desc nulls last, hub_id limit ?)) is not true",
                [list(followed), top],
            )
    removed = _remove(connection, rows)
    clear_zeros(connection, KEYED, of_day, carried)
    count, counted = connection.execute(f"select count(*), count(downloads_30d) from {rows}").fetchall()[0]
    if not counted:
        raise FileRefused(
            f"{source.name}: column downloads says nothing (0, NULL or no count in every row). "
            "Nothing was loaded."
        )
    return {"row_count": count, "overlap": 0, **removed, **odd.columns()}, lacking(carried)


def _read_plain(
    connection: Connection, source: Source, columns: dict[str, str], day: date
) -> set[str] | None:
    """Add the rows; returns the columns that say something, or None if something in the file cannot be.

    Nearly every file is plain, and to survey one costs as much as to read it.
    """
    names = list(columns)
    is_plain = " or ".join(_is_odd(BY_NAME[name], kind) for name, kind in columns.items())
    said = " + ".join(f"(({quoted(name)} is not null)::bigint << {n})" for n, name in enumerate(names))
    read = (
        f"{_select(columns, set(names), '_id' not in columns)}, not ({is_plain}) as is_plain, {said} as said"
    )
    _insert(connection, source, day, f"{read} from {source.sql}")
    plain, named, bits = connection.execute(
        "select bool_and(is_plain), count(*) = least(count(hub_id), count(repo_id)), bit_or(said) "
        f"from {KEYED} where snapshot_date = ?",
        [day],
    ).fetchall()[0]
    return {name for n, name in enumerate(names) if bits >> n & 1} if plain and named else None


def _insert(connection: Connection, source: Source, day: date, read: str) -> None:
    connection.execute(
        f"insert into {KEYED} by name select date '{day}' as snapshot_date, {read}", [source.path]
    )


def _columns_of(connection: Connection, source: Source) -> dict[str, str]:
    """The file's columns that we read, with their types. Raises FileRefused for a missing or wrong one."""
    described = connection.execute(
        f"select column_name, column_type from (describe select * from {source.sql})", [source.path]
    ).fetchall()
    columns = {name: kind for name, kind in described if name in BY_NAME}
    required = ["_id", *_REQUIRED] if source.needs_id else [*_REQUIRED]
    if "_id" in columns and not source.needs_id:
        required += of_group("cards")  # or the names that other days give these models would have no tags
    for name in required:
        if name not in columns:
            raise FileRefused(
                f"{source.name} has no column {name}. It has: {', '.join(n for n, _ in described)[:200]}. "
                "Nothing was loaded; name the columns as the Hub does."
            )
    for name, kind in columns.items():
        if not kind.startswith(BY_NAME[name].kind.types) and kind != '"NULL"':
            raise FileRefused(
                f"{source.name}: column {name} is {kind[:60]}, not {BY_NAME[name].kind.meaning}. "
                "Nothing was loaded; give the column its type."
            )
    return columns


def _survey(
    connection: Connection, source: Source, columns: dict[str, str]
) -> tuple[dict[str, int], OddValues]:
    """How many rows say something that can be, by column, and what cannot be."""
    fields = [BY_NAME[name] for name in columns]
    is_odd = {field.name: _is_odd(field, columns[field.name]) for field in fields}
    model = "coalesce(cast(id as varchar), '?')"
    counts = ", ".join(
        f"count({quoted(name)}), count(*) filter ({sql}), "
        f"(list([{model}, cast({quoted(name)} as varchar)]) filter ({sql}))[1:{SHOWN}]"
        for name, sql in is_odd.items()
    )
    left_out = f"count(*) filter (not {_is_whole(columns)})"
    total, missing, *found = connection.execute(
        f"select count(*), {left_out}, {counts} from {source.sql}", [source.path]
    ).fetchall()[0]
    odd = OddValues(left_out=missing)
    said = {}
    for name, count, wrong, examples in zip(columns, *(found[n::3] for n in range(3)), strict=True):
        said[name], odd.said[name] = count - wrong, count
        if wrong:
            odd.note_all(name, wrong, examples)
    if total == 0:
        raise FileRefused(f"{source.name} has no row. Nothing was loaded.")
    for name in ("_id", "id"):
        if name in said and odd.said[name] < total:
            raise FileRefused(
                f"{source.name}: column {name} is NULL in {total - odd.said[name]} rows. Nothing was loaded; "
                "every row needs one."
            )
    return said, odd


def _held(field: Field, kind: str) -> str:
    """What a column holds as SQL: of one of JSON what the JSON says, NULL if that has another type."""
    is_json = kind.startswith("JSON")
    return f"({in_place(field.kind.of_json, quoted(field.name))})" if is_json else quoted(field.name)


def _value(field: Field, kind: str) -> str:
    """A field of a file as SQL, NULL where its value cannot be."""
    return in_place(field.kind.of_type(kind).value, _held(field, kind))


def _is_odd(field: Field, kind: str) -> str:
    silent = in_place(field.kind.of_type(kind).silent, quoted(field.name))
    return f"(not ({silent}) and ({_value(field, kind)}) is null)"


def _is_whole(columns: dict[str, str]) -> str:
    """The rows that are not left out."""
    needed = [BY_NAME[name] for name in columns if BY_NAME[name].is_needed]
    return f"not ({' or '.join(_is_odd(field, columns[field.name]) for field in needed)})"


def lacking(carried: set[str]) -> list[str]:
    """What a file lacks whose columns of these names say something; see raw.hub_snapshots."""
    lacks = [group for group in ATTRIBUTE_GROUPS if not carried.issuperset(of_group(group))]
    if "_id" in carried:
        return lacks
    # a name is all that such a day has of a model, so it is kept with what else the file says of it
    return [group for group in lacks if group != "cards"] + [KEY]


def _select(columns: dict[str, str], carried: set[str], stands_in: bool) -> str:
    read = []
    for field in FIELDS:
        one = BY_NAME["id"] if field.name == "_id" and stands_in else field
        kind, value = field.kind, f"cast(null as {field.kind.value_type})"
        if one.name in carried:
            kind, value = kind.of_type(columns[one.name]), _value(one, columns[one.name])
        for column, sql in zip(field.columns, kind.file, strict=True):
            read.append(f"{in_place(sql, value)} as {column}")
    return ", ".join(read)


def _remove(connection: Connection, rows: str) -> dict[str, int]:
    private = count_rows(connection, f"{rows} and is_private")
    if private:
        connection.execute(f"delete from {rows} and is_private")
    duplicates = int(str(scalar(connection, f"select count(*) - count(distinct hub_id) from {rows}")))
    if duplicates:  # the row that says most; of equals any, for they are the same
        columns = ", ".join(column for field in FIELDS for column in field.columns if column not in READ)
        connection.execute(
            f"delete from {rows} and rowid not in (select rowid from {rows} qualify row_number() over ("
            "partition by hub_id order by downloads_30d desc nulls last, downloads_all_time desc nulls last, "
            f"likes desc nulls last, repo_id, hash({columns})) = 1)"
        )
    return {"duplicates": duplicates, "private_rows": private}


def clear_zeros(connection: Connection, table: str, condition: str, carried: set[str]) -> None:
    """A counter that is 0 in every row was not known; nor is a total of 0 where the 30 days before have more.

    Of the rows of a table that fulfil the condition.

    A source that writes 0 for NULL once does it wherever it did not know: then no 0 of the column counts.
    """
    columns = [field.columns[0] for field in FIELDS if field.has_zero_for_null and field.name in carried]
    others = ", ".join(f"count(*) filter ({column} <> 0)" for column in columns)
    impossible, *found = connection.execute(
        f"select count(*) filter (downloads_all_time = 0 and downloads_30d > 0), {others} "
        f"from {table} where {condition}"
    ).fetchall()[0]
    for column, count in zip(columns, found, strict=True):
        if not count or (column == "downloads_all_time" and impossible):
            connection.execute(f"update {table} set {column} = null where {condition} and {column} = 0")
