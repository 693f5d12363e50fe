"""One page of text that checks a newspaper's story, downloads and share, against the published file.

Belongs here: the answers to sql/claim/*.sql in words and tables, the short answer first.
Does not belong here: a published claim without a share (known), fetching what the answers rest on
(dagster_project/claim.py), and the metrics (sql/).
"""

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import duckdb

from dagster_project.lib.archive.unobserved_days import short_provenance
from dagster_project.lib.claim.paper import Paper
from dagster_project.lib.claim.queries import about, asked
from dagster_project.lib.claim.verdicts import Row, statement, told
from dagster_project.lib.errors import ModelTideError
from dagster_project.lib.report import words
from dagster_project.lib.report.words import DEFINITIONS
from dagster_project.lib.warehouse.connection import reading

ALL_TIME_SINCE = date(2025, 2, 27)  # the archive has no cumulative counter before
MODELS = {
    "market": "market",
    "market_sector": "market+sector",
    "market_peers": "market+peers",
}


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


def nearest_claim(connection: duckdb.DuckDBPyConnection, claim: Claim) -> str | None:
    """The published claim about the family's downloads that was made nearest to the day; None if none was
    made within a month of it.
    """
    found = connection.execute(
        """
        select arg_min(claim, (abs(coalesce(published_date, window_end) - $day), claim))
        from published_claims
        where family = $family and metric = 'downloads' and measure = 'cumulative' and value is not null
            and abs(coalesce(published_date, window_end) - $day) <= 31
        """,
        {"family": claim.family, "day": claim.day},
    ).fetchall()[0][0]
    return None if found is None else str(found)


def claimed_milestone(connection: duckdb.DuckDBPyConnection, claim: Claim) -> int | None:
    """The number of downloads that the story is about: of the published claim nearest to the day, else the
    greatest milestone that any definition has passed by then; None if there is neither.
    """
    found = connection.execute(
        """
        select coalesce(
            (select value from published_claims where claim = $claim),
            (select max(milestone) from fct_family_milestones
            where family = $family and coalesce(reached_after, reached_by) <= $day)
        )
        """,
        {"claim": nearest_claim(connection, claim), "family": claim.family, "day": claim.day},
    ).fetchall()[0][0]
    return None if found is None else int(found)


def write_page(published: Path, claim: Claim) -> str:
    """The page for the file at `published`. Grain: one story; figures of the file, nothing else."""
    with reading(published) as connection:
        milestone = claimed_milestone(connection, claim)
        values = {
            "claim": nearest_claim(connection, claim),
            "family": claim.family,
            "company": claim.company,
            "day": claim.day,
            "milestone": milestone,
            "last_day": claim.day + timedelta(days=31),
        }
        answers = {name: asked(connection, name, values) for name in _ASKED}
        page = _Page(claim, milestone, about(connection))
    page.heading()
    page.answer(answers["verdicts"], answers["story"], answers["days"])
    page.downloads(answers["downloads"])
    page.claims(answers["claims"])
    page.days(answers["days"])
    page.market(answers["market"], answers["returns"], answers["story"])
    page.confounders(answers["confounders"])
    return page.text()


_ASKED = ("verdicts", "story", "downloads", "claims", "days", "market", "returns", "confounders")


