"""The picture of a table in so few characters that the Dagster UI shows it where it stands.

Belongs here: lines and bars as SVG in an address of Markdown, and what is left out until it fits.
Does not belong here: which rows a table is seen by, and the large picture (preview).

The UI draws Markdown of fewer than 1,000 characters in place and hides more behind "Show Markdown"
(MetadataEntry of Dagster 1.13). leather's pictures have four thousand, so this one is written by hand.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import product
from typing import Any
from urllib.parse import quote
from xml.sax.saxutils import escape

CHARACTERS = 1_000  # a Markdown of as many is behind a click
WIDTH, HEIGHT, ROW, NAMES = 440, 110, 18, 300  # pixels; NAMES is where lines end and their names begin
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7")
LINES, POINTS = (4, 3, 2, 1), (30, 20, 12, 6)  # the most that is tried first
BARS = (6, 4, 2, 1)
KEPT = "=/:;,'"  # what Markdown and addresses leave as it is
NAME = 20  # characters of a name that are shown

Rows = Sequence[tuple[Any, ...]]


def of_lines(title: str, rows: Rows, names: Sequence[str]) -> str | None:
    """(x, name, number) rows, x a day or a number, as lines beside their names; None if nothing fits."""
    xs, ys = [_number(row[0]) for row in rows], [0.0, *(float(row[2]) for row in rows)]
    across, up = (NAMES - 10) / (max(xs) - min(xs)), (HEIGHT - 8) / ((max(ys) - min(ys)) or 1)
    first, last = (_end(end(row[0] for row in rows)) for end in (min, max))
    title = f"{title}: {first} to {last}, from {_said(min(ys))} to {_said(max(ys))}"
    places = {
        name: sorted(
            (round((_number(x) - min(xs)) * across), round(HEIGHT - 4 - (float(y) - min(ys)) * up))
            for x, series, y in rows
            if str(series) == name
        )
        for name in names
    }

    def parts(count: int, points: int) -> Iterator[str]:
        for row, (name, colour) in enumerate(zip(names[:count], COLOURS, strict=False)):
            line = "L".join(f"{x},{y}" for x, y in _spread(places[name], points))
            yield f"<path d='M{line}' fill='none' stroke='{colour}'/>"
            yield f"<text x='{NAMES}' y='{ROW * row + 14}' fill='{colour}'>{_name(name)}</text>"

    return _first_that_fits(_markdown(title, HEIGHT, parts(*tried)) for tried in product(LINES, POINTS))


def of_bars(title: str, figures: Mapping[str, float]) -> str | None:
    """Numbers by name as bars, each with its number; None if nothing fits."""
    scale = NAMES / (max(map(abs, figures.values())) or 1)

    def parts(count: int) -> Iterator[str]:
        shown = list(enumerate(list(figures.items())[:count]))
        bars = "".join(f"M0,{ROW * row + 9}h{round(abs(number) * scale)}" for row, (_, number) in shown)
        yield f"<path d='{bars}' stroke='#9cd' stroke-width='15'/>"
        yield from (
            f"<text x='4' y='{ROW * row + 13}'>{_name(name)} {_said(number)}</text>"
            for row, (name, number) in shown
        )

    return _first_that_fits(_markdown(title, ROW * min(n, len(figures)), parts(n)) for n in BARS)


def short(value: Any, *_: object) -> str:
    """1,500,000 as 1.5M."""
    for size, letter in ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{float(value) / size:g}{letter}"
    return f"{float(value):g}"


def _said(number: float) -> str:
    return short(float(f"{number:.4g}"))


def _markdown(title: str, height: int, parts: Iterator[str]) -> str:
    svg = (
        f"<svg xmlns='http://www.w3.org/2000/svg' width='{WIDTH}' height='{height}' "
        f"style='background:#fff;font:12px sans-serif'>{''.join(parts)}</svg>"
    )
    return f"**{title}**\n\n![picture](data:image/svg+xml,{quote(svg, safe=KEPT)})"


def _first_that_fits(tried: Iterator[str]) -> str | None:
    return next((markdown for markdown in tried if len(markdown) < CHARACTERS), None)


def _spread(places: list[tuple[int, int]], points: int) -> list[tuple[int, int]]:
    """So many from the first to the last; one place is shown as a short line."""
    if len(places) == 1:
        return [*places, (places[0][0] + 2, places[0][1])]
    last, steps = len(places) - 1, min(points, len(places)) - 1
    return [places[round(last * step / steps)] for step in range(steps + 1)]


def _number(x: date | float) -> float:
    return float(x.toordinal()) if isinstance(x, date) else float(x)


def _end(x: date | float) -> str:
    return x.isoformat() if isinstance(x, date) else _said(x)


def _name(name: str) -> str:
    return escape(name if len(name) <= NAME else f"{name[: NAME - 1]}…")
