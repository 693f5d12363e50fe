"""Landed pages read with strict types into the temporary table `staged`.

Belongs here: what an item of the listing may hold, what is removed from it (duplicates, overlap, private
models), and naming the field and page of a type that changed upstream.
Does not belong here: whether the day is good enough and where its rows go (load_day).
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import duckdb
import orjson

from dagster_project.lib.errors import ModelTideError
from dagster_project.lib.record.landing import Crawl
from dagster_project.lib.warehouse.connection import changed_rows, count_rows, scalar


class TypeFlip(ModelTideError):
    """A field changed its type upstream; the message names field and page."""


# what an item of /api/models may hold: JSON type on the wire, as read by DuckDB
_PAGE_COLUMNS = {
    "_id": "varchar",
    "id": "varchar",
    "author": "varchar",
    "createdAt": "varchar",
    "lastModified": "varchar",
    # numbers are read as JSON text first: a cast would take "123", 12.6 and true for integers
    "downloads": "json",
    "downloadsAllTime": "json",
    "likes": "json",
    "trendingScore": "json",
    "gated": "json",
    "private": "json",
    "library_name": "varchar",
    "pipeline_tag": "varchar",
    "tags": "varchar[]",
    "baseModels": "struct(relation varchar, models struct(id varchar)[])",
    "safetensors": "struct(total json)",
    "gguf": "struct(total json)",
    "usedStorage": "json",
}
_INTEGERS = {
    "downloads_30d": "downloads",
    "downloads_all_time": '"downloadsAllTime"',
    "likes": "likes",
    "used_storage_bytes": '"usedStorage"',
    "safetensors_parameters": "safetensors.total",
    "gguf_parameters": "gguf.total",
}


def _is_integer(value: Any) -> bool:
    return type(value) is int


def _is_time(value: Any) -> bool:
    try:
        return isinstance(value, str) and bool(datetime.fromisoformat(value))
    except ValueError:
        return False


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _has_total(value: Any) -> bool:
    return isinstance(value, dict) and (value.get("total") is None or _is_integer(value["total"]))


# the same contract once more, for the message: asked only after a load has failed
_FIELDS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "_id": (lambda v: _is_text(v) and len(v) == 24, "a text of 24 hexadecimal digits"),
    "id": (_is_text, "a text"),
    "createdAt": (_is_time, "an ISO 8601 time"),
    "lastModified": (_is_time, "an ISO 8601 time"),
    "downloads": (_is_integer, "a whole number"),
    "downloadsAllTime": (_is_integer, "a whole number"),
    "likes": (_is_integer, "a whole number"),
    "trendingScore": (lambda v: type(v) in (int, float), "a number"),
    "gated": (lambda v: v in (False, True, "auto", "manual"), "false, auto or manual"),
    "private": (lambda v: isinstance(v, bool), "true or false"),
    "tags": (lambda v: isinstance(v, list) and all(map(_is_text, v)), "a list of texts"),
    "baseModels": (lambda v: isinstance(v, dict), "an object"),
    "safetensors": (_has_total, "an object whose total is a whole number"),
    "gguf": (_has_total, "an object whose total is a whole number"),
    "usedStorage": (_is_integer, "a whole number"),
}
_REQUIRED = ("_id", "id", "createdAt")


def stage_pages(connection: duckdb.DuckDBPyConnection, crawl: Crawl) -> dict[str, int]:
    """Fill the temporary table `staged`, one row per public model; returns what was removed."""
    main, followed = crawl.opening.streams[0], "publisher:"
    try:
        # by page and position, so that the row that is kept of a model does not change from load to load
        connection.execute("set preserve_insertion_order = true")
        connection.execute(f"create or replace temp table staged as {select_items()}", [crawl.files(main)])
        overlap = 0
        if crawl.files(followed):
            # the top listing was fetched first and is kept: its rows are one moment in time
            connection.execute(
                f"create or replace temp table more as {select_items()}", [crawl.files(followed)]
            )
            overlap = count_rows(connection, "more semi join staged using (hub_id)")
            connection.execute(
                "insert into staged from more anti join staged using (hub_id) order by more.rowid"
            )
            connection.execute("drop table more")
        connection.execute("set preserve_insertion_order = false")
        flipped = count_rows(connection, "staged where is_flipped")
    except duckdb.Error as error:
        raise _name_the_flip(crawl, error) from error
    if flipped:
        raise _name_the_flip(crawl, None)
    private = count_rows(connection, "staged where is_private")
    if private:
        connection.execute("delete from staged where is_private")
    beyond = 0
    if crawl.boundary is not None:
        connection.execute("delete from staged where created_at > ?", [crawl.boundary.replace(tzinfo=None)])
        beyond = changed_rows(connection)
    duplicates = int(
        str(scalar(connection, "select count(*) - count(distinct hub_id) from staged"))
    )  # counted first: a window over 3.2 million rows costs 35 s and 1.8 GB
    if duplicates:
        connection.execute(
            "delete from staged where rowid in (select unnest(list(rowid order by rowid)[2:]) "
            "from staged group by hub_id having count(*) > 1)"
        )
    connection.execute("alter table staged drop column is_flipped")
    connection.execute("alter table staged drop column is_private")
    return {
        "row_count": count_rows(connection, "staged"),
        "duplicates": duplicates,
        "overlap": overlap,
        "private_rows": private,
        "beyond_boundary": beyond,
    }


def select_items() -> str:
    """What is read of the items of listing pages, whose files are the parameter."""
    columns = ", ".join(f"'{name}': '{kind}'" for name, kind in _PAGE_COLUMNS.items())
    integers = ", ".join(f"try_cast({field} as bigint) as {name}" for name, field in _INTEGERS.items())
    flips = " or ".join(
        [
            # one pattern over the _id and all integers: a pattern for each costs a third of the load
            f"not regexp_full_match(concat_ws(' ', coalesce(_id, ''), {', '.join(_INTEGERS.values())}), "
            r"'[0-9a-f]{24}( -?[0-9]{1,18})*')",
            """("trendingScore" is not null and try_cast("trendingScore" as double) is null)""",
            "gated not in ('false', 'true', '\"auto\"', '\"manual\"')",
            "private not in ('true', 'false')",
            "coalesce(id, '') = ''",
            """try_cast("createdAt" as timestamptz) is null""",
            """("lastModified" is not null and try_cast("lastModified" as timestamptz) is null)""",
        ]
    )
    return f"""
        select
            _id as hub_id,
            id as repo_id,
            coalesce(author, case when contains(id, '/') then split_part(id, '/', 1) end) as publisher,
            try_cast("createdAt" as timestamptz) at time zone 'UTC' as created_at,
            try_cast("lastModified" as timestamptz) at time zone 'UTC' as last_modified,
            {integers},
            try_cast("trendingScore" as double) as trending_score,
            case trim(gated, '"') when 'true' then 'yes' else trim(gated, '"') end as gated,
            library_name,
            pipeline_tag,
            tags,
            "baseModels".relation as base_relation,
            list_transform("baseModels".models, lambda m: m.id) as base_models,
            coalesce(private = 'true', false) as is_private,
            coalesce({flips}, false) as is_flipped
        from read_json(?, format = 'array', columns = {{{columns}}})
    """


def _name_the_flip(crawl: Crawl, error: duckdb.Error | None) -> Exception:
    """Walk the pages for the first field of an unexpected type."""
    for page in crawl.pages:
        for item in crawl.items(page):
            for name, (fits, expected) in _FIELDS.items():
                value = item.get(name)
                if (value is None and name in _REQUIRED) or (value is not None and not fits(value)):
                    return TypeFlip(
                        f"Field {name} changed its type upstream: {orjson.dumps(value).decode()[:60]} "
                        f"instead of {expected}, model {item.get('id')!r}, page {page.number} "
                        f"({page.stream}, {crawl.folder / page.file}). Nothing was loaded; the pages stay "
                        "in landing. Teach lib/hub/read_pages.py the new type and run the day again."
                    )
    return error or TypeFlip(f"A field of {crawl.folder} has an unexpected type. Nothing was loaded.")
