"""The page: sections as one self-contained HTML file.

Belongs here: the template's values, escaping, and the policy that lets the page ask nobody for anything.
Does not belong here: what sections say; style (page.css) and behaviour (page.js).

Names, tags and repository ids are other people's text. The template escapes everything; the data that the
script reads is JSON with <, > and & escaped; and the policy runs only the two scripts whose hashes it names,
with Vega's interpreter in place of `eval`.
"""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import altair as alt
import vl_convert
from markupsafe import Markup

from dagster_project.lib.files import write_whole
from dagster_project.lib.report import metrics_page, templates, words
from dagster_project.lib.report.sections import ONLY, Column, Drawn, Row, Section

HERE = Path(__file__).parent
VEGA_LITE = ".".join(alt.SCHEMA_VERSION.removeprefix("v").split(".")[:2])  # what Altair writes
SYNTHETIC = "synthetic"
FIRST_LETTER, MOST_TEXTS = ord("A"), 58  # to z: no letter that a page writes longer but for the backslash


@dataclass(frozen=True)
class Publication:
    """What the whole page is about: one published file."""

    snapshot_date: date
    published_at: datetime
    provenance: str  # live, synthetic or mirror:<host>
    versions: str
    origins: Sequence[Row]  # days by where they came from: origin, days, first_day, last_day
    sources: Sequence[Row]  # of about_sources: name, attribution, licence, terms

    @property
    def is_synthetic(self) -> bool:
        return self.provenance == SYNTHETIC

    @property
    def prefix(self) -> str:
        """What begins whatever is said of invented figures."""
        return "Synthetic: " if self.is_synthetic else ""

    @property
    def title(self) -> str:
        return f"{self.prefix}Model Tide, {words.day(self.snapshot_date)}"

    @property
    def days_in_words(self) -> str:
        return words.listed(
            [
                f"{row['days']} {'day' if row['days'] == 1 else 'days'} "
                f"{_ORIGINS.get(row['origin'], row['origin'])} "
                f"({words.day(row['first_day'])} to {words.day(row['last_day'])})"
                for row in self.origins
            ]
        )


_ORIGINS = {
    "observed": "observed",
    "archive": "from the public archive hub-stats",
    "import": "imported",
}


@dataclass(frozen=True)
class Link:
    """An address, relative to the page, and what a reader reads there."""

    address: str
    label: str


@dataclass(frozen=True)
class Query:
    """SQL exactly as it ran on the published file."""

    name: str
    sql: str


@dataclass(frozen=True)
class Definition:
    """A table in words, and the columns that the section reads."""

    table: str
    comment: str
    columns: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Shown:
    """A section with all that its place on the page needs."""

    section: Section
    drawn: Drawn
    queries: Sequence[Query]
    definitions: Sequence[Definition]


def render(publication: Publication, shown: Sequence[Shown], cache: Path) -> str:
    """The page; the definitions that it links to are beside it (metrics_page)."""
    vega, script = _inline(vega_script(cache)), _inline((HERE / "page.js").read_text())
    views = [view(one, publication) for one in shown]
    return (
        templates.environment()
        .get_template("page.html")
        .render(
            title=publication.title,
            about=publication,
            sources=publication.sources,
            sections=views,
            data={view["key"]: view["data"] for view in views},
            style=templates.style(),
            vega=vega,
            script=script,
            policy=templates.policy(f"{_hash(vega)} {_hash(script)}"),
            metrics=metrics_page.NAME,
        )
    )


def view(one: Shown, publication: Publication, links: Sequence[Link] = ()) -> dict[str, Any]:
    """A section as section.html reads it, with what the links lead to below it."""
    drawn = one.drawn
    first = "|".join(next(iter(switch.options)) for switch in drawn.switches)
    findings = {key: publication.prefix + text for key, text in drawn.findings.items()}
    topic = one.section.topic
    return {
        "key": one.section.key,
        "topic": topic,
        "shows": one.section.shows,
        "source": one.section.source,
        "title": findings.get(first) or findings.get(ONLY) or topic,
        "reason": drawn.reasons.get(first) or drawn.reasons.get(ONLY, ""),
        "detail": drawn.details.get(first, ""),
        "drawn": drawn,
        "queries": one.queries,
        "definitions": one.definitions,
        "rows": _cells(drawn),
        "links": links,
        "data": {
            "findings": findings,
            "reasons": drawn.reasons,
            "details": drawn.details,
            "topic": topic,
            "specs": [_packed(panel.spec) for panel in drawn.panels],
        },
    }


def _packed(spec: Mapping[str, Any]) -> dict[str, Any]:
    """The specification apart from its rows, which are by column: an eighth of the size. page.js makes rows
    of them again.
    """
    return {
        "spec": {name: value for name, value in spec.items() if name != "datasets"},
        "datasets": {name: _columns(rows) for name, rows in spec["datasets"].items()},
    }


def _columns(rows: Sequence[Row]) -> dict[str, Any]:
    """By name the values of a column; of texts that come back, the texts and one letter a row for each."""
    columns: dict[str, Any] = {}
    for name in dict.fromkeys(name for row in rows for name in row):
        values = [row.get(name) for row in rows]
        texts = list(dict.fromkeys(values))
        if all(isinstance(text, str) for text in texts) and len(texts) < min(len(values), MOST_TEXTS):
            letters = {text: chr(FIRST_LETTER + number) for number, text in enumerate(texts)}
            columns[name] = {"texts": texts, "at": "".join(letters[value] for value in values)}
        else:
            columns[name] = values
    return columns


def _cells(drawn: Drawn) -> list[list[dict[str, Any]]]:
    if drawn.table is None:
        return []
    return [[_cell(column, row) for column in drawn.table.columns] for row in drawn.table.rows]


def _cell(column: Column, row: Mapping[str, Any]) -> dict[str, Any]:
    value = row[column.name]
    sort = "" if value is None else value.isoformat() if isinstance(value, date) else value
    return {"text": column.show(value), "sort": sort}


def vega_script(cache: Path) -> str:
    """Vega, Vega-Lite and Vega-Embed as one script, which takes 1.3 s to bundle: once for each version."""
    kept = cache / f"vega-lite-{VEGA_LITE}.vl-convert-{version('vl-convert-python')}.js"
    if not kept.exists():
        script = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;", VEGA_LITE)
        cache.mkdir(parents=True, exist_ok=True)
        write_whole(kept, script.encode())
    return kept.read_text(encoding="utf-8")


def _inline(script: str) -> Markup:
    """A script as it may stand in a page: nothing in it ends its element."""
    return Markup(script.replace("</script", "<\\/script").replace("<!--", "<\\!--"))


def _hash(script: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"
