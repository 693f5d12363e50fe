"""A file in the Hub's column names (the archive's Parquet, a user's Parquet or JSON lines) into `staged`.

Belongs here: which columns are read and of which types, what a file lacks, 0 that stands for NULL, and
naming the column of a type or value that does not fit.
Does not belong here: pages of the live listing (read_pages), and where the rows go (load_day).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import duckdb

from dagster_project.lib.errors import ModelTideError
from dagster_project.lib.warehouse.connection import count_rows

Connection = duckdb.DuckDBPyConnection

KEY = "key"  # in `lacks`: the file has no _id, the repository id stands in for it


class FileRefused(ModelTideError):
    """The file cannot be loaded; the message names it, the column and what to do. Nothing was loaded."""


class Kind(NamedTuple):
    """What a column may hold: types as DuckDB names them, the SQL that reads it, and in words."""

    types: tuple[str, ...]
    sql: str
    meaning: str


_WHOLE = (
    "TINYINT",
    "SMALLINT",
    "INTEGER",
    "BIGINT",
    "HUGEINT",
    "UTINYINT",
    "USMALLINT",
    "UINTEGER",
    "UBIGINT",
)
_FRACTIONAL = ("DOUBLE", "FLOAT", "DECIMAL")
_NESTED = ("STRUCT", "MAP", "JSON", "VARCHAR")
_TOTAL = "try_cast(json_extract_string(try_cast({column} as json), '$.total') as bigint)"

_TEXT = Kind(("VARCHAR",), "{column}", "a text")
_INTEGER = Kind(
    # a column with gaps is written as DOUBLE by many tools
    (*_WHOLE, *_FRACTIONAL),
    "case when {column} = floor({column}) and {column} >= 0 then try_cast({column} as bigint) end",
    "a whole number, not negative",
)
_TIME = Kind(
    ("TIMESTAMP", "DATE", "VARCHAR"),
    "try_cast({column} as timestamptz) at time zone 'UTC'",
    "a time as ISO 8601, UTC",
)

COLUMNS: dict[str, Kind] = {
    "_id": Kind(
        ("VARCHAR",),
        "case when regexp_full_match({column}, '[0-9a-f]{{24}}') then {column} end",
        "24 hexadecimal digits",
    ),
    "id": Kind(("VARCHAR",), "nullif({column}, '')", "a repository as publisher/name"),
    "author": _TEXT,
    "createdAt": _TIME,
    "lastModified": _TIME,
    "downloads": _INTEGER,
    "downloadsAllTime": _INTEGER,
    "likes": _INTEGER,
    "trendingScore": Kind((*_WHOLE, *_FRACTIONAL), "try_cast({column} as double)", "a number"),
    "gated": Kind(
        ("BOOLEAN", "VARCHAR", "JSON"),
        "case lower(trim(cast({column} as varchar), '\"')) when 'true' then 'yes' when 'false' then 'false' "
        "when 'auto' then 'auto' when 'manual' then 'manual' end",
        "false, true, auto or manual",
    ),
    "private": Kind(("BOOLEAN", "VARCHAR"), "try_cast({column} as boolean)", "true or false"),
    "library_name": _TEXT,
    "pipeline_tag": _TEXT,
    "tags": Kind(("VARCHAR[]", "JSON[]", "JSON"), "try_cast({column} as varchar[])", "a list of texts"),
    "baseModels": Kind(
        _NESTED,
        "case when json_type(try_cast({column} as json)) = 'OBJECT' then try_cast({column} as json) end",
        "an object with relation and models",
    ),
    "safetensors": Kind(_NESTED, _TOTAL, "an object whose total is a whole number"),
    "gguf": Kind(_NESTED, _TOTAL, "an object whose total is a whole number"),
    "usedStorage": _INTEGER,
}
_CARDS = ("tags", "library_name", "pipeline_tag")
# a group is evidence of a day only if the file has all of it: half of one would end what other days say
_GROUPS = {
    "cards": _CARDS,
    "lineage": ("baseModels",),
    "access": ("gated",),
    "weights": ("usedStorage", "safetensors", "gguf"),
}
_REQUIRED = ("id", "downloads")
_ZERO_FOR_NULL = {"downloads": "downloads_30d", "downloadsAllTime": "downloads_all_time", "likes": "likes"}


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
    columns = {name: kind for name, kind in described if name in COLUMNS}
    required = ["_id", *_REQUIRED] if source.needs_id else [*_REQUIRED]
    if "_id" in columns and not source.needs_id:
        required += _CARDS  # without them the names that other days give these models would have no tags
    for name in required:
        if name not in columns:
            raise FileRefused(
                f"{source.name} has no column {name}. It has: {', '.join(n for n, _ in described)[:200]}. "
                "Nothing was loaded; name the columns as the Hub does."
            )
    for name, kind in columns.items():
        if not kind.startswith(COLUMNS[name].types) and kind != '"NULL"':
            raise FileRefused(
                f"{source.name}: column {name} is {kind[:60]}, not {COLUMNS[name].meaning}. "
                "Nothing was loaded; give the column its type."
            )
    return columns


def _survey(connection: Connection, source: Source, columns: dict[str, str]) -> dict[str, int]:
    """How many rows say something, by column. Raises FileRefused for a value that does not fit."""
    names = list(columns)
    expressions = {name: _expression(name) for name in names}
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
        if count and name not in ("safetensors", "gguf"):
            raise FileRefused(
                f"{source.name}: column {name} has {str(example)[:60]!r} ({count} rows), which is not "
                f"{COLUMNS[name].meaning}. Nothing was loaded; mend the column."
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
    lacks = [group for group, columns in _GROUPS.items() if not carried.issuperset(columns)]
    if "_id" in carried:
        return lacks
    # a name is all that such a day has of a model, so it is kept with what else the file says of it
    return [group for group in lacks if group != "cards"] + [KEY]


def _expression(name: str) -> str:
    return COLUMNS[name].sql.format(column=f'"{name}"')


def _select(carried: set[str], stands_in: bool) -> str:
    def read(name: str, kind: str) -> str:
        return _expression(name) if name in carried else f"cast(null as {kind})"

    base = read("baseModels", "json")
    return f"""
        {read("id" if stands_in else "_id", "varchar")} as hub_id,
        {read("id", "varchar")} as repo_id,
        coalesce({read("author", "varchar")}, case when contains(id, '/') then split_part(id, '/', 1) end)
            as publisher,
        {read("createdAt", "timestamp")} as created_at,
        {read("lastModified", "timestamp")} as last_modified,
        {read("downloads", "bigint")} as downloads_30d,
        {read("downloadsAllTime", "bigint")} as downloads_all_time,
        {read("likes", "bigint")} as likes,
        {read("usedStorage", "bigint")} as used_storage_bytes,
        {read("safetensors", "bigint")} as safetensors_parameters,
        {read("gguf", "bigint")} as gguf_parameters,
        {read("trendingScore", "double")} as trending_score,
        {read("gated", "varchar")} as gated,
        {read("library_name", "varchar")} as library_name,
        {read("pipeline_tag", "varchar")} as pipeline_tag,
        {read("tags", "varchar[]")} as tags,
        json_extract_string({base}, '$.relation') as base_relation,
        nullif(json_extract_string({base}, '$.models[*].id'), []) as base_models,
        coalesce({read("private", "boolean")}, false) as is_private
    """


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
    for name, column in _ZERO_FOR_NULL.items():
        if name not in carried:
            continue
        is_zero = count_rows(connection, f"{table} where {column} <> 0") == 0
        if is_zero or (column == "downloads_all_time" and impossible):
            connection.execute(f"update {table} set {column} = null where {column} = 0")
