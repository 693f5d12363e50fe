"""Charts as the report draws them: colours, axes, lines with direct labels, bars, bands.

Belongs here: what several sections share, free of any table's columns.
Does not belong here: what a chart is about (the sections); colours' values, which are CSS (page.css).
"""

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import altair as alt

Row = dict[str, Any]
Domain = tuple[float, float] | Mapping[str, tuple[float, float]] | None

INK, MUTED, FAINT, PAPER = "var(--ink)", "var(--muted)", "var(--rule)", "var(--paper)"
ACCENT, BAR = "var(--c1)", "var(--bar)"
COLOURS = tuple(f"var(--c{number})" for number in range(1, 7))  # the page's, safe for colour-blind readers
HEIGHT = 320
LABEL_GAP = 15  # pixels between two labels
LABEL_WIDTH = {"expr": "containerSize()[0] < 500 ? 150 : 190"}  # pixels: two fifths of a phone's width
# what does not fit into them there is the series' name without its figure, which the axis shows
LABEL_TEXT = {"expr": "containerSize()[0] < 500 && length(datum.label) > 21 ? datum.s : datum.label"}
RECENT_DAYS = 120  # of these every day is drawn, before them one a week: years fit into the page

CONFIG: dict[str, Any] = {
    "background": "transparent",
    "font": "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif",
    "view": {"stroke": None},
    "axis": {
        "domainColor": "var(--axis)",
        "gridColor": FAINT,
        "tickColor": "var(--axis)",
        "labelColor": MUTED,
        "labelFontSize": 12,
        "titleColor": MUTED,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
    },
    "axisY": {"domain": False, "ticks": False, "labelPadding": 6},
    "legend": {"labelColor": INK, "labelFontSize": 12, "labelLimit": 320, "title": None},
    "text": {"color": INK, "fontSize": 12},
    "line": {"strokeWidth": 2},
    "tick": {"color": INK},
}


def finished(chart: Any) -> dict[str, Any]:
    """The chart as a Vega-Lite specification that fills its container."""
    spec: dict[str, Any] = chart.properties(
        width="container",
        autosize=alt.AutoSizeParams(type="fit-x", contains="padding"),
        padding={"left": 4, "right": 24, "top": 8, "bottom": 4},
        config=CONFIG,
    ).to_dict()
    # in the order of the layers: charts of the same kind are the same but for their rows
    names = {name: f"data{number}" for number, name in enumerate(spec["datasets"])}
    for layer in [spec, *spec.get("layer", ())]:
        if "name" in layer.get("data", {}):
            layer["data"]["name"] = names[layer["data"]["name"]]
    spec["datasets"] = {names[name]: json.loads(text) for name, text in spec["datasets"].items()}
    return spec


def picks(names: Sequence[str], defaults: Sequence[str]) -> list[Any]:
    """One parameter a switch; the page sets it."""
    return [
        alt.param(name=f"pick_{name}", value=default) for name, default in zip(names, defaults, strict=True)
    ]


def picked(names: Sequence[str]) -> str:
    """The filter that keeps the rows of what is switched on; `true` without switches."""
    return " && ".join(f"datum.{name} == pick_{name}" for name in names) or "true"


def time_axis() -> alt.X:
    """Days in UTC: the reader's time zone never moves a day."""
    return alt.X(
        "t:T",
        scale=alt.Scale(type="utc"),
        axis=alt.Axis(
            title=None, grid=False, format="%-d %b %y", labelOverlap="greedy", labelSeparation=10, tickCount=5
        ),
    )


def value_axis(
    title: str,
    *,
    domain: tuple[float, float] | None = None,
    expression: str | None = None,
    format: str | None = None,
) -> alt.Y:
    """The vertical axis, its unit written flat above it."""
    scale: dict[str, Any] = {"zero": False}
    if domain:
        scale["domain"] = list(domain)
    axis: dict[str, Any] = {"title": title, "tickCount": 5, **_FLAT_TITLE}
    if expression:
        axis["labelExpr"] = expression
    if format:
        axis["format"] = format
    return alt.Y("v:Q", scale=alt.Scale(**scale), axis=alt.Axis(**axis))


