"""Landed pages read with strict types into the temporary table `staged`.

Belongs here: what is removed of the items (duplicates, overlap, private models), and that a page with odd
values is read item by item first.
Does not belong here: what an item may hold (fields), what is said of odd values (odd_values), whether the day
is good enough and where its rows go (load_day).
"""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import orjson

from dagster_project.lib.hub.fields import FIELDS, Field, in_place, quoted
from dagster_project.lib.hub.odd_values import ITEM, OddValues
from dagster_project.lib.record.items import Unreadable
from dagster_project.lib.record.landing import Crawl, Page
from dagster_project.lib.warehouse.connection import changed_rows, count_rows, scalar


def stage_pages(connection: duckdb.DuckDBPyConnection, crawl: Crawl) -> tuple[dict[str, int], OddValues]:
    """Fill the temporary table `staged`, one row per public model; returns what was removed, and what is odd.

    All pages are read at once by DuckDB, which refuses a page whole for one of its items, and finds rows that
    are not plain. Where it does, the pages are asked one by one, and those are read in Python and again.
    """
    odd = OddValues()
    with TemporaryDirectory(prefix="model-tide-pages-") as folder:
        try:
            overlap = _read(connection, crawl, {})
            is_plain = count_rows(connection, "staged where not is_plain") == 0
        except duckdb.OutOfMemoryException:
            raise
        except duckdb.Error:
            is_plain = False
        if not is_plain:
            overlap = _read(connection, crawl, _rewrite(connection, crawl, Path(folder), odd))
    connection.execute("alter table staged drop column is_plain")
    _count_said(connection, odd)
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
    connection.execute("alter table staged drop column is_private")
    counts = {
        "row_count": count_rows(connection, "staged"),
        "duplicates": duplicates,
        "overlap": overlap,
        "private_rows": private,
        "beyond_boundary": beyond,
    }
    return counts, odd


def select_items() -> str:
    """What is read of the items of listing pages, whose files are the parameter."""
    kinds = ", ".join(f"'{field.name}': '{field.kind.json}'" for field in FIELDS)
    read = [
        f"{in_place(sql, quoted(field.name))} as {column}"
        for field in FIELDS
        for column, sql in zip(field.columns, field.kind.page, strict=True)
    ]
    # one pattern over the whole row, a line for each field: a pattern for each costs a third of the load
    seen = ", chr(10), ".join(in_place(field.kind.seen, quoted(field.name)) for field in FIELDS)
    plain = "\n".join(f"(?:{field.kind.plain}){'' if field.is_required else '?'}" for field in FIELDS)
    return (
        f"select {', '.join(read)}, regexp_full_match(concat({seen}), '{plain}') as is_plain "
        f"from read_json(?, format = 'array', columns = {{{kinds}}})"
    )


def kept_of(item: dict[str, Any]) -> tuple[dict[str, Any], list[Field]]:
    """What can be of an item, as the reader shall find it, and the fields whose value cannot."""
    kept, odd = {}, []
    for field in FIELDS:
        value = item.get(field.name)
        if value is None and not field.is_required:
            continue
        try:
            kept[field.name] = field.kind.kept(value)
        except (ValueError, RecursionError):
            odd.append(field)
    return kept, odd


def _read(connection: duckdb.DuckDBPyConnection, crawl: Crawl, instead: dict[str, str]) -> int:
    """Fill `staged` from the pages, or from what stands instead of them; returns the overlap removed."""
    main, followed = (
        [instead.get(file, file) for file in crawl.files(stream)]
        for stream in (crawl.opening.streams[0], "publisher:")
    )
    overlap = 0
    # by page and position, so that the row that is kept of a model does not change from load to load
    connection.execute("set preserve_insertion_order = true")
    connection.execute(f"create or replace temp table staged as {select_items()}", [main])
    if followed:
        # the top listing was fetched first and is kept: its rows are one moment in time
        connection.execute(f"create or replace temp table more as {select_items()}", [followed])
        overlap = count_rows(connection, "more semi join staged using (hub_id)")
        connection.execute("insert into staged from more anti join staged using (hub_id) order by more.rowid")
        connection.execute("drop table more")
    connection.execute("set preserve_insertion_order = false")
    return overlap


def _rewrite(
    connection: duckdb.DuckDBPyConnection, crawl: Crawl, folder: Path, odd: OddValues
) -> dict[str, str]:
    """Write the pages that DuckDB does not find plain without what cannot be; returns file by landed file."""
    instead = {}
    for page in crawl.pages:
        landed = str(crawl.folder / page.file)
        try:
            is_plain = scalar(connection, f"select bool_and(is_plain) from ({select_items()})", [[landed]])
        except duckdb.Error:
            is_plain = False
        if is_plain is False:
            rows = _kept_of_page(crawl, page, odd)
            instead[landed] = str(folder / f"{page.number}.json")
            Path(instead[landed]).write_bytes(orjson.dumps(rows))
    return instead


def _kept_of_page(crawl: Crawl, page: Page, odd: OddValues) -> list[dict[str, Any]]:
    where = f"from page {page.number} ({page.stream}, {crawl.folder / page.file}) on, "
    rows = []
    for position, item in enumerate(crawl.items(page), 1):
        unnamed = f"page {page.number}, item {position}"
        if not isinstance(item, dict):
            # nobody can say of what cannot be read that it is not private
            odd.note(ITEM, unnamed, "unreadable" if isinstance(item, Unreadable) else item, where)
            odd.left_out += 1
            continue
        kept, wrong = kept_of(item)
        is_left_out = any(field.is_needed for field in wrong)
        if not is_left_out:
            rows.append(kept)
        if kept.get("private"):
            continue  # of a model that its owner alone can see nothing is said
        odd.left_out += is_left_out
        for field in wrong:
            model = kept.get("id", unnamed) if "private" in kept or "private" not in item else unnamed
            odd.note(field.name, model, item.get(field.name), where)
    return rows


def _count_said(connection: duckdb.DuckDBPyConnection, odd: OddValues) -> None:
    """How many models say something of each field that is odd, or can be."""
    if odd.counts:
        counts = ", ".join(f"count({field.columns[0]})" for field in FIELDS)
        found = connection.execute(f"select {counts}, count(*) from staged").fetchall()[0]
        names = [*(field.name for field in FIELDS), ITEM]
        listed = found[-1] + odd.left_out
        # of a model whose author cannot be the publisher is known all the same
        odd.said = {
            name: min(count + odd.counts[name], listed) for name, count in zip(names, found, strict=True)
        }
