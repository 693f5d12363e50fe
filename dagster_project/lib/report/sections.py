"""What a section of the report is made of.

Belongs here: the types that sections fill in and the page reads.
Does not belong here: any one section (adoption, openness, market, days) and HTML (page).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from dagster_project.lib.checkout import as_typed
from dagster_project.lib.report import words

Row = dict[str, Any]
Answers = Mapping[str, list[Row]]  # rows by the name of the query
ONLY = ""  # the key of a section without switches


@dataclass(frozen=True)
class Switch:
    """One choice of the reader: its options by value, the default first."""

    name: str
    label: str
    options: Mapping[str, str]

    @property
    def is_long(self) -> bool:
        """Too much for a row of buttons."""
        return len(self.options) > 5 or any(len(label) > 36 for label in self.options.values())


@dataclass(frozen=True)
class Panel:
    """One chart: a Vega-Lite specification, and what stands above it where a section has several."""

    spec: Mapping[str, Any]
    heading: str = ""
    note: str = ""


@dataclass(frozen=True)
class Column:
    """A column of a table: its name with unit, and how a value reads."""

    name: str
    label: str
    show: Callable[[Any], str] = words.text
    is_number: bool = False


@dataclass(frozen=True)
class Table:
    """Figures of a section, sortable."""

    columns: Sequence[Column]
    rows: Sequence[Row]


@dataclass(frozen=True)
class Drawn:
    """A section with its data: what it found, and how that looks.

    `findings` and `reasons` are keyed by the options switched on, joined by `|` in the order of the switches;
    a reason says why there is nothing to draw, and stands in the chart's place; a detail is said beside it.
    """

    findings: Mapping[str, str] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)
    details: Mapping[str, str] = field(default_factory=dict)
    lead: str = ""
    panels: Sequence[Panel] = ()
    switches: Sequence[Switch] = ()
    table: Table | None = None
    sentences: Sequence[str] = ()
    day: date | None = None
    notes: Sequence[str] = ()
    folded: Mapping[str, Sequence[str]] = field(default_factory=dict)  # lists to unfold, by their heading


@dataclass(frozen=True)
class Section:
    """A section before it has data: its queries are files of sql/report, its tables are what they read."""

    key: str
    topic: str
    shows: str  # what is drawn, with the unit
    source: str
    queries: Sequence[str]
    tables: Sequence[str]
    draw: Callable[[Answers], Drawn]


def nothing(reason: str) -> Drawn:
    """A section that has nothing to draw, and why."""
    return Drawn(reasons={ONLY: as_typed(reason)})


def newest(rows: Sequence[Row], name: str) -> date | None:
    """The newest day of the rows."""
    return max((row[name] for row in rows if row[name] is not None), default=None)