def log_axis(title: str, domains: Mapping[str, tuple[float, float]], by: str, expression: str) -> alt.Y:
    """A logarithmic one, from the least to the greatest of what the switch `by` picks."""
    least, most = ({choice: domain[end] for choice, domain in domains.items()} for end in (0, 1))
    ticks = {choice: log_ticks(*domain) for choice, domain in domains.items()}
    return alt.Y(
        "v:Q",
        scale=alt.Scale(type="log", nice=False, domainMin=_of_pick(least, by), domainMax=_of_pick(most, by)),
        axis=alt.Axis(title=title, labelExpr=expression, values=_of_pick(ticks, by), **_FLAT_TITLE),
    )


def _of_pick(values: Mapping[str, Any], by: str) -> Any:
    return alt.ExprRef(f"{json.dumps(values)}[pick_{by}]")


_FLAT_TITLE: dict[str, Any] = {
    "titleAngle": 0,
    "titleAlign": "left",
    "titleAnchor": "end",
    "titleBaseline": "bottom",
    "titleX": 0,
    "titleY": -8,
}


def log_ticks(low: float, high: float) -> list[float]:
    """1, 2 and 5 of each power of ten inside the domain."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    return [t for p in powers for t in (10.0**p, 2 * 10.0**p, 5 * 10.0**p) if low <= t <= high]


def domain_of(values: Iterable[float | None], log: bool = False, room: float = 0.06) -> tuple[float, float]:
    """The span of the values with a little room on both ends."""
    known = [value for value in values if value is not None and (value > 0 or not log)]
    low, high = min(known), max(known)
    if log:
        return low * 0.85, high * 1.15
    space = (high - low or abs(high) or 1) * room
    return low - space, high + space


def weekly_before(rows: Sequence[Row], field: str) -> list[Row]:
    """Every day of the last RECENT_DAYS, of each week before them the last day that there is, and the first
    of all: what an index is measured from is drawn.
    """
    days = {row[field] for row in rows}
    if not days:
        return []
    recent = max(days) - timedelta(days=RECENT_DAYS)
    last_of_week = {day.isocalendar()[:2]: day for day in sorted(days)}
    kept = {min(days), *last_of_week.values()}
    return [row for row in rows if row[field] > recent or row[field] in kept]


def label_places(
    values: Sequence[float], domain: tuple[float, float], log: bool = False, height: int = HEIGHT
) -> list[float]:
    """Where labels of these values go so that none covers another, in units of the axis."""
    low, high = (math.log(end) for end in domain) if log else domain
    per_pixel = (high - low) / height
    wanted = [(math.log(value) if log else value) / per_pixel for value in values]
    order = sorted(range(len(values)), key=lambda number: wanted[number])
    blocks: list[tuple[float, list[int]]] = []  # centre and members of labels that touch
    for number in order:
        centre, members = wanted[number], [number]
        while blocks and centre - blocks[-1][0] < LABEL_GAP * (len(members) + len(blocks[-1][1])) / 2:
            before, others = blocks.pop()
            centre = (before * len(others) + centre * len(members)) / (len(others) + len(members))
            members = others + members
        blocks.append((centre, members))
    places = [0.0] * len(values)
    for centre, members in blocks:
        for position, number in enumerate(members):
            at = (centre + (position - (len(members) - 1) / 2) * LABEL_GAP) * per_pixel
            places[number] = math.exp(at) if log else at
    return places


def end_labels(
    rows: Sequence[Row],
    by: Sequence[str],
    label: Callable[[Row], str],
    domain: Domain,
    log: bool = False,
    height: int = HEIGHT,
) -> list[Row]:
    """A label's row for the last value of each series, spread apart within each choice."""
    groups: dict[tuple[Any, ...], dict[str, Row]] = {}
    for row in rows:
        last = groups.setdefault(tuple(row[name] for name in by), {})
        if row["v"] is not None and (row["s"] not in last or row["t"] > last[row["s"]]["t"]):
            last[row["s"]] = row
    labels = []
    for choice, last in groups.items():
        chosen = [row["v"] for row in rows if tuple(row[name] for name in by) == choice]
        own = domain[choice[0]] if isinstance(domain, Mapping) else domain
        places = label_places([row["v"] for row in last.values()], own or domain_of(chosen, log), log, height)
        labels += [
            {**row, "at": place, "label": label(row)}
            for row, place in zip(last.values(), places, strict=True)
        ]
    return labels