class _Page(Paper):
    """The page, section by section; each figure says whether it is real."""

    def __init__(self, claim: Claim, milestone: int | None, source: Row) -> None:
        super().__init__()
        self.claim, self.milestone, self.source = claim, milestone, source
        self.data = "synthetic" if source["provenance"] == "synthetic" else "real"

    def heading(self) -> None:
        passed = f"{self.claim.family} passed {words.amount(self.milestone)} downloads"
        said = passed if self.milestone else f"the growth of {self.claim.family}"
        self.say(f"THE CLAIM, CHECKED: {self.claim.company}, {self.claim.family}, {self.claim.day}")
        self.say(f"What was told: {said}, and the share moved.")

    def answer(self, verdicts: list[Row], stories: list[Row], days: list[Row]) -> None:
        """Three sentences: the downloads, the share, and what both rest on."""
        self.title("Answer")
        if verdicts:
            self.say(
                f"1. {words.amount(self.milestone)} downloads of {self.claim.family} by {self.claim.day}: "
                f"{told(verdicts)}."
            )
        else:
            self.say(
                f"1. No published claim about the downloads of {self.claim.family} near {self.claim.day} is "
                "known, so there is no figure to hold ours against: see section 1."
            )
        story = next(iter(stories), None)
        self.say(
            f"2. {story['answer']}" if story else "2. What the share did cannot be tested: see section 4."
        )
        self.say(f"3. {self._rests_on(days, verdicts)}")

    def _rests_on(self, days: list[Row], verdicts: list[Row]) -> str:
        used = [row for row in days if row["usable"]]
        invented = (
            "SYNTHETIC, invented: they show the method, not a finding" if self.data == "synthetic" else "real"
        )
        if not used:
            return "No usable day of counts was fetched."
        unsaid = f", and the claim leaves unsaid: {verdicts[0]['unsaid'].rstrip('.')}" if verdicts else ""
        return (
            f"Counts and prices are {invented}; of counts there are {len(used)} days from "
            f"{used[0]['snapshot_date']} to "
            f"{used[-1]['snapshot_date']} (made {self.source['published_at']:%Y-%m-%d %H:%M} UTC, scope "
            f"{self.source['scope_id']}){unsaid}."
        )

    def downloads(self, rows: list[Row]) -> None:
        self.title("1. How many downloads, and by which definition?")
        if not rows:
            self.say(f"No count of {self.claim.family} is in the days that were fetched.")
            return
        self.table(
            ("data", "definition", "counts", "on", "downloads", "passed it after", "and by"),
            [
                (
                    self.data,
                    row["definition"],
                    DEFINITIONS[row["definition"]].counts,
                    _day(row["counted_date"]),
                    words.exact(row["counted"]),
                    _day(row["reached_after"]) or ("before our days" if row["reached_by"] else "not passed"),
                    _day(row["reached_by"]),
                )
                for row in rows
            ],
        )  # fmt: skip
        apart = [row["counted"] for row in rows if row["counted"] is not None]
        if len(apart) > 1:
            self.say(
                f"The definitions lie {words.exact(max(apart) - min(apart))} apart: the largest is "
                f"{max(apart) / max(min(apart), 1):.2f} times the smallest. "
                "A download is a request of a query file, not a user."
            )
        if any(row["is_by_scope_change"] for row in rows):
            self.say(
                "Where models entered the listing at the crossing, requests alone had not passed it yet."
            )

    def claims(self, rows: list[Row]) -> None:
        self.title("2. What others published near that day, and what our counts say of it")
        if not rows:
            self.say(f"No published claim about {self.claim.family} near that day is known.")
        said: dict[str, list[Row]] = {}
        for row in rows:
            said.setdefault(row["claim"], []).append(row)
        for checked in said.values():
            claim = checked[0]
            on = _day(claim["published_date"] or claim["window_end"])
            self.say(f"  real  {on}  {claim['publisher']}: {statement(claim)}")
            self.say(f"    {self.data}  {told([row | {'definition': row['counted_by']} for row in checked])}")
        self.say("`make claim CLAIM=list` shows every claim, `CLAIM=<id>` what one contradicts.")

    def days(self, rows: list[Row]) -> None:
        self.title("3. What these figures rest on, and what they cannot say")
        for row in rows:
            unusable = "" if row["usable"] else f", not used: {row['reason'] or row['status']}"
            origin = short_provenance(row["provenance"])
            self.say(
                f"  {self.data}  {row['snapshot_date']}  {origin}, {row['rows'] or 0:,} models, "
                f"{row['status']}{unusable}"
            )
        self.say(
            "- Between these days nobody kept the counters: a crossing is known to its interval, no closer."
        )
        self.say("- The archive never held gating: how open access was on those days is not known.")
        self.say(
            f"- It has no cumulative counter before {ALL_TIME_SINCE}, and lineage only from tags before July "
            "2025; what no publisher declares has no family."
        )
        self.say(
            "- Copies on other hubs (ModelScope), mirrors and local caches are not counted anywhere here."
        )

    def market(self, rows: list[Row], returns: list[Row], stories: list[Row]) -> None:
        self.title("4. Did the market notice?")
        if not rows:
            self.say(f"No event of {self.claim.company} within a week of {self.claim.day} is known.")
            return
        for event in _unique(rows, ("event_id", "event_date", "kind", "claim", "untestable_reason")):
            self.say(f"real  {event['event_date']}  {event['kind']}: {event['claim']}")
            if event["untestable_reason"]:
                self.say(f"  not testable: {event['untestable_reason']}")
                continue
            self.table(
                ("data", "share", "explained by", "sessions", "abnormal", "SCAR", "placebo p", "alone"),
                [
                    (
                        self.data,
                        row["ticker"] + ("*" if row["is_primary"] else ""),
                        MODELS[row["model"]],
                        _span(row["first_session_date"], row["last_session_date"]),
                        _percent(row["car_pct"]),
                        words.number(row["scar"], 2),
                        _placebo(row),
                        row["verdict"],
                    )
                    for row in rows
                    if row["event_id"] == event["event_id"] and row["ticker"]
                ],
            )  # fmt: skip
        self.say(
            "* the row that decides; the others show how robust it is. Abnormal: the return beyond what the "
            "factors explain. SCAR: in standard errors. Placebo p: how often earlier windows moved as much. "
            "Alone: as if this were the only test of the story."
        )
        for story in stories:
            self.say(
                f"The story {story['story']} ({story['tests']} tests of {story['ticker']}): {story['answer']}"
            )
        if stories:
            self.say(
                f"Of {stories[0]['stories_tested']} stories tested "
                f"{stories[0]['stories_distinguishable']} are distinguishable; chance alone would give "
                f"{words.number(stories[0]['chance_expected'], 1)}."
            )
        for symbol in _unique(returns, ("symbol",)):
            own = [row for row in returns if row["symbol"] == symbol["symbol"]]
            moves = [
                f"{row['session_date']:%d %b} {words.number(row['return_pct'], 2, signed=True)}"
                for row in own
            ]
            self.say(
                f"{self.data}  plain returns of {symbol['symbol']} in %, {own[0]['session_date']} to "
                f"{own[-1]['session_date']}: " + ", ".join(moves)
            )

    def confounders(self, rows: list[Row]) -> None:
        self.title("5. What else happened that week")
        if not rows:
            self.say(
                "Nothing is in the seed confounders for these days; that does not mean nothing happened."
            )
        for row in rows:
            doubt = "" if row["verified"] else " (reported, not verified)"
            self.say(f"  real  {row['confounder_date']}  {row['what']}{doubt}")


def _unique(rows: list[Row], keys: tuple[str, ...]) -> list[Row]:
    found = dict.fromkeys(tuple(row[key] for key in keys) for row in rows)
    return [dict(zip(keys, values, strict=True)) for values in found]


def _placebo(row: Row) -> str:
    return "" if row["placebo_p"] is None else f"{row['placebo_p']:.3f} of {row['placebo_n']}"


def _percent(number: float | None) -> str:
    return words.MISSING if number is None else words.number(number, 2, signed=True) + f"{words.NBSP}%"


def _day(day: date | None) -> str:
    return "" if day is None else day.isoformat()


def _span(first: date | None, last: date | None) -> str:
    return "" if first is None or last is None else f"{first:%d %b} to {last:%d %b}"
