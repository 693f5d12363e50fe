"""What a table looks like today: one small picture (or its newest rows) and its main figures.

Belongs here: asking a table for its preview and drawing it; pictures are SVG inside Markdown, as the Dagster
UI shows them.
Does not belong here: which query previews a mart; that is the key `preview` in the `meta` of its yml.

A preview asks for (name, number) rows, drawn as bars, or for (day, name, number) rows, drawn as lines; the
numbers, of the last day, are the figures. It never stops a run: one that cannot be made says why.
Drawn with leather, which dbt brings: 3 ms and 4 kB a picture. vl-convert, which draws the report's charts,
takes 80 ms and 19 kB, and every run keeps some forty pictures in Dagster's own database for good.
"""

import math
import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

import duckdb
import leather
from leather import theme

from dagster_project.lib.record.landing import Crawl
from dagster_project.lib.report import small_picture
from dagster_project.lib.warehouse.raw_tables import Column, Table

WIDTH, LINES_HEIGHT, BAR_HEIGHT = 720, 260, 24
MAX_SERIES = 8  # more lines cannot be told apart
COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7f7f7f", "#b8a900"]
SHOWN_ROWS, SHOWN_COLUMNS, SHOWN_LETTERS = 6, 8, 40
RECENT_DAYS = 60
FONT = "system-ui, sans-serif"

Rows = Sequence[tuple[Any, ...]]

theme.background_color = "#ffffff"
theme.title_font_family = theme.legend_font_family = theme.tick_font_family = FONT
theme.label_color = "#555555"
theme.legend_font_size = theme.tick_font_size = 12
theme.legend_font_char_width, theme.tick_font_char_width = 8, 7
theme.default_series_colors = COLOURS


class Preview(NamedTuple):
    """Markdown with one picture or table in it, figures by name, and a picture that the UI shows in place."""

    markdown: str
    figures: dict[str, float]
    small: str | None = None


def of_mart(connection: duckdb.DuckDBPyConnection, table: str, asked: Mapping[str, str] | None) -> Preview:
    """The preview that the mart's `meta` asks for (`title`, `query`), or else its newest rows."""
    try:
        if asked is None:
            return _newest_rows(connection, table)
        rows = connection.execute(asked["query"]).fetchall()
        return _drawn(asked["title"] + _warning(connection), rows)
    except duckdb.Error as error:
        return Preview(f"The preview of {table} in its yml cannot be made: {_text(error)}", {})


def of_raw(connection: duckdb.DuckDBPyConnection, table: Table) -> Preview | None:
    """Rows of a raw table by day, by status where it has one; None if it has no day."""
    days = [column for column in table.columns if column.type in ("date", "timestamp")]
    if not days:
        return None
    day = f'cast("{days[0].name}" as date)'
    name = "status" if "status" in table.column_names else "'rows'"
    number = "sum(row_count)" if "row_count" in table.column_names else "count(*)"
    # on the first day everything is new, and nothing else would be seen
    since = f"and {day} > (select min({day}) from {table.full_name}) " if days[0].name == "first_seen" else ""
    rows = connection.execute(
        f"select {day} as day, {name} as name, {number} as number from {table.full_name} "
        f"where {day} > (select max({day}) from {table.full_name}) - {RECENT_DAYS} {since}"
        "group by day, name order by day, name"
    ).fetchall()
    drawn = _drawn(f"{table.name}: {_counted(table, days[0])}{_warning(connection)}", rows)
    return drawn._replace(figures={})  # the loads count by themselves


def of_crawl(crawl: Crawl) -> Preview:
    """How a crawl went: models listed by the second."""
    listed, rows = 0, []
    for page in crawl.pages:
        listed += page.rows
        seconds = (datetime.fromisoformat(page.served_at) - crawl.started_at).total_seconds()
        rows.append((seconds, "models listed", listed))
    synthetic = " [SYNTHETIC]" if crawl.opening.origin == "synthetic" else ""
    title = f"{crawl.opening.day}: models listed, by seconds since the start{synthetic}"
    return _drawn(title, rows)._replace(figures={})


def _counted(table: Table, day: Column) -> str:
    what = "models" if "row_count" in table.column_names else "rows"
    return f"{what} by {day.name}" + (" and status" if "status" in table.column_names else "")


def _warning(connection: duckdb.DuckDBPyConnection) -> str:
    """Invented data wears its name in every picture."""
    origins = connection.execute(
        "select origin from raw.hub_snapshots where is_accepted order by snapshot_date desc limit 1"
    ).fetchall()
    return " [SYNTHETIC]" if origins == [("synthetic",)] else ""


