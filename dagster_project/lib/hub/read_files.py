"""A file in the Hub's column names (the archive's Parquet, a user's Parquet or JSON lines) into `staged`.

Belongs here: what a file lacks, 0 that stands for NULL, and naming the column of a type or value that does
not fit.
Does not belong here: which columns are read and of which types (fields), pages of the live listing
(read_pages), and where the rows go (load_day).
"""

from collections.abc import Iterable
from dataclasses import dataclass

import duckdb

from dagster_project.lib.errors import ModelTideError
from dagster_project.lib.hub.fields import BY_NAME, FIELDS, TOTAL, in_place, of_group, read_value
from dagster_project.lib.warehouse.connection import count_rows
from dagster_project.lib.warehouse.raw_tables import ATTRIBUTE_GROUPS

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
    return Source(str(path), "read_parquet(?)", name, needs_id)


def json_lines(path: object, name: str) -> Source:
    """A file of JSON lines; every line has a say in the types."""
    reader = (
        "read_json(?, format = 'newline_delimited', sample_size = -1, maximum_object_size = 100_000_000, "
        "map_inference_threshold = -1)"
    )
    return Source(str(path), reader, name, needs_id=False)


def stage_file(
    connection: Connection, source: Source, top: int | None = None, followed: Iterable[str] = ()
) -> tuple[dict[str, int], list[str]]:
    """Fill the temporary table `staged`; returns what was removed, and what the file lacks.

    With `top`, the most downloaded models and those of the followed publishers, as a listing of that scope
    has them. Raises FileRefused.
    """
    connection.execute("set timezone = 'UTC'")  # a time that names no zone is UTC
    try:
        columns = _columns_of(connection, source)
        said = _survey(connection, source, columns)
        carried = {name for name, count in said.items() if count}  # NULL everywhere says nothing
        lacks = lacking(carried)
        rows = f"select {_select(carried, KEY in lacks)} from {source.sql}"
        parameters: list[object] = [source.path]
        if top is not None:
            rows = (
                f"with source as ({rows}) from source where publisher in (select unnest(?::varchar[])) "
                "or hub_id in (select hub_id from source "
                "order by downloads_30d desc nulls last, hub_id limit ?)"
            )
            parameters += [list(followed), top]
        connection.execute(f"create or replace temp table staged as {rows}", parameters)
    except duckdb.Error as error:
        raise FileRefused(
            f"{source.name} cannot be read: {str(error).splitlines()[0]} "
            "Nothing was loaded; get the file again, or leave the day out."
        ) from error
    removed = _remove(connection)
    clear_zeros(connection, "staged", carried)
    if count_rows(connection, "staged where downloads_30d is not null") == 0:
        raise FileRefused(
            f"{source.name}: column downloads says nothing (0 or NULL in every row). Nothing was loaded."
        )
    return {"row_count": count_rows(connection, "staged"), "overlap": 0, **removed}, lacks


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


def _survey(connection: Connection, source: Source, columns: dict[str, str]) -> dict[str, int]:
    """How many rows say something, by column. Raises FileRefused for a value that does not fit."""
    names = list(columns)
    expressions = {name: read_value(BY_NAME[name]) for name in names}
    counts = ", ".join(
        f'count("{name}"), count(*) filter ("{name}" is not null and ({sql}) is null), '
        f'any_value(cast("{name}" as varchar)) filter ("{name}" is not null and ({sql}) is null)'
        for name, sql in expressions.items()
    )
    total, *found = connection.execute(
        f"select count(*), {counts} from {source.sql}", [source.path]
    ).fetchall()[0]
    said = dict(zip(names, found[0::3], strict=True))
    bad = dict(zip(names, zip(found[1::3], found[2::3], strict=True), strict=True))
    for name, (count, example) in bad.items():
        # an object without a total is one that does not know its size
        if count and BY_NAME[name].kind is not TOTAL:
            raise FileRefused(
                f"{source.name}: column {name} has {str(example)[:60]!r} ({count} rows), which is not "
                f"{BY_NAME[name].kind.meaning}. Nothing was loaded; mend the column."
            )
    if total == 0:
        raise FileRefused(f"{source.name} has no row. Nothing was loaded.")
    for name in ("_id", "id"):
        if name in said and said[name] < total:
            raise FileRefused(
                f"{source.name}: column {name} is NULL in {total - said[name]} rows. Nothing was loaded; "
                "every row needs one."
            )
    return said


def lacking(carried: set[str]) -> list[str]:
    """What a file lacks whose columns of these names say something; see raw.hub_snapshots."""
    lacks = [group for group in ATTRIBUTE_GROUPS if not carried.issuperset(of_group(group))]
    if "_id" in carried:
        return lacks
    # a name is all that such a day has of a model, so it is kept with what else the file says of it
    return [group for group in lacks if group != "cards"] + [KEY]


def _select(carried: set[str], stands_in: bool) -> str:
    read = []
    for field in FIELDS:
        one = BY_NAME["id"] if field.name == "_id" and stands_in else field
        value = read_value(one) if one.name in carried else f"cast(null as {field.kind.value_type})"
        for column, sql in zip(field.columns, field.kind.file, strict=True):
            read.append(f"{in_place(sql, value)} as {column}")
    return ", ".join(read)


def _remove(connection: Connection) -> dict[str, int]:
    private = count_rows(connection, "staged where is_private")
    connection.execute("delete from staged where is_private")
    connection.execute("alter table staged drop column is_private")
    duplicates = count_rows(connection, "staged") - count_rows(
        connection, "(select distinct hub_id from staged)"
    )
    if duplicates:  # the row that says most; of equals any, for they are the same
        connection.execute(
            "create or replace temp table staged as from staged qualify row_number() over ("
            "partition by hub_id order by downloads_30d desc nulls last, downloads_all_time desc nulls last, "
            "likes desc nulls last, repo_id, hash(staged)) = 1"
        )
    return {"duplicates": duplicates, "private_rows": private}


def clear_zeros(connection: Connection, table: str, carried: set[str]) -> None:
    """A counter that is 0 in every row was not known; nor is a total of 0 where the 30 days before have more.

    A source that writes 0 for NULL once does it wherever it did not know: then no 0 of the column counts.
    """
    impossible = count_rows(connection, f"{table} where downloads_all_time = 0 and downloads_30d > 0")
    for field in FIELDS:
        if not field.has_zero_for_null or field.name not in carried:
            continue
        (column,) = field.columns
        is_zero = count_rows(connection, f"{table} where {column} <> 0") == 0
        if is_zero or (column == "downloads_all_time" and impossible):
            connection.execute(f"update {table} set {column} = null where {column} = 0")
