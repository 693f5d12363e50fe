"""One page of text that checks a published claim against the published file.

Belongs here: the questions (sql/claim/*.sql), and their answers in words and tables.
Does not belong here: fetching what the answers rest on (dagster_project/claim.py), and the metrics (sql/).
"""

import io
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
from rich import box
from rich.console import Console
from rich.table import Table

from dagster_project.lib.archive.unobserved_days import short_provenance
from dagster_project.lib.checkout import SQL
from dagster_project.lib.errors import ModelTideError
from dagster_project.lib.report import words
from dagster_project.lib.report.words import DEFINITIONS
from dagster_project.lib.warehouse.connection import by_column, reading

QUERIES = SQL / "claim"
WIDTH = 100
ALL_TIME_SINCE = date(2025, 2, 27)  # the archive has no cumulative counter before
MODELS = {
    "market": "market",
    "market_sector": "market and sector",
    "market_peers": "market and peers",
}

Row = dict[str, Any]


class ClaimError(ModelTideError):
    """The claim cannot be read or checked; the message says what is allowed."""


@dataclass(frozen=True)
class Claim:
    """A story: the family that passed a number of downloads, the company whose share is said to have moved,
    the day (UTC) on which it was told.
    """

    family: str
    company: str
    day: date

    @classmethod
    def parse(cls, text: str) -> "Claim":
        """From "family company date"; a company may have spaces. Raises ClaimError."""
        words = text.split()
        try:
            family, company, day = words[0], " ".join(words[1:-1]), date.fromisoformat(words[-1])
        except (IndexError, ValueError):
            company = ""
        if not company:
            raise ClaimError(
                f'CLAIM is {text!r}; allowed: "family company date" such as "qwen Alibaba 2026-01-13".'
            )
        return cls(family, company, day)

    @property
    def event_id(self) -> str:
        """The event that stands for the claim where nobody has entered its headline."""
        return f"claim-{self.family}-{self.day}"


FOUNDING = Claim("qwen", "Alibaba", date(2026, 1, 13))


def claimed_milestone(connection: duckdb.DuckDBPyConnection, claim: Claim) -> int | None:
    """The number of downloads that the story is about: of the published claim nearest to the day, else the
    greatest milestone that any definition has passed by then; None if there is neither.
    """
    found = connection.execute(
        """
        select coalesce(
            (select arg_min(value, abs(coalesce(published_date, window_end) - $day))
            from published_claims
            where family = $family and metric = 'downloads' and measure = 'cumulative'
                and abs(coalesce(published_date, window_end) - $day) <= 31),
            (select max(milestone) from fct_family_milestones
            where family = $family and coalesce(reached_after, reached_by) <= $day)
        )
        """,
        {"family": claim.family, "day": claim.day},
    ).fetchall()[0][0]
    return None if found is None else int(found)


def write_page(published: Path, claim: Claim) -> str:
    """The page for the file at `published`. Grain: one claim; figures of the file, nothing else."""
    with reading(published) as connection:
        milestone = claimed_milestone(connection, claim)
        values = {
            "family": claim.family,
            "company": claim.company,
            "day": claim.day,
            "milestone": milestone,
            "last_day": claim.day + timedelta(days=31),
        }
        asked = {path.stem: _rows(connection, path, values) for path in QUERIES.glob("*.sql")}
        about = by_column(connection.execute("from about"))[0]
    page = _Page(claim, milestone, about)
    page.heading()
    page.downloads(asked["downloads"])
    page.claims(asked["claims"])
    page.days(asked["days"])
    page.market(asked["market"], asked["returns"])
    page.confounders(asked["confounders"])
    page.in_short(asked["downloads"], asked["market"])
    return page.text()


