"""A page of the site and the files beside it: figures, their description, pictures, and how to cite them.

Belongs here: addresses, the files of one page, and what they say of themselves.
Does not belong here: which pages there are (make), what is drawn (report, subjects).

An address is made of what a thing is called in the tables, and never of where it stands or of the day: it
does not change. The same name with another ending is the same figure in another form.
"""

import hashlib
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import orjson

from dagster_project.lib.report import words
from dagster_project.lib.report.page import Definition, Link, Publication, Shown, view
from dagster_project.lib.report.sections import ONLY, Panel, Row, Section
from dagster_project.lib.site import figures

NAME = "Model Tide"
LONGEST = 100  # letters of a key in the name of a file
_ADDRESS = re.compile(r"https?://[^\s)\]<>\"]*[^\s)\]<>\".,;:]")  # in a sentence
_TEX = {
    "\\": r"\textbackslash{}", "{": r"\textbraceleft{}", "}": r"\textbraceright{}", "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}", words.NBSP: "~", **{letter: f"\\{letter}" for letter in "&%$#_"},
}  # fmt: skip
SHARED = ("spec", "datasets")  # what a file of its own may hold of a chart
PICTURES = {"charts": ("svg", "png")}  # of a folder; of the others the SVG alone


class Specs:
    """What several pages draw, by the names of files: pages of a kind share a specification, the first page
    and that of a chart its rows as well.
    """

    def __init__(self) -> None:
        self.texts: dict[str, bytes] = {}

    def names(self, data: Mapping[str, Any]) -> list[str]:
        """Of the data of a section."""
        return [name for one in data["specs"] for name in one.values() if isinstance(name, str)]

    def apart(self, data: Mapping[str, Any], parts: Collection[str]) -> dict[str, Any]:
        """The data of a section with names in the place of those parts of its charts: spec, datasets."""
        named = [
            {part: self._name(said) if part in parts else said for part, said in one.items()}
            for one in data["specs"]
        ]
        return {**data, "specs": named}

    def _name(self, said: Mapping[str, Any]) -> str:
        text = orjson.dumps(said)
        name = hashlib.sha256(text).hexdigest()[:12]
        self.texts[name] = text
        return name


@dataclass(frozen=True)
class Page:
    """One thing of the publication with its own address: `folder`/`slug` and an ending."""

    folder: str
    key: str
    shown: Shown
    related: Sequence[Link] = ()
    json_ld: Mapping[str, Any] | None = None

    @cached_property
    def panels(self) -> list[Panel]:
        """Charts that have something to draw."""
        return [panel for panel in self.shown.drawn.panels if figures.drawings_of(panel.spec)]

    @property
    def path(self) -> str:
        """From the site's root, without an ending."""
        return f"{self.folder}/{slug(self.key)}"

    @property
    def finding(self) -> str:
        """What the page found, as it is drawn first."""
        drawn = self.shown.drawn
        first = "|".join(next(iter(switch.options)) for switch in drawn.switches)
        return drawn.findings.get(first) or drawn.findings.get(ONLY) or self.shown.section.topic

    @property
    def files(self) -> dict[str, str]:
        """Names of the files beside the page, and what a reader reads there."""
        name = slug(self.key)
        if not self.panels:
            return {f"{name}.metadata.json": "Description (JSON)"}
        files = {f"{name}.csv": "Figures (CSV)", f"{name}.metadata.json": "Description (JSON)"}
        for number in range(1, len(self.panels) + 1):
            for ending in PICTURES.get(self.folder, ("svg",)):
                which = f" {number}" if len(self.panels) > 1 else ""
                files[f"{name}{_numbered(number)}.{ending}"] = f"Picture{which} ({ending.upper()})"
        return files

    def links(self, root: str) -> list[Link]:
        """To the files, from a page whose way to the site's root is `root`."""
        return [Link(f"{root}{self.folder}/{name}", label) for name, label in self.files.items()]


def slug(key: str) -> str:
    """The key as a file is called: unchanged where it has letters, digits, points, - and _ alone and is not
    too long; `index` is the list of the folder.
    """
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", key).strip(".-")[:LONGEST]
    if plain == key and key.lower() not in ("", "index"):
        return key
    return f"{plain or 'x'}-{hashlib.sha256(key.encode()).hexdigest()[:8]}"


def files_of(page: Page, about: Publication, address: str | None) -> Iterator[tuple[str, bytes]]:
    """Each file beside the page, by its path from the site's root."""
    yield f"{page.path}.metadata.json", orjson.dumps(metadata(page, about, address))
    if page.panels:
        yield f"{page.path}.csv", figures.to_csv(page.panels).encode()
    for number, panel in enumerate(page.panels, 1):
        path = f"{page.path}{_numbered(number)}"
        said = (about.prefix + (panel.heading or page.finding), _below(page, about))
        yield f"{path}.svg", figures.svg(panel, *said).encode()
        if "png" in PICTURES.get(page.folder, ()):
            yield f"{path}.png", figures.png(panel, *said)


