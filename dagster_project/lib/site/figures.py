"""What a chart draws, as rows for a CSV and as a picture of its own.

Belongs here: reading a Vega-Lite specification, and drawing it without a browser.
Does not belong here: what is drawn (the sections, subjects), and where the files stand (pages).
"""

import csv
import io
import json
import re
import struct
import textwrap
import zlib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

import vl_convert

from dagster_project.lib.report import templates
from dagster_project.lib.report.page import VEGA_LITE
from dagster_project.lib.report.sections import Panel, Row

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
WIDTH, LETTERS = 720, 84  # pixels of a picture, and letters of a line above it
# of an SVG: what only a page's script and style would read, what is said once, and digits that no eye sees
FONT = 'font-family="sans-serif" font-size="12px"'
_LEFT_OUT = re.compile(
    r' (?:class|pointer-events|aria-hidden|font-family)="[^"]*"| opacity="1"| font-size="12px"|(?<=\.\d\d)\d+'
)
# names of the sections' fields, and what they are in a file for readers; what only places a mark is left out
NAMES = {"t": "date", "v": "value", "s": "series", "low": "lower", "high": "upper"}
PLACES = {"label", "colour", "end", "ink", "at", "order"}
MEANINGS = {
    "panel": "Chart of this page, by what stands above it",
    "mark": "How the row is drawn: as part of a line, a point, a bar, a rule",
    "series": "Line or bar that the row belongs to",
    "date": "Day (UTC)",
    "value": "What the vertical axis of a line, or the length of a bar, shows",
    "lower": "Least that is possible, or the lower end of the interval",
    "upper": "Most that is possible, or the upper end of the interval",
}


class CsvColumn(NamedTuple):
    """A column of a chart's file: its name, and what it means."""

    name: str
    description: str


class Drawing(NamedTuple):
    """A data set of a chart, how it is drawn first, and how the reader is told of its fields."""

    mark: str
    rows: Sequence[Row]
    titles: Mapping[str, str]
    is_temporal: bool


def columns(panels: Sequence[Panel]) -> list[CsvColumn]:
    """The columns of `rows`, in their order."""
    told: dict[str, str] = {}
    for drawing in _all(panels):
        for field, title in drawing.titles.items():
            told.setdefault(_name(field, drawing), title)
    return [CsvColumn(name, "; ".join(_meanings(name, told))) for name in _names(rows(panels))]


def unit(panels: Sequence[Panel]) -> str:
    """What the values are, as the axes and the pointer say it."""
    return "; ".join(dict.fromkeys(one.titles["v"] for one in _all(panels) if "v" in one.titles))


def rows(panels: Sequence[Panel]) -> list[Row]:
    """What the charts of a page draw, each row once. Grain: a row per mark, or per point of a line or band.

    Figures have the digits that a chart can show (9).
    """
    found = []
    for panel in panels:
        drawings = drawings_of(panel.spec)
        for drawing in drawings:
            first = {"panel": panel.heading.partition(":")[0]} if len(panels) > 1 else {}
            if len(drawings) > 1:
                first["mark"] = drawing.mark
            found += [
                {**first, **{_name(f, drawing): value for f, value in row.items() if f not in PLACES}}
                for row in drawing.rows
            ]
    return found


def to_csv(panels: Sequence[Panel]) -> str:
    """`rows` as CSV (RFC 4180); what is missing is empty."""
    text = io.StringIO()
    found = rows(panels)
    writer = csv.DictWriter(text, _names(found), restval="")
    writer.writeheader()
    writer.writerows(found)
    return text.getvalue()


def drawings_of(spec: Mapping[str, Any]) -> list[Drawing]:
    """The data sets that marks other than text draw, in the order in which they are drawn."""
    found: dict[str, Drawing] = {}
    for layer, name in _layers(spec, ""):
        mark = layer["mark"] if isinstance(layer["mark"], str) else layer["mark"]["type"]
        if mark == "text" or not spec["datasets"][name]:
            continue
        encoding = layer.get("encoding", {})
        titles = {one["field"]: title for one in _channels(encoding) if (title := _title(one))}
        former = found.get(name, Drawing(mark, spec["datasets"][name], {}, False))
        found[name] = former._replace(
            titles={**titles, **former.titles},
            is_temporal=former.is_temporal or encoding.get("x", {}).get("type") == "temporal",
        )
    return list(found.values())


