"""Landed pages read with strict types into KEYED.

Belongs here: what is removed of the items (duplicates, overlap, private models), and that a page with odd
values is read item by item.
Does not belong here: what an item may hold (fields), reading a page whole (page_columns), what is said of odd
values (odd_values), whether the day is good enough and where its rows go (load_day).
"""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import duckdb
import orjson

from dagster_project.lib.hub.day_rows import KEYED
from dagster_project.lib.hub.fields import FIELDS, Field
from dagster_project.lib.hub.odd_values import ITEM, OddValues
from dagster_project.lib.hub.page_columns import Columns, columns_of, packed, placed, unpacked
from dagster_project.lib.record.items import Unreadable
from dagster_project.lib.record.landing import Crawl, Page
from dagster_project.lib.warehouse.connection import changed_rows, count_rows, scalar

# of a thousand models, 100 MB in memory: with less than a row group of 122,880 for each of two threads,
# storing takes twice the time
PAGES_AT_ONCE = 300


def read_pages(connection: duckdb.DuckDBPyConnection, crawl: Crawl) -> tuple[dict[str, int], OddValues]:
    """Fill KEYED, which is empty, with a row per public model, and the keys of those that are known; returns
    what was removed, and what is odd.

    A page whose columns the crawl laid down is not read again, but for odd values.
    """
    odd = OddValues()
    overlap = _read(connection, crawl, odd)
    _count_said(connection, odd)
    private = count_rows(connection, f"{KEYED} where is_private")
    if private:
        connection.execute(f"delete from {KEYED} where is_private")
    beyond = 0
    if crawl.boundary is not None:
        connection.execute(f"delete from {KEYED} where created_at > ?", [crawl.boundary.replace(tzinfo=None)])
        beyond = changed_rows(connection)
    duplicates = int(
        str(scalar(connection, f"select count(*) - count(distinct hub_id) from {KEYED}"))
    )  # counted first: a window over 3.2 million rows costs 35 s and 1.8 GB
    if duplicates:
        connection.execute(
            f"delete from {KEYED} where place in (select unnest(list(place order by place)[2:]) "
            f"from {KEYED} group by hub_id having count(*) > 1)"
        )
    counts = {
        "row_count": count_rows(connection, KEYED),
        "duplicates": duplicates,
        "overlap": overlap,
        "private_rows": private,
        "beyond_boundary": beyond,
    }
    return counts, odd


def keep_columns(crawl: Crawl, page: Page, columns: Columns | None) -> OddValues:
    """Lay down the columns of a landed page, if nothing in it is odd; returns what is.

    None of them were made in one go.
    """
    odd = OddValues()
    if columns is None:
        rows = _kept_of_page(crawl, page, odd)
        odd.said = {name: sum(name in row for row in rows) + count for name, count in odd.counts.items()}
        columns = _mended(rows)
    if not odd.counts:
        crawl.keep_columns(page, packed(columns))
    return odd


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


def _read(connection: duckdb.DuckDBPyConnection, crawl: Crawl, odd: OddValues) -> int:
    """Fill KEYED from the pages; returns the overlap removed."""
    _insert(connection, KEYED, crawl, crawl.opening.streams[0], odd)
    if len(crawl.opening.streams) == 1:
        return 0
    connection.execute(f"create or replace temp table more as from {KEYED} limit 0")
    _insert(connection, "more", crawl, "publisher:", odd)
    # the top listing was fetched first and is kept: its rows are one moment in time
    overlap = count_rows(connection, f"more semi join {KEYED} using (hub_id)")
    connection.execute(f"insert into {KEYED} from more anti join {KEYED} using (hub_id)")
    connection.execute("drop table more")
    return overlap


def _insert(
    connection: duckdb.DuckDBPyConnection, table: str, crawl: Crawl, streams: str, odd: OddValues
) -> None:
    pages = [page for page in crawl.pages if page.stream.startswith(streams)]
    with ThreadPoolExecutor(1) as beside:  # the next pages are read while DuckDB stores
        reading = None
        for start in range(0, len(pages) + PAGES_AT_ONCE, PAGES_AT_ONCE):
            following = beside.submit(_columns_of_all, crawl, pages[start : start + PAGES_AT_ONCE], odd)
            if reading is not None:
                connection.register("columns", reading.result())
                connection.execute(
                    f"insert into {table} by name "
                    f"select date '{crawl.opening.day}' as snapshot_date, known.model_key, columns.* "
                    "from columns left join raw.hub_models as known using (hub_id)"
                )
                connection.unregister("columns")
            reading = following


def _columns_of_all(crawl: Crawl, pages: list[Page], odd: OddValues) -> Columns:
    return placed((page.number, _columns(crawl, page, odd)) for page in pages)


def _columns(crawl: Crawl, page: Page, odd: OddValues) -> Columns:
    """What the page says, without what cannot be, which is added to `odd`."""
    kept = crawl.kept_columns(page)
    found = unpacked(kept) if kept else None
    if found is None:
        found = columns_of(crawl.read(page))
    return _mended(_kept_of_page(crawl, page, odd)) if found is None else found


def _mended(rows: list[dict[str, Any]]) -> Columns:
    columns = columns_of(orjson.dumps(rows), is_mended=True)
    assert columns is not None  # kept_of says how the reader finds each value
    return columns


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
        found = connection.execute(f"select {counts}, count(*) from {KEYED}").fetchall()[0]
        names = [*(field.name for field in FIELDS), ITEM]
        listed = found[-1] + odd.left_out
        # of a model whose author cannot be the publisher is known all the same
        odd.said = {
            name: min(count + odd.counts[name], listed) for name, count in zip(names, found, strict=True)
        }
