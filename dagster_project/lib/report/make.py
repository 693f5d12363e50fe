"""From the published file to published/report.html.

Belongs here: asking the queries of sql/report, a section that fails without failing the page, and the swap.
Does not belong here: what sections say, HTML.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
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
            shown = [_show(connection, section, failed) for section in sections]
            publication = _publication(connection)
        page = render(publication, shown, settings.cache)
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


def _show(connection: Connection, section: Section, failed: dict[str, str]) -> Shown:
    queries = [Query(name, (QUERIES / f"{name}.sql").read_text()) for name in section.queries]
    missing = [table for table in section.tables if not _columns(connection, table)]
    if missing:
        drawn = nothing(
            f"This publication has no table {', '.join(missing)}: it was made by a version of Model Tide, "
            "or from sources, without it."
        )
    else:
        drawn = _drawn(connection, section, queries, failed)
    sql = "\n".join(query.sql for query in queries)
    return Shown(section, drawn, queries, [_definition(connection, table, sql) for table in section.tables])


def _drawn(
    connection: Connection, section: Section, queries: Sequence[Query], failed: dict[str, str]
) -> Drawn:
    try:
        return section.draw({query.name: ask(connection, query.sql) for query in queries})
    except Exception as error:  # whatever it is: one section must not take the others with it
        failed[section.key] = _first_line(error)
        return nothing(
            f"This section could not be made ({failed[section.key]}). The other sections are complete."
        )


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


def _columns(connection: Connection, table: str) -> list[Row]:
    return ask(
        connection,
        "select column_name, comment from duckdb_columns() where schema_name = 'main' and table_name = ? "
        "order by column_index",
        table,
    )


def _definition(connection: Connection, table: str, sql: str) -> Definition:
    """The table and the columns that the SQL reads, as the published file describes them."""
    comments = ask(
        connection,
        "select comment from duckdb_tables() where schema_name = 'main' and table_name = ?",
        table,
    )
    read = set(re.findall(r"\w+", sql))
    columns = [
        (row["column_name"], row["comment"])
        for row in _columns(connection, table)
        if row["comment"] and row["column_name"] in read
    ]
    comment = comments[0]["comment"] if comments else "Not in this publication."
    return Definition(table, comment or "", columns)


def _publication(connection: Connection) -> Publication:
    rows = ask(connection, (QUERIES / "provenance.sql").read_text())
    first = rows[0]
    sources = (
        ask(connection, (QUERIES / "attributions.sql").read_text())
        if _columns(connection, "about_sources")
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