def metadata(page: Page, about: Publication, address: str | None) -> dict[str, Any]:
    """What the figures are: definition, unit, grain, source, terms, day, provenance, how to cite."""
    section, drawn = page.shown.section, page.shown.drawn
    root = f"{address}/" if address else "../"
    return {
        "title": about.prefix + page.finding,
        "topic": section.topic,
        "shows": section.shows,
        "unit": figures.unit(page.panels),
        "lead": drawn.lead,
        "notes": list(drawn.notes),
        "data_up_to": drawn.day or about.snapshot_date,
        "publication": {
            "snapshot_date": about.snapshot_date,
            "published_at": about.published_at,
            "provenance": about.provenance,
            "is_synthetic": about.is_synthetic,
            "versions": about.versions,
        },
        "source": section.source,
        "attributions": [
            {name: source[name] for name in ("name", "attribution", "licence", "terms")}
            for source in sources(page.shown.section, about)
        ],
        "files": {name: f"{address}/{page.folder}/{name}" if address else name for name in page.files},
        "csv": [column._asdict() for column in figures.columns(page.panels)],
        "tables": [
            {
                "name": table.table,
                "description": table.comment,
                "columns": f"{root}metrics.html#{table.table}",
            }
            for table in page.shown.definitions
        ],
        "cite": cite(page, about, address),
    }


def sources(section: Section, about: Publication) -> list[Row]:
    """Those of the publication's sources that the section names; all of them if it names none."""
    return [one for one in about.sources if one["name"] in section.source] or list(about.sources)


def cite(page: Page, about: Publication, address: str | None) -> str:
    """How a text names the figures: title, publication, source, address."""
    where = f" {address}/{page.path}.html" if address else ""
    warning = "Invented by the demo, not to be cited: " if about.is_synthetic else ""
    return (
        f"{warning}{NAME}, “{page.finding}”. Publication of {words.day(about.snapshot_date)}, made "
        f"{about.published_at:%Y-%m-%d %H:%M} UTC. Source: {page.shown.section.source}.{where}"
    ).replace(words.NBSP, " ")


def bibtex(page: Page, about: Publication, address: str | None) -> str:
    """The same for BibTeX."""
    day = about.snapshot_date
    note = f"Publication of {day}, made {about.published_at:%Y-%m-%d %H:%M} UTC"
    values = {
        "author": f"{{{NAME}}}",
        "title": f"{{{_tex(about.prefix + page.finding)}}}",
        "year": f"{day:%Y}",
        "month": str(day.month),
        "note": _tex(f"{note}. Source: {page.shown.section.source}"),
    } | ({"url": f"{address}/{page.path}.html"} if address else {})
    key = re.sub(r"\W", "-", f"modeltide-{page.path}-{day:%Y%m%d}")
    return f"@misc{{{key},\n" + "".join(f"  {name} = {{{text}}},\n" for name, text in values.items()) + "}"


def claim_review(
    page: Page, said: Mapping[str, Any], about: Publication, address: str | None
) -> dict[str, Any]:
    """The page of a claim for fact-check search (schema.org). A verdict is words: how far a figure is off by
    each definition is no number of stars. That of invented counts says so.
    """
    maker = {"@type": "Organization", "name": NAME} | ({"url": address} if address else {})
    on = said["published_date"] or said["window_end"]
    addresses = _ADDRESS.findall(said["source"])
    return {
        "@context": "https://schema.org",
        "@type": "ClaimReview",
        "url": f"{address}/{page.path}.html" if address else f"{slug(page.key)}.html",
        "datePublished": about.published_at.date().isoformat(),
        "author": maker,
        "claimReviewed": page.shown.drawn.lead.replace(words.NBSP, " "),
        "itemReviewed": {
            "@type": "Claim",
            "author": {"@type": "Organization", "name": said["publisher"]},
            "appearance": {"@type": "CreativeWork", "description": said["source"]}
            | ({"url": addresses[0]} if addresses else {}),
        }
        | ({} if on is None else {"datePublished": on.isoformat()}),
        "reviewRating": {
            "@type": "Rating",
            "alternateName": (about.prefix + page.finding).replace(words.NBSP, " "),
        },
    }


def values_of(page: Page, about: Publication, address: str | None, specs: Specs) -> dict[str, Any]:
    """What the template of a page reads."""
    # what a subject's columns mean is said once for all of its kind, in the data dictionary
    definitions = [Definition(one.table, one.comment, ()) for one in page.shown.definitions]
    of_all = page.folder in PICTURES
    shown = view(
        page.shown if of_all else replace(page.shown, definitions=definitions), about, page.links("../")
    )
    data = specs.apart(shown["data"], SHARED if of_all else SHARED[:1])
    return {
        "sources": sources(page.shown.section, about),
        "section": shown,
        "data": {shown["key"]: data},
        "specs": specs.names(data),
        "related": page.related,
        "cite": cite(page, about, address),
        "bibtex": bibtex(page, about, address),
        "json_ld": page.json_ld,
    }


def _numbered(number: int) -> str:
    return "" if number == 1 else f"-{number}"


def _below(page: Page, about: Publication) -> str:
    day = page.shown.drawn.day or about.snapshot_date
    return f"{page.shown.section.shows} {NAME}, data up to {words.day(day)}. {page.shown.section.source}."


def _tex(text: str) -> str:
    return "".join(_TEX.get(letter, letter) for letter in text)
