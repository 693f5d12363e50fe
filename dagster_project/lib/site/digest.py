"""What changed in a week, in words.

Belongs here: which week, the largest changes of each kind, days that say nothing, and the week as Markdown.
Does not belong here: the sentence of a change (changes), and the page (changes_page).
"""

import re
from dataclasses import dataclass
from datetime import date, timedelta

import duckdb

from dagster_project.lib.report import words
from dagster_project.lib.site.changes import KINDS, About, Change, about, changes_between

MOST = 5  # of a kind; the table has the others
NOTHING = "Nothing that is followed here changed."
_MEANS_SOMETHING = re.compile(r"([\\`*_\[\]<>#|~])")  # in Markdown; names and licences are others' free text

Connection = duckdb.DuckDBPyConnection


@dataclass(frozen=True)
class Group:
    """Changes of a kind in sentences, the largest first, and how many more there are."""

    kind: str
    sentences: list[str]
    more: int

    @property
    def title(self) -> str:
        return KINDS[self.kind]


@dataclass(frozen=True)
class Digest:
    """An ISO week, up to the newest snapshot of it."""

    about: About
    first: date
    last: date  # of what is told: Sunday, or the newest snapshot day
    groups: list[Group]
    days: list[str]  # those of which no counts are used, in words

    @property
    def title(self) -> str:
        year, week, _ = self.first.isocalendar()
        so_far = "" if self.last == _sunday(self.first) else " so far"
        return (
            f"{self.about.prefix}week {week} of {year}{so_far}, "
            f"{words.day(self.first)} to {words.day(self.last)}"
        )


def weekly_digest(connection: Connection, week: date | None = None) -> Digest:
    """The week that has the day `week`; without it the last one that is over, or the first if none is."""
    of = about(connection)
    sunday = _sunday(week or max(of.snapshot_date - timedelta(days=6), of.first_snapshot_date))
    first, last = sunday - timedelta(days=6), min(sunday, of.snapshot_date)
    return Digest(
        of, first, last, _grouped(changes_between(connection, first, last)), _unused(connection, first, last)
    )


def digest_markdown(digest: Digest) -> str:
    """The week as a text of its own; what a name has of Markdown is shown as it is."""
    lines = [f"# What changed: {digest.title}", ""]
    for group in digest.groups:
        more = [f"- {told_more(group.more)}"] if group.more else []
        lines += [f"## {group.title}", "", *(f"- {_plain(one)}" for one in group.sentences), *more, ""]
    lines += [] if digest.groups else [NOTHING, ""]
    lines += [" ".join(digest.days), ""] if digest.days else []
    return "\n".join(lines)


def told_more(number: int) -> str:
    """That the table has more of them."""
    return f"{words.exact(number)} more {'is' if number == 1 else 'are'} in the table."


def _sunday(day: date) -> date:
    return day + timedelta(days=6 - day.weekday())


def _grouped(changes: list[Change]) -> list[Group]:
    groups = []
    for kind in KINDS:
        found = sorted(
            (change for change in changes if change.kind == kind),
            key=lambda change: (change.size is None, -(change.size or 0), change.change_id),
        )
        if found:
            told = [f"{change.sentence.removesuffix('.')} ({change.how_sure})." for change in found[:MOST]]
            groups.append(Group(kind, told, len(found) - len(told)))
    return groups


def _unused(connection: Connection, first: date, last: date) -> list[str]:
    """Days without a snapshot, and those whose counters are not used."""
    rows = connection.execute(
        "select snapshot_date, accepted, status from fct_snapshot_days "
        "where snapshot_date between $first and $last and not usable order by snapshot_date",
        {"first": first, "last": last},
    ).fetchall()
    absent = [words.day(day) for day, accepted, _ in rows if not accepted]
    unused = [f"{words.day(day)} ({status})" for day, accepted, status in rows if accepted]
    return [
        *(
            [f"There is no snapshot of {words.listed(absent)}: what changed then is seen later."]
            if absent
            else []
        ),
        *([f"The counters of {words.listed(unused)} are not used."] if unused else []),
    ]


def _plain(text: str) -> str:
    return _MEANS_SOMETHING.sub(r"\\\1", " ".join(text.split()))
