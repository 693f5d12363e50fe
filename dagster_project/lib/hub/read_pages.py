"""Landed pages read with strict types into the temporary table `staged`.

Belongs here: what is removed of the items (duplicates, overlap, private models), and naming the field and
page of a type that changed upstream.
Does not belong here: what an item may hold (fields), whether the day is good enough and where its rows go
(load_day).
"""

import duckdb
import orjson

from dagster_project.lib.errors import ModelTideError
from dagster_project.lib.hub.fields import FIELDS, Field, in_place, quoted
from dagster_project.lib.record.landing import Crawl
from dagster_project.lib.warehouse.connection import changed_rows, count_rows, scalar


class TypeFlip(ModelTideError):
    """A field changed its type upstream; the message names field and page."""


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
    kinds = ", ".join(f"'{field.name}': '{field.kind.json}'" for field in FIELDS)
    read = [
        f"{in_place(sql, quoted(field.name))} as {column}"
        for field in FIELDS
        for column, sql in zip(field.columns, field.kind.page, strict=True)
    ]
    numbers = [in_place(field.kind.number, quoted(field.name)) for field in FIELDS if field.kind.number]
    flips = [
        # one pattern over the _id and all integers: a pattern for each costs a third of the load
        f"not regexp_full_match(concat_ws(' ', coalesce(_id, ''), {', '.join(numbers)}), "
        r"'[0-9a-f]{24}( -?[0-9]{1,18})*')",
        *(_flipped(field) for field in FIELDS if field.kind.flipped),
    ]
    return (
        f"select {', '.join(read)}, coalesce({' or '.join(flips)}, false) as is_flipped "
        f"from read_json(?, format = 'array', columns = {{{kinds}}})"
    )


def _flipped(field: Field) -> str:
    name = quoted(field.name)
    flipped = in_place(field.kind.flipped, name)
    return flipped if field.is_required else f"({name} is not null and {flipped})"


def _name_the_flip(crawl: Crawl, error: duckdb.Error | None) -> Exception:
    """Walk the pages for the first field of an unexpected type."""
    for page in crawl.pages:
        for item in crawl.items(page):
            for field in FIELDS:
                value = item.get(field.name)
                if field.is_required if value is None else not field.kind.fits(value):
                    return TypeFlip(
                        f"Field {field.name} changed its type upstream: {orjson.dumps(value).decode()[:60]} "
                        f"instead of {field.kind.expected}, model {item.get('id')!r}, page {page.number} "
                        f"({page.stream}, {crawl.folder / page.file}). Nothing was loaded; the pages stay "
                        "in landing. Teach lib/hub/fields.py the new type and run the day again."
                    )
    return error or TypeFlip(f"A field of {crawl.folder} has an unexpected type. Nothing was loaded.")
