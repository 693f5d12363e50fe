"""From the published file to published/report.html.

Belongs here: asking the queries of sql/report, a section that fails without failing the page, and the swap.
Does not belong here: what sections say, HTML.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any

import duckdb

from dagster_project.lib.checkout import SQL
from dagster_project.lib.errors import ModelTideError
from dagster_project.lib.files import write_whole
from dagster_project.lib.report import adoption, channels, claim, days, market, metrics_page, openness, price
from dagster_project.lib.report.page import Definition, Publication, Query, Shown, render
from dagster_project.lib.report.sections import Drawn, Row, Section, nothing
from dagster_project.lib.settings import Settings
from dagster_project.lib.warehouse.connection import by_column, reading

QUERIES = SQL / "report"
_BY_KEY = {
    section.key: section
    for module in (claim, adoption, days, openness, channels, market, price)
    for section in module.SECTIONS
}
ORDER = (
    "claim", "families", "changes", "growth", "reuse", "openness", "channels", "countries",
    "reaction", "price", "lead_lag", "days",
)  # fmt: skip
SECTIONS = tuple(_BY_KEY[key] for key in ORDER)

Connection = duckdb.DuckDBPyConnection
Described = Mapping[str, tuple[str, Sequence[tuple[str, str]]]]  # by table its comment, and its columns


class ReportError(ModelTideError):
    """No report was written; a former one stays."""


@dataclass(frozen=True)
class Report:
    """What was written: sections drawn, empty ones with the reason, failed ones with the error."""

    path: Path
    size_bytes: int
    drawn: Sequence[str]
    empty: Mapping[str, str]
    failed: Mapping[str, str]


def make_report(settings: Settings, sections: Sequence[Section] = SECTIONS) -> Report:
    """Write the report of the published file. Raises ReportError if there is none, or no room.

    Grain: one page. A section whose query or drawing fails says so in its place.
    """
    published = settings.published / "modeltide.duckdb"
    if not published.exists():
        raise ReportError(
            f"{published} is not there, so there is nothing to report on. "
            "Type `make run`, or `make demo` without a network."
        )
    failed: dict[str, str] = {}
    path = settings.report
    try:
        with reading(published) as connection:
            described = describe(connection)
            shown = [
                show(connection, section, failed, described, queries=queries_of(section))
                for section in sections
            ]
            page = render(read_publication(connection), shown, settings.cache)
        metrics = metrics_page.render_metrics()
    except Exception as error:  # whatever it is: the tables are published, with or without a page
        raise ReportError(
            f"The report could not be made: {_first_line(error)}. The tables are published and a former "
            f"report stays at {path}; it is of the day that it names."
        ) from error
    _write(settings.published / metrics_page.NAME, metrics)
    _write(path, page)
    empty = {
        one.section.key: next(iter(one.drawn.reasons.values()))
        for one in shown
        if not one.drawn.findings and one.section.key not in failed
    }
    drawn = [one.section.key for one in shown if one.drawn.findings]
    return Report(path, path.stat().st_size, drawn, empty, failed)


def queries_of(section: Section) -> list[Query]:
    """Those of sql/report that a section of the report names."""
    return [Query(name, (QUERIES / f"{name}.sql").read_text()) for name in section.queries]


def show(
    connection: Connection,
    section: Section,
    failed: dict[str, str],
    described: Described,
    *,
    queries: Sequence[Query],
    withheld: Mapping[str, str] = MappingProxyType({}),
    page: str = "",
) -> Shown:
    """The section with its data. `queries` are what its names stand for.

    Why a query is `withheld` is by its name: it finds no row then, and the section says so. A section that
    cannot be made is drawn with the reason, which is added to `failed` under its page, else under its key.
    """
    missing = [table for table in section.tables if table not in described]
    if missing:
        drawn = nothing(
            f"This publication has no table {', '.join(missing)}: it was made by a version of Model Tide, "
            "or from sources, without it."
        )
    else:
        drawn = _drawn(connection, section, queries, failed, withheld, page or section.key)
    sql = "\n".join(query.sql for query in queries)
    return Shown(section, drawn, queries, [_definition(described, table, sql) for table in section.tables])


def _drawn(
    connection: Connection,
    section: Section,
    queries: Sequence[Query],
    failed: dict[str, str],
    withheld: Mapping[str, str],
    name: str,
) -> Drawn:
    reasons = list(dict.fromkeys(withheld[query.name] for query in queries if query.name in withheld))
    if len(withheld.keys() & {query.name for query in queries}) == len(queries):
        return nothing(" ".join(reasons))
    try:
        drawn = section.draw(
            {query.name: [] if query.name in withheld else ask(connection, query.sql) for query in queries}
        )
        return replace(drawn, notes=[*drawn.notes, *reasons])
    except Exception as error:  # whatever it is: one section must not take the others with it
        failed[name] = _first_line(error)
        return nothing(f"This section could not be made ({failed[name]}). The other sections are complete.")


def _first_line(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0][:300]}"


def ask(connection: Connection, sql: str, *values: object) -> list[Row]:
    """Rows of a query, by column."""
    rows = by_column(connection.execute(sql, list(values)))
    return [{name: _plain(value) for name, value in row.items()} for row in rows]


def _plain(value: Any) -> Any:
    """A decimal as a float; what is no number (0 ÷ 0) is missing."""
    if isinstance(value, Decimal):
        return float(value)
    return None if isinstance(value, float) and not math.isfinite(value) else value


def describe(connection: Connection) -> Described:
    """What the published file says of its tables, each with its columns in their order."""
    comments = ask(
        connection,
        "select table_name, comment from duckdb_tables() where schema_name = 'main' "
        "union all select view_name, comment from duckdb_views() where schema_name = 'main' and not internal",
    )
    columns: dict[str, list[tuple[str, str]]] = {}
    for row in ask(
        connection,
        "select table_name, column_name, comment from duckdb_columns() where schema_name = 'main' "
        "order by table_name, column_index",
    ):
        columns.setdefault(row["table_name"], []).append((row["column_name"], row["comment"] or ""))
    return {row["table_name"]: (row["comment"] or "", columns[row["table_name"]]) for row in comments}


def _definition(described: Described, table: str, sql: str) -> Definition:
    """The table and the columns that the SQL reads."""
    comment, columns = described.get(table, ("Not in this publication.", []))
    read = set(re.findall(r"\w+", sql))
    return Definition(table, comment, [(name, said) for name, said in columns if said and name in read])


def read_publication(connection: Connection) -> Publication:
    """What the file says of itself and of its sources."""
    rows = ask(connection, (QUERIES / "provenance.sql").read_text())
    first = rows[0]
    sources = (
        ask(connection, (QUERIES / "attributions.sql").read_text())
        if "about_sources" in describe(connection)
        else []
    )
    return Publication(
        snapshot_date=first["snapshot_date"],
        published_at=first["published_at"],
        provenance=first["provenance"],
        versions=first["versions"],
        origins=[row for row in rows if row["origin"] is not None],
        sources=sources,
    )


def _write(path: Path, page: str) -> None:
    try:
        write_whole(path, page.encode())
    except OSError as error:
        raise ReportError(
            f"Cannot write {path}: {error}. The tables are published and the former report stays. "
            "Make room (or mend the permissions) and run again."
        ) from error
