"""Days: which can be trusted, and what changed on the newest.

Belongs here: the calendar of data quality and the newest day in words.
Does not belong here: how a day is judged (sql/), families, openness, markets.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta

import altair as alt

from dagster_project.lib.report import marks, words
from dagster_project.lib.report.claim import DEFINITIONS, HUB, NO_DAYS
from dagster_project.lib.report.sections import (
    ONLY,
    Answers,
    Column,
    Drawn,
    Panel,
    Row,
    Section,
    Table,
    nothing,
)

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
# kinds of days as the calendar tells them apart, by colour and by a letter
KINDS = {
    "trusted": ("Trusted", "var(--day-good)", ""),
    "caught up": ("Trusted, catches up on the days before", "var(--day-caught)", "+"),
    "not usable": ("Not usable, spread over its neighbours", "var(--day-bad)", "×"),
    "missing": ("Not captured", "var(--day-none)", "–"),
}
UNCHECKED = "ok_unchecked"
_STATUS_WORDS = {"rollback": "rolled back", "no_counter": "without counters"}
CALENDAR_WEEKS, CALENDAR_LEAST_WEEKS = 53, 13


def quality(answers: Answers) -> Drawn:
    """A calendar with one cell a day."""
    rows = answers["day_quality"]
    if not rows:
        return nothing(NO_DAYS)
    captured = [row for row in rows if row["status"] != "missing"]
    bad = [row for row in captured if not row["usable"]]
    kinds = Counter(_STATUS_WORDS.get(row["status"], row["status"]) for row in bad)
    told = words.listed([f"{count} {kind}" for kind, count in kinds.items()])
    finding = (
        f"{len(bad)} of {len(captured)} captured days cannot be trusted ({told}), the last of them "
        f"{words.day(bad[-1]['snapshot_date'])}"
        if bad
        else f"All {len(captured)} captured days can be trusted"
    )
    absent = len(rows) - len(captured)
    if absent:
        finding += f"; {absent} {'day was' if absent == 1 else 'days were'} not captured"
    provisional = sum(bool(row["is_provisional"]) for row in rows)
    unchecked = sum(row["status"] == UNCHECKED for row in rows)
    return Drawn(
        findings={ONLY: finding},
        lead=f"Downloads of a day that cannot be trusted are spread evenly up to the next usable one. The "
        f"last {provisional} days are provisional: later days can still change the judgement."
        + (
            f" {unchecked} days are taken as they are: too few others near them to judge them."
            if unchecked
            else ""
        )
        + (f" The calendar shows the last {CALENDAR_WEEKS} weeks." if len(rows) > len(_shown(rows)) else ""),
        panels=[Panel(_calendar(rows))],
        table=Table(
            (
                Column("snapshot_date", "Snapshot", words.day),
                Column("status", "Status"),
                Column("usable", "Usable", lambda usable: "yes" if usable else "no"),
                Column("is_provisional", "Provisional", lambda p: "yes" if p else "no"),
                Column("models", "Models", words.exact, True),
                Column("ratio", "Of a normal day", words.percent, True),
                Column("provenance", "Provenance", lambda value: str(value or words.MISSING)),
                Column("reason", "Why", lambda value: str(value or "")),
            ),
            rows[::-1],
        ),
        day=rows[-1]["snapshot_date"],
    )


def _kind(row: Row) -> str:
    if row["status"] == "missing":
        return "missing"
    if not row["usable"]:
        return "not usable"
    return "caught up" if row["status"] == "high" else "trusted"


def _calendar(rows: Sequence[Row]) -> Row:
    cells = [
        {
            "week": _monday(row["snapshot_date"]).isoformat(),
            "weekday": WEEKDAYS[row["snapshot_date"].weekday()],
            "kind": KINDS[_kind(row)][0],
            "letter": KINDS[_kind(row)][2],
            "ink": marks.MUTED if _kind(row) == "missing" else marks.PAPER,
            "tip": f"{words.day(row['snapshot_date'])}: {row['status']}"
            + (f", {row['reason']}" if row["reason"] else ""),
        }
        for row in _shown(rows)
    ]
    weeks = sorted({cell["week"] for cell in cells})
    # few weeks would make cells as wide as the page
    padded = weeks + [
        (date.fromisoformat(weeks[-1]) + timedelta(weeks=number)).isoformat()
        for number in range(1, max(CALENDAR_LEAST_WEEKS - len(weeks) + 1, 1))
    ]
    x = alt.X(
        "week:O",
        scale=alt.Scale(domain=padded, paddingInner=0.08),
        axis=alt.Axis(
            title="Week from Monday",
            labelExpr="utcFormat(toDate(datum.value), '%-d %b %Y')",
            values=weeks[:: max(len(weeks) // 5, 1)],
            labelAngle=0,
            labelOverlap=True,
            domain=False,
            ticks=False,
            titleAlign="left",
            titleAnchor="start",
        ),
    )
    y = alt.Y(
        "weekday:O",
        scale=alt.Scale(domain=WEEKDAYS, paddingInner=0.08),
        axis=alt.Axis(title=None, domain=False, ticks=False),
    )
    base = alt.Chart(marks.values(cells), height=7 * 26).encode(
        x=x, y=y, tooltip=alt.Tooltip("tip:N", title=None)
    )
    present = {name: colour for name, colour, _ in KINDS.values() if any(c["kind"] == name for c in cells)}
    colour = alt.Color(
        "kind:N",
        scale=alt.Scale(domain=list(present), range=list(present.values())),
        legend=alt.Legend(title=None, orient="bottom", direction="vertical", symbolType="square"),
    )
    return marks.finished(
        alt.layer(
            base.mark_rect(cornerRadius=2).encode(color=colour),
            base.mark_text(fontWeight="bold").encode(text="letter:N", color=alt.Color("ink:N", scale=None)),
        ),
    )


def _shown(rows: Sequence[Row]) -> list[Row]:
    first = _monday(rows[-1]["snapshot_date"]) - timedelta(weeks=CALENDAR_WEEKS - 1)
    return [row for row in rows if row["snapshot_date"] >= first]


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def changes(answers: Answers) -> Drawn:
    """The newest day against the day before, in sentences."""
    rows = answers["changes"]
    if not any(row["now"] is not None for row in rows):
        return nothing(NO_DAYS)
    sentences = [text for row in rows if (text := _SENTENCES[row["what"]](row))]
    climbers = [
        f"{row['subject']} from rank {words.exact(row['was'])} to {words.exact(row['now'])}"
        for row in rows
        if row["what"] == "rank"
    ]
    if climbers:
        sentences.append(
            f"Climbed most into or within the first 100 by downloads in 30 days: {words.listed(climbers)}."
        )
    downloads = next(row for row in rows if row["what"] == "downloads")
    return Drawn(
        findings={ONLY: _headline(downloads, rows)},
        sentences=sentences,
        table=Table(
            (
                Column("what", "What", lambda what: _WHAT.get(what, what)),
                Column("subject", "Of", lambda value: str(value or "")),
                Column("was", "Was", words.exact, True),
                Column("now", "Is", words.exact, True),
                Column("detail", "Detail", lambda value: str(value or "")),
            ),
            rows,
        ),
        day=rows[0]["activity_date"],
    )


def _headline(downloads: Row, rows: Sequence[Row]) -> str:
    crossed = [row for row in rows if row["what"] == "milestone"]
    text = f"{words.amount(downloads['now'])} downloads on {words.day(downloads['activity_date'])}"
    if downloads["was"]:
        change = downloads["now"] / downloads["was"] - 1
        text += f", {words.signed_percent(change)} against {words.day(downloads['previous_date'])}"
    if crossed:
        text += "; " + words.listed(
            [f"{row['subject']} passed {words.amount(row['now'])}" for row in crossed]
        )
    return text


def _more_or_fewer(row: Row) -> str:
    if row["was"] is None:
        return f"{words.exact(row['now'])} models are listed."
    difference = row["now"] - row["was"]
    more = "more" if difference >= 0 else "fewer"
    return f"{words.exact(row['now'])} models are listed, {words.exact(abs(difference))} {more} than before."


def _definitions(row: Row) -> str:
    return words.listed([DEFINITIONS.get(name, name).lower() for name in str(row["detail"]).split(", ")])


def _changed(what: str) -> Callable[[Row], str]:
    return lambda row: (
        f"{what} changed for {words.exact(row['now'])} {'model' if row['now'] == 1 else 'models'}; "
        f"the most downloaded of them is {row['subject']} ({row['detail']})."
    )


_WHAT = {  # each row of the table has a unit of its own
    "downloads": "Downloads of the day",
    "models listed": "Models listed",
    "new models": "Models created that day",
    "milestone": "Downloads, all time",
    "rank": "Rank by downloads in 30 days",
    "licence": "Models whose licence changed",
    "gating": "Models whose gating changed",
    "day": "Judgement of the snapshot",
}
_SENTENCES: Mapping[str, Callable[[Row], str]] = {
    "downloads": lambda row: "",  # the headline says it
    "models listed": _more_or_fewer,
    "new models": lambda row: f"{words.exact(row['now'])} of them were created that day.",
    "milestone": lambda row: (
        f"{row['subject']} passed {words.amount(row['now'])}, counted by {_definitions(row)}."
    ),
    "rank": lambda row: "",  # one sentence for all of them
    "licence": _changed("The licence"),
    "gating": _changed("The gating"),
    "day": lambda row: (
        f"The snapshot of {words.day(date.fromisoformat(row['subject']))} is judged "
        f"{row['detail'].replace(UNCHECKED, 'ok, but unchecked')}."
    ),
}

SECTIONS = (
    Section(
        "changes",
        "What changed since yesterday",
        "The newest day against the last known day before it.",
        HUB,
        ("changes",),
        (
            "fct_country_adoption_daily",
            "fct_model_growth_daily",
            "fct_family_milestones",
            "fct_openness_changes",
        ),
        changes,
    ),
    Section(
        "days",
        "Which days can be trusted",
        "One cell a day.",
        HUB,
        ("day_quality",),
        ("fct_snapshot_days",),
        quality,
    ),
)
