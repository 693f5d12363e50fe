"""Draws docs/scale.svg from docs/scale.jsonl, the figures that census_days adds to BENCH_RESULTS.

Belongs here: the drawing alone. One panel for the CPU seconds of one more day, one for the warehouse; the
line from the two measured histories goes on to a year, dashed.
"""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson

DOCS = Path(__file__).parents[1] / "docs"
YEAR = 365
WIDTH, HEIGHT, LEFT, TOP, PANEL_HEIGHT, GAP = 720, 520, 70, 46, 170, 84
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7")
STEPS = ("load", "build", "publish")

Point = tuple[float, float]


def main(source: Path = DOCS / "scale.jsonl", target: Path = DOCS / "scale.svg") -> None:
    """Draw the newest figures of each size."""
    newest: dict[int, dict[str, Any]] = {}
    for line in source.read_bytes().splitlines():
        figures = orjson.loads(line)
        newest[figures["models"]] = figures
    target.write_text("\n".join(_drawing(newest)) + "\n", encoding="utf-8")


def _drawing(newest: dict[int, dict[str, Any]]) -> Iterator[str]:
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        'font-family="sans-serif" font-size="13">'
    )
    yield "<style>text{fill:#222}@media(prefers-color-scheme:dark){text{fill:#ddd}}</style>"
    yield from _panel(newest, TOP, "One more day, seconds of CPU (load, build, publish)", _seconds)
    below = TOP + PANEL_HEIGHT + GAP
    yield from _panel(newest, below, "Warehouse, megabytes", lambda day: float(day["warehouse_mb"]))
    yield "</svg>"


def _seconds(day: dict[str, Any]) -> float:
    return float(sum(day[step]["cpu"] for step in STEPS))


def _panel(
    newest: dict[int, dict[str, Any]], top: float, title: str, value: Callable[[dict[str, Any]], float]
) -> Iterator[str]:
    lines = {size: [(float(d["before"]), value(d)) for d in f["days"]] for size, f in newest.items()}
    highest = max(max(y for _, y in (*points, _at_year(points))) for points in lines.values()) * 1.1

    def place(point: Point) -> str:
        x = LEFT + point[0] / YEAR * (WIDTH - LEFT - 150)
        return f"{x:.1f},{top + PANEL_HEIGHT * (1 - point[1] / highest):.1f}"

    yield f'<text x="{LEFT}" y="{top - 16}" font-weight="bold">{title}</text>'
    for share in (0.0, 0.5, 1.0):
        y = highest * share
        start, end = place((0, y)), place((YEAR, y))
        yield f'<polyline points="{start} {end}" stroke="#999" stroke-width="0.5" fill="none"/>'
        x, level = start.split(",")
        yield f'<text x="{float(x) - 8}" y="{float(level) + 4}" text-anchor="end">{y:,.0f}</text>'
    for days in (30, 90, 180, YEAR):
        x, level = place((days, 0)).split(",")
        yield f'<text x="{x}" y="{float(level) + 18}" text-anchor="middle">{days} days</text>'
    for colour, (size, points) in zip(COLOURS, sorted(lines.items()), strict=False):
        drawn, fitted = " ".join(map(place, points)), _at_year(points)
        yield f'<polyline points="{drawn}" stroke="{colour}" stroke-width="2" fill="none"/>'
        yield (
            f'<polyline points="{place(points[-1])} {place(fitted)}" stroke="{colour}" '
            'stroke-dasharray="5 4" fill="none"/>'
        )
        for point in points:
            x, level = place(point).split(",")
            yield f'<circle cx="{x}" cy="{level}" r="3.5" fill="{colour}"/>'
        x, level = place(fitted).split(",")
        yield f'<text x="{float(x) + 8}" y="{float(level) + 4}">{size:,} models</text>'


def _at_year(points: list[Point]) -> Point:
    """Where the line through the first and last point is after a year."""
    (x0, y0), (x1, y1) = points[0], points[-1]
    return YEAR, y1 if x1 == x0 else y0 + (y1 - y0) / (x1 - x0) * (YEAR - x0)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