def _drawn(title: str, rows: Rows) -> Preview:
    rows = [row for row in rows if row[-1] is not None and math.isfinite(row[-1])]
    if not rows:
        return Preview(f"{_text(title)}: nothing to show yet.", {})
    figures = _figures(rows)
    is_line = len(rows[0]) == 3 and len({row[0] for row in rows}) > 1
    names, safe = list(figures), _text(title)
    svg = _lines(rows, names) if is_line else _bars(figures)
    small = small_picture.of_lines(safe, rows, names) if is_line else small_picture.of_bars(safe, figures)
    # a tenth of a pixel, a third of the bytes; what is written between the tags keeps its digits
    rounded = re.sub(r"<[^>]*>", lambda tag: re.sub(r"(\d\.\d)\d+", r"\1", tag[0]), svg)
    picture = b64encode(rounded.encode()).decode()
    return Preview(f"**{safe}**\n\n![picture](data:image/svg+xml;base64,{picture})", figures, small)


def _figures(rows: Rows) -> dict[str, float]:
    """The greatest numbers, for lines those of the last day: what is shown, and no more."""
    last = max(row[0] for row in rows) if len(rows[0]) == 3 else None
    newest = [(str(row[-2]), _legible(row[-1])) for row in rows if last is None or row[0] == last]
    return dict(sorted(newest, key=lambda figure: -figure[1])[:MAX_SERIES])


def _legible(number: Any) -> float:
    """Whole, or four digits: the UI shows every digit of a float."""
    value = float(number)
    return float(round(value)) if abs(value) >= 1_000 else float(f"{value:.4g}")


def _bars(figures: Mapping[str, float]) -> str:
    chart = leather.Chart()
    chart.add_bars([(number, name) for name, number in figures.items()])
    chart.add_x_axis(tick_formatter=small_picture.short)
    return str(chart.to_svg(width=WIDTH, height=90 + BAR_HEIGHT * len(figures)))


def _lines(rows: Rows, names: Sequence[str]) -> str:
    is_day = isinstance(rows[0][0], date)
    # as numbers: leather cannot divide a few days into ticks
    drawn = [
        (row[0].toordinal() if is_day else row[0], str(row[1]), float(row[2]))
        for row in rows
        if str(row[1]) in names
    ]
    chart = leather.Chart()
    for name in names:
        points = sorted((x, y) for x, series, y in drawn if series == name)
        (chart.add_line if len(points) > 1 else chart.add_dots)(points, name=name)
    first, last = min(x for x, *_ in drawn), max(x for x, *_ in drawn)
    chart.add_x_scale(first, last)
    chart.add_x_axis(ticks=_five(first, last), tick_formatter=_day if is_day else small_picture.short)
    low, high = min(0.0, *(y for *_, y in drawn)), max(0.0, *(y for *_, y in drawn))
    chart.add_y_scale(low, high if high > low else low + 1)  # leather loses a line along its own axis
    chart.add_y_axis(tick_formatter=small_picture.short)
    return str(chart.to_svg(width=WIDTH, height=LINES_HEIGHT))


def _five(first: float, last: float) -> list[int]:
    """Ticks from end to end, each a whole day or second; fewer if there are not as many."""
    return sorted({round(first + (last - first) * n / 4) for n in range(5)})


def _day(ordinal: float, *_: object) -> str:
    return date.fromordinal(int(ordinal)).isoformat()


def _newest_rows(connection: duckdb.DuckDBPyConnection, table: str) -> Preview:
    result = connection.execute(f"from {table} limit 0")
    columns = [name for name, *_ in result.description][:SHOWN_COLUMNS]
    listed = ", ".join(f'"{column}"' for column in columns)
    rows = connection.execute(f"select {listed} from {table} order by 1 desc limit {SHOWN_ROWS}").fetchall()
    if not rows:
        return Preview("No rows yet.", {})
    lines = [columns, ["---"] * len(columns), *([_text(_shortened(value)) for value in row] for row in rows)]
    return Preview("\n".join(f"| {' | '.join(line)} |" for line in lines), {})


def _shortened(value: object) -> object:
    text = str(value)
    return text[: SHOWN_LETTERS - 1] + "…" if isinstance(value, str) and len(text) > SHOWN_LETTERS else value


def _text(value: object) -> str:
    """Free text for Markdown: names and tags are other people's, so nothing in them is markup."""
    if value is None:
        return ""
    text = f"{value:,.6g}" if isinstance(value, float) else " ".join(str(value).split())
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", text)
