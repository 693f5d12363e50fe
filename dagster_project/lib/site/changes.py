"""What changed, in words.

Belongs here: reading fct_changes_daily, and a sentence for each change.
Does not belong here: what counts as a change (sql), and where sentences stand (feed, digest, changes_page).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import duckdb

from dagster_project.lib.report import words
from dagster_project.lib.report.days import UNCHECKED
from dagster_project.lib.report.page import SYNTHETIC
from dagster_project.lib.site.pages import slug
from dagster_project.lib.warehouse.connection import by_column

PAGE, FEED, DIGEST = "changes.html", "changes.atom", "digest.md"
# a kind of change with its name for readers, in the order in which readers meet them
KINDS = {
    "milestone": "Milestones",
    "climber": "Climbers",
    "claim": "Claims",
    "licence": "Licences",
    "gating": "Gating",
    "day": "Days judged anew",
}
_PAGES = {"family": "families", "publisher": "publishers", "claim": "claims"}
_GATING = {
    "false": "open to all",
    "auto": "gated, granted automatically",
    "manual": "gated, granted by hand",
}
_LETTERS = 80  # of a licence's name, which is others' free text
_ONE_DAY = timedelta(days=1)

Connection = duckdb.DuckDBPyConnection


@dataclass(frozen=True)
class Change:
    """A row of fct_changes_daily."""

    change_id: str
    change_date: date
    kind: str
    subject_kind: str
    subject: str
    name: str | None
    publisher: str | None
    definition: str | None
    value_before: str | None
    value_after: str
    last_date_before: date | None
    growth_30d: float | None
    size: float | None
    size_unit: str
    how_sure: str

    @property
    def called(self) -> str:
        """Its name, or its key where the listing gave none."""
        return self.name or self.subject

    @property
    def sentence(self) -> str:
        """What changed, as one sentence."""
        return _SENTENCES[self.kind](self)

    @property
    def concerns(self) -> str:
        """How much it concerns, with its unit."""
        return words.MISSING if self.size is None else f"{words.amount(self.size)} {self.size_unit}"

    @property
    def page(self) -> str | None:
        """The page of the site about what changed; of a model that of its account, of a day none."""
        if self.subject_kind in _PAGES:
            return f"{_PAGES[self.subject_kind]}/{slug(self.subject)}.html"
        return f"{_PAGES['publisher']}/{slug(self.publisher)}.html" if self.publisher else None


@dataclass(frozen=True)
class About:
    """What a feed or a page says of the publication."""

    published_at: datetime
    first_snapshot_date: date
    snapshot_date: date
    is_synthetic: bool

    @property
    def prefix(self) -> str:
        """Before a title, so that no invented figure reads as a real one."""
        return "Synthetic: " if self.is_synthetic else ""


def about(connection: Connection) -> About:
    """Of the published file that the connection reads."""
    ((published_at, first, newest, provenance),) = connection.execute(
        "select published_at, first_snapshot_date, snapshot_date, provenance from about"
    ).fetchall()
    return About(published_at, first, newest, provenance == SYNTHETIC)


def changes_between(connection: Connection, first: date, last: date) -> list[Change]:
    """Those of the days, the newest first; of a day the kinds in their order, of a kind the largest first."""
    columns = ", ".join(Change.__dataclass_fields__)
    rows = by_column(
        connection.execute(
            f"select {columns} from fct_changes_daily where change_date between $first and $last "
            "order by change_date desc, list_position($kinds, kind), size desc nulls last, change_id",
            {"first": first, "last": last, "kinds": list(KINDS)},
        )
    )
    return [Change(**row) for row in rows]


def _counted_by(name: str | None) -> str:
    return words.DEFINITIONS[name].name.lower() if name in words.DEFINITIONS else words.text(name)


def _when(change: Change) -> str:
    """On which day, or between which, a count was reached: the days before those of the snapshots."""
    after = change.last_date_before
    return words.between(after and after - _ONE_DAY, change.change_date - _ONE_DAY)


def _milestone(change: Change) -> str:
    return (
        f"{change.called} passed {words.amount(float(change.value_after))} downloads {_when(change)}, "
        f"counted by {_counted_by(change.definition)}."
    )


def _climber(change: Change) -> str:
    who, among = (
        (change.called, "families")
        if change.subject_kind == "family"
        else (f"The account {change.called}", "accounts")
    )
    return (
        f"{who} rose from place {change.value_before} to {change.value_after} among the fastest growing "
        f"{among}: {words.signed_percent(change.growth_30d)} in 30 days."
    )


def _claim(change: Change) -> str:
    return (
        f"The claim {change.subject} ({change.called}) went from “{change.value_before}” to "
        f"“{change.value_after}”, counted by {_counted_by(change.definition)}."
    )


def _licence(change: Change) -> str:
    before, after = (
        words.shortened(" ".join(words.text(value).split()), _LETTERS)
        for value in (change.value_before, change.value_after)
    )
    return f"{change.called} changed its licence from {before} to {after}."


def _gating(change: Change) -> str:
    before, after = (
        _GATING.get(str(value), str(value)) for value in (change.value_before, change.value_after)
    )
    return f"{change.called} is {after}; before it was {before}."


def _day(change: Change) -> str:
    before, after = (
        str(value).replace(UNCHECKED, "ok, but unchecked")
        for value in (change.value_before, change.value_after)
    )
    return (
        f"The snapshot of {words.day(date.fromisoformat(change.subject))} is judged “{after}”; "
        f"a publication before said “{before}”."
    )


_SENTENCES: Mapping[str, Callable[[Change], str]] = {
    "milestone": _milestone,
    "climber": _climber,
    "claim": _claim,
    "licence": _licence,
    "gating": _gating,
    "day": _day,
}