def series_colour(colours: Mapping[str, str]) -> alt.Color:
    """Each series in its own colour, named at its end and not in a legend."""
    return alt.Color("s:N", scale=alt.Scale(domain=list(colours), range=list(colours.values())), legend=None)


def tips(what: str, value: str, format: str) -> list[alt.Tooltip]:
    """What the pointer says: which series, which day, how much."""
    return [
        alt.Tooltip("s:N", title=what),
        alt.Tooltip("t:T", title="Day", timeUnit="utcyearmonthdate", format="%-d %B %Y"),
        alt.Tooltip("v:Q", title=value, format=format),
    ]


def lines(
    rows: Sequence[Row],
    y: alt.Y,
    *,
    colours: Mapping[str, str],
    label: Callable[[Row], str],
    tooltip: Sequence[alt.Tooltip],
    domain: Domain = None,
    by: Sequence[str] = (),
    log: bool = False,
    height: int = HEIGHT,
    dashes: Mapping[str, Sequence[int]] | None = None,
) -> list[alt.Chart]:
    """Lines of `v` over `t` for each series `s`, a point for the reader's pointer, a label at the end.

    Rows carry `t`, `v` and `s`, and the fields of `by` that the switches pick. `domain` is that of the axis,
    or one for each choice of the first of them. A line below one of `dashes` (drawn, left
    out, begun at) shows through.
    """
    colour = series_colour(colours)
    base = (
        alt.Chart(values(rows), height=height)
        .transform_filter(picked(by))
        .encode(x=time_axis(), y=y, color=colour)
    )
    drawn = [base.mark_line()]
    if dashes:
        solid = base.transform_filter(alt.FieldOneOfPredicate("s", [s for s in colours if s not in dashes]))
        drawn = [
            solid.mark_line(),
            *(
                base.transform_filter(alt.datum.s == name).mark_line(
                    strokeDash=[length, gap], strokeDashOffset=start
                )
                for name, (length, gap, start) in dashes.items()
            ),
        ]
    return [
        *drawn,
        base.mark_circle(size=90, opacity=0).encode(tooltip=list(tooltip)),
        alt.Chart(values(end_labels(rows, by, label, domain, log, height)))
        .transform_filter(picked(by))
        .mark_text(align="left", dx=6, limit=LABEL_WIDTH, text=LABEL_TEXT)
        .encode(x=time_axis(), y="at:Q", color=colour),
    ]


def bars(
    rows: Sequence[Row],
    *,
    by: Sequence[str],
    tooltip: Sequence[alt.Tooltip],
    count: int,
    axis: alt.Axis | None = None,
) -> list[alt.Chart]:
    """Horizontal bars of `v` for each `s`, longest on top, with their figure `label` written at the end."""
    base = (
        alt.Chart(values([{**row, "end": max(row["v"], 0)} for row in rows]), height=24 * count)
        .transform_filter(picked(by))
        .encode(
            y=alt.Y(
                "s:N",
                sort=alt.EncodingSortField("v", op="max", order="descending"),
                axis=alt.Axis(title=None, labelColor=INK, labelLimit=150),
            ),
            x=alt.X("v:Q", axis=axis),
            tooltip=list(tooltip),
        )
    )
    return [
        base.mark_bar(height={"band": 0.72}).encode(color=alt.Color("colour:N", scale=None)),
        base.mark_text(align="left", dx=5).encode(text="label:N", x=alt.X("end:Q")),
    ]


def values(rows: Sequence[Row]) -> alt.InlineData:
    """Rows as a chart's data, as text: Altair copies and checks rows over and over, and text in no time."""
    return alt.InlineData(values=json.dumps(_plain_rows(rows)), format=alt.JsonDataFormat(type="json"))


def with_rows(spec: Row, *rows: Sequence[Row]) -> Row:
    """A finished chart with other rows, one list for each of its data sets in their order."""
    datasets = {name: _plain_rows(own) for name, own in zip(spec["datasets"], rows, strict=True)}
    return {**spec, "datasets": datasets}


def _plain_rows(rows: Sequence[Row]) -> list[Row]:
    return [{name: _plain(value) for name, value in row.items()} for row in rows]


def _plain(value: Any) -> Any:
    """Days as text, figures with the digits that a chart can show."""
    if isinstance(value, date):
        return value.isoformat()
    if not isinstance(value, float):
        return value
    shown = float(f"{value:.9g}")
    return int(shown) if shown.is_integer() else shown