class _Page:
    """The page as it grows, section by section."""

    def __init__(self, claim: Claim, milestone: int | None, about: Row) -> None:
        self.claim, self.milestone, self.about = claim, milestone, about
        self.is_synthetic = about["provenance"] == "synthetic"
        self._file = io.StringIO()
        self._console = Console(file=self._file, width=WIDTH, highlight=False, markup=False, emoji=False)

    def text(self) -> str:
        return "\n".join(line.rstrip() for line in self._file.getvalue().splitlines()) + "\n"

    def heading(self) -> None:
        passed = f"{self.claim.family} passed {words.amount(self.milestone)} downloads"
        said = passed if self.milestone else f"the growth of {self.claim.family}"
        self._say(f"THE CLAIM, CHECKED: {self.claim.company}, {self.claim.family}, {self.claim.day}")
        self._say(f"What was told: {said}, and the share moved.")
        if self.is_synthetic:
            self._say(
                "SYNTHETIC: every count, price and return below is invented; claims and news are real. "
                "It shows the method, not a finding."
            )
        self._say(
            f"Made {self.about['published_at']:%Y-%m-%d %H:%M} UTC from {self.about['provenance']} data, "
            f"scope {self.about['scope_id']}."
        )

    def downloads(self, rows: list[Row]) -> None:
        self._title("1. How many downloads, and by which definition?")
        if not rows:
            self._say(f"No count of {self.claim.family} is in the days that were fetched.")
            return
        table = self._table("definition", "counts", "on", "downloads", "passed it after", "and by")
        for row in rows:
            table.add_row(
                row["definition"],
                DEFINITIONS[row["definition"]].counts,
                _day(row["counted_date"]),
                words.exact(row["counted"]),
                _day(row["reached_after"]) or ("before our days" if row["reached_by"] else "not passed"),
                _day(row["reached_by"]),
            )
        self._console.print(table)
        apart = [row["counted"] for row in rows if row["counted"] is not None]
        if len(apart) > 1:
            self._say(
                f"The definitions lie {words.exact(max(apart) - min(apart))} apart: the largest is "
                f"{max(apart) / max(min(apart), 1):.2f} times the smallest. "
                "A download is a request of a query file, not a user."
            )
        if any(row["is_by_scope_change"] for row in rows):
            self._say(
                "Where models entered the listing at the crossing, requests alone had not passed it yet."
            )

    def claims(self, rows: list[Row]) -> None:
        self._title("2. What others published, and our figure for the same day or window")
        if not rows:
            self._say(f"No published claim about {self.claim.family} is in the seed published_claims.")
            return
        table = self._table("publisher", "said on", "measure", "claimed", *DEFINITIONS)
        for said in _unique(rows, ("publisher", "said_date", "measure", "metric", "value", "is_lower_bound")):
            ours = {row["definition"]: row for row in rows if all(row[k] == v for k, v in said.items())}
            table.add_row(
                said["publisher"],
                _day(said["said_date"]),
                f"{said['metric']}, {said['measure']}",
                (">= " if said["is_lower_bound"] else "") + words.short_amount(said["value"]),
                *(_compared(ours.get(definition), said["measure"]) for definition in DEFINITIONS),
            )
        self._console.print(table)
        self._say(
            "Models and derivatives are those of the scope above: what lies below the top is not counted "
            "(HUB_SCOPE=census counts all). A dash: the days fetched do not reach that day or window."
        )

    def days(self, rows: list[Row]) -> None:
        self._title("3. What these figures rest on, and what they cannot say")
        for row in rows:
            unusable = "" if row["usable"] else f", not used: {row['reason'] or row['status']}"
            origin = short_provenance(row["provenance"])
            self._say(
                f"  {row['snapshot_date']}  {origin}, {row['rows'] or 0:,} models, {row['status']}{unusable}"
            )
        self._say(
            "- Between these days nobody kept the counters: a crossing is known to its interval, no closer."
        )
        self._say("- The archive never held gating: how open access was on those days is not known.")
        self._say(
            f"- It has no cumulative counter before {ALL_TIME_SINCE}, and lineage only from tags before July "
            "2025; what no publisher declares has no family."
        )
        self._say(
            "- Copies on other hubs (ModelScope), mirrors and local caches are not counted anywhere here."
        )

    def market(self, rows: list[Row], returns: list[Row]) -> None:
        self._title("4. Did the market notice?")
        if not rows:
            self._say(f"No event of {self.claim.company} within a week of {self.claim.day} is known.")
            return
        for event in _unique(rows, ("event_id", "event_date", "kind", "claim", "untestable_reason")):
            self._say(f"{event['event_date']}  {event['kind']}: {event['claim']}")
            if event["untestable_reason"]:
                self._say(f"  not testable: {event['untestable_reason']}")
                continue
            table = self._table(
                "share", "explained by", "sessions", "abnormal", "SCAR", "placebo p", "verdict"
            )
            for row in rows:
                if row["event_id"] == event["event_id"] and row["ticker"]:
                    table.add_row(
                        row["ticker"] + ("*" if row["is_primary"] else ""),
                        MODELS[row["model"]],
                        _span(row["first_session_date"], row["last_session_date"]),
                        _percent(row["car_pct"]),
                        words.number(row["scar"], 2),
                        _placebo(row),
                        row["verdict"],
                    )
            self._console.print(table)
        self._say(
            "* the row that decides; the others show how robust it is. Abnormal: the return beyond what the "
            "factors explain. SCAR: in standard errors. Placebo p: how often earlier windows moved as much."
        )
        for symbol in _unique(returns, ("symbol",)):
            own = [row for row in returns if row["symbol"] == symbol["symbol"]]
            moves = [
                f"{row['session_date']:%d %b} {words.number(row['return_pct'], 2, signed=True)}"
                for row in own
            ]
            self._say(
                f"Plain returns of {symbol['symbol']} in %, {own[0]['session_date']} to "
                f"{own[-1]['session_date']}: " + ", ".join(moves)
            )

    def confounders(self, rows: list[Row]) -> None:
        self._title("5. What else happened that week")
        if not rows:
            self._say(
                "Nothing is in the seed confounders for these days; that does not mean nothing happened."
            )
        for row in rows:
            doubt = "" if row["verified"] else " (reported, not verified)"
            self._say(f"  {row['confounder_date']}  {row['what']}{doubt}")

    def in_short(self, counts: list[Row], market: list[Row]) -> None:
        self._title("In short")
        for sentence in (*_about_downloads(counts, self.milestone, self.claim), *_about_market(market)):
            self._say(f"- {sentence}")
        if self.is_synthetic:
            self._say("- All of it is SYNTHETIC: `make claim` checks the real story, with a network.")

    def _title(self, text: str) -> None:
        self._console.print(f"\n{text}\n{'-' * len(text)}")

    def _say(self, text: str) -> None:
        self._console.print(text, soft_wrap=False)

    def _table(self, *columns: str) -> Table:
        table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
        for column in columns:
            is_figure = column in ("downloads", "claimed", "abnormal", "SCAR", "placebo p", *DEFINITIONS)
            # a heading of figures is never cut; texts beside them wrap
            table.add_column(
                column,
                justify="right" if is_figure else "left",
                min_width=len(column) if is_figure else None,
            )
        return table