def svg(panel: Panel, title: str, subtitle: str) -> str:
    """The chart on paper of its own, in the light colours, with what it shows above it."""
    drawn = vl_convert.vegalite_to_svg(_standing_alone(panel, title, subtitle), VEGA_LITE)
    short = re.sub(r"<[^>]*>", lambda tag: _LEFT_OUT.sub("", tag[0]), drawn)  # and never what is written
    return short.replace("<svg", f"<svg {FONT}", 1)


def png(panel: Panel, title: str, subtitle: str) -> bytes:
    """The same as a PNG."""
    return _compressed(vl_convert.vegalite_to_png(_standing_alone(panel, title, subtitle), VEGA_LITE))


def _compressed(drawn: bytes) -> bytes:
    """The picture with its pixels compressed as far as they can be: a third of what it was drawn with."""
    chunks, at = [], len(PNG_SIGNATURE)
    while at < len(drawn):
        (length,) = struct.unpack_from(">I", drawn, at)
        chunks.append((drawn[at + 4 : at + 8], drawn[at + 8 : at + 8 + length]))
        at += length + 12
    pixels = zlib.decompress(b"".join(content for kind, content in chunks if kind == b"IDAT"))
    first, *others = [chunk for chunk in chunks if chunk[0] != b"IDAT"]
    return PNG_SIGNATURE + b"".join(
        struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        for kind, content in (first, (b"IDAT", zlib.compress(pixels, 9)), *others)
    )


def _standing_alone(panel: Panel, title: str, subtitle: str) -> str:
    spec = {
        **_seen(panel.spec),
        "width": WIDTH,
        "autosize": {"type": "pad", "contains": "padding"},
        "padding": 16,
        "background": "var(--paper)",
        "config": {**panel.spec["config"], "font": "sans-serif", "aria": False},
        "title": {
            "text": textwrap.wrap(title, LETTERS),
            "subtitle": textwrap.wrap(subtitle, LETTERS + 20),
            "anchor": "start",
            "frame": "group",
            "offset": 24,
            "color": "var(--ink)",
            "fontSize": 16,
            "subtitleColor": "var(--muted)",
        },
    }
    return re.sub(r"var\(--([\w-]+)\)", lambda found: _light()[str(found[1])], json.dumps(spec))


def _seen(spec: Mapping[str, Any]) -> dict[str, Any]:
    """Without the layers that only a pointer finds."""
    seen = [
        layer
        for layer in spec.get("layer", ())
        if isinstance(layer.get("mark"), str) or layer.get("mark", {}).get("opacity") != 0
    ]
    return {**spec, "layer": seen} if seen else dict(spec)


@cache
def _light() -> dict[str, str]:
    """The colours that page.css names first: those of a light room."""
    first = re.search(r":root {(.*?)}", str(templates.style()), re.DOTALL)
    return dict(re.findall(r"--([\w-]+): (#\w+)", first[1])) if first else {}


def _all(panels: Sequence[Panel]) -> Iterator[Drawing]:
    for panel in panels:
        yield from drawings_of(panel.spec)


def _layers(spec: Mapping[str, Any], data: str) -> Iterator[tuple[Mapping[str, Any], str]]:
    data = spec.get("data", {}).get("name", data)
    if "layer" in spec:
        for layer in spec["layer"]:
            yield from _layers(layer, data)
    else:
        yield spec, data


def _channels(encoding: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for said in encoding.values():
        yield from (one for one in (said if isinstance(said, list) else [said]) if "field" in one)


def _names(found: Sequence[Row]) -> list[str]:
    return list(dict.fromkeys(name for row in found for name in row))


def _title(channel: Mapping[str, Any]) -> str | None:
    title = channel.get("title") or (channel.get("axis") or {}).get("title")
    return title if isinstance(title, str) else None


def _name(field: str, drawing: Drawing) -> str:
    return "x" if field == "t" and not drawing.is_temporal else NAMES.get(field, field)


def _meanings(name: str, told: Mapping[str, str]) -> list[str]:
    known = [MEANINGS[name]] if name in MEANINGS else []
    return [*known, *([told[name]] if name in told else [])] or [f"Option of the switch {name} on the page"]