def _about_downloads(rows: list[Row], milestone: int | None, claim: Claim) -> Iterable[str]:
    if milestone is None or not rows:
        yield f"How many downloads {claim.family} had on {claim.day} cannot be said from these days."
        return
    passed = [r["definition"] for r in rows if r["counted"] is not None and r["counted"] >= milestone]
    open_ = [
        r["definition"]
        for r in rows
        if r["definition"] not in passed and (r["next_count"] or 0) >= milestone and r["counted"] is not None
    ]
    missed = [r["definition"] for r in rows if r["definition"] not in passed + open_]
    what = f"{words.amount(milestone)} downloads of {claim.family} by {claim.day}"
    if passed:
        yield f"{what}: true by {words.listed(passed)}."
    if open_:
        around = words.listed(open_)
        yield f"{what}: passed around that day by {around}; these days cannot tell which came first."
    if missed:
        yield f"{what}: not true by {words.listed(missed)}."


def _about_market(rows: list[Row]) -> Iterable[str]:
    deciding = [row for row in rows if row["is_primary"]]
    for row in deciding:
        moved = f", {_percent(row['car_pct'])}" if row["car_pct"] is not None else ""
        yield (
            f"The share around the {row['kind']} of {row['event_date']} ({row['ticker']}{moved}): "
            f"{row['verdict']}. {row['verdict_reason']}"
        )
    if not deciding:
        yield "What the share did cannot be tested: see section 4."


def _rows(connection: duckdb.DuckDBPyConnection, path: Path, values: dict[str, Any]) -> list[Row]:
    text = path.read_text(encoding="utf-8")
    used = {name: value for name, value in values.items() if f"${name}" in text}
    return by_column(connection.execute(text, used))


def _unique(rows: list[Row], keys: tuple[str, ...]) -> list[Row]:
    found = dict.fromkeys(tuple(row[key] for key in keys) for row in rows)
    return [dict(zip(keys, values, strict=True)) for values in found]


def _compared(ours: Row | None, measure: str) -> str:
    if ours is None or ours["ours"] is None:
        return words.MISSING
    # a window that our days do not cover would be another figure than the claimed one
    is_far = ours["window_end"] - ours["to_date"] > timedelta(days=8)
    if measure == "window":
        is_far = is_far or ours["window_start"] - ours["from_date"] > timedelta(days=8)
    return words.MISSING if is_far else words.short_amount(ours["ours"])


def _placebo(row: Row) -> str:
    return "" if row["placebo_p"] is None else f"{row['placebo_p']:.3f} of {row['placebo_n']}"


def _percent(number: float | None) -> str:
    return words.MISSING if number is None else words.number(number, 2, signed=True) + f"{words.NBSP}%"


def _day(day: date | None) -> str:
    return "" if day is None else day.isoformat()


def _span(first: date | None, last: date | None) -> str:
    return "" if first is None or last is None else f"{first:%d %b} to {last:%d %b}"
