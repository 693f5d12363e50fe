"""Pages about one thing each: a claim, a story, a family, a publisher.

Belongs here: what such a page asks, says and draws.
Does not belong here: sections about the whole (report), and how a page looks (pages).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

import altair as alt

from dagster_project.lib.claim import verdicts
from dagster_project.lib.report import marks, words
from dagster_project.lib.report.claim import HUB
from dagster_project.lib.report.market import MODELS, YAHOO
from dagster_project.lib.report.sections import (
    ONLY,
    Answers,
    Column,
    Drawn,
    Panel,
    Row,
    Section,
    Switch,
    Table,
    newest,
)
from dagster_project.lib.report.words import DEFINITIONS

WEEKS = 8  # of these one day each is drawn, before them one a month: there are hundreds of pages
DRAWN = (
    f"Drawn are a day of each of the last {WEEKS} weeks and one of each month before; the tables have all."
)
UNKNOWN = "cannot be told"  # where the publication has no row of the claim
STEP = 44  # pixels from one interval to the next
ALL = "all repositories"  # of an account, as one line
MEASURES = {"30d": "Downloads, 30 days", "all_time": "Downloads, all time"}
COUNTERS = {"30d": "downloads_30d", "all_time": "downloads_all_time"}


@dataclass(frozen=True, eq=False)
class Kind:
    """A kind of pages: the folder, of whose name the query of sql/site is that lists them, what they are
    called, and what each says. `name` and `said` are of a row of that query: what a link reads, and what a
    list has beside it.
    """

    folder: str
    title: str
    section: Section
    name: Callable[[Row], str]
    said: Mapping[str, Callable[[Row], str]]


# -- claims ----------------------------------------------------------------------------------------


def claim(answers: Answers) -> Drawn:
    """The claim's figure beside ours by each definition, with bounds."""
    (said,) = answers["claim"]
    rows = answers["verdicts"]
    statement = verdicts.attributed(said)
    told = words.first_upper(verdicts.told(rows))
    drawn = _claim_rows(said, rows)
    return Drawn(
        findings={ONLY: f"{words.first_upper(verdicts.statement(said))}: {said['verdict'] or UNKNOWN}"},
        reasons={} if drawn else {ONLY: f"There is no figure of ours to draw. {told}."},
        lead=f"{statement}. {told}." if drawn else f"{statement}.",
        panels=[Panel(_intervals(drawn, *_claim_axis(said)))] if drawn else [],
        sentences=[
            verdicts.unsaid(said),
            f"It says that it counts: {words.text(said['scope'])}",
            f"Its source: {said['source']} "
            + ("(read at its own address)." if said["verified"] else "(read at second hand)."),
            *(
                f"It cannot be true together with what {other['publisher']} said ({other['claim']}): "
                f"{'more than ' if other['is_lower_bound'] else ''}{words.exact(other['value'])} "
                f"{other['metric']}; {other['reason']}."
                for other in answers["contradictions"]
            ),
        ],
        table=Table(
            (
                Column("definition", "Counted by", _definition),
                Column("activity_date", "About"),
                Column("value", "Our figure", lambda v: verdicts.figure(v, said), True),
                Column("lower_bound", "At least", lambda v: verdicts.figure(v, said), True),
                Column("upper_bound", "At most", lambda v: verdicts.figure(v, said), True),
                Column("verdict", "Verdict"),
                Column("verdict_reason", "Why"),
                Column("first_held_date", "First true on"),
                Column("last_held_date", "Last true on"),
            ),
            rows,
        ),
        day=newest(rows, "activity_date"),
    )


def _claim_rows(said: Row, rows: Sequence[Row]) -> list[Row]:
    """Our figures and what is claimed; nothing where there is no figure of ours."""
    ours = [
        {
            "s": _definition(row["definition"]),
            "v": row["value"],
            "low": row["lower_bound"],
            "high": row["upper_bound"],  # none of a floor: the rule ends at its figure
            "end": row["value"] if row["upper_bound"] is None else row["upper_bound"],
            "colour": marks.ACCENT if row["verdict"] == "passed" else marks.MUTED,
            "label": verdicts.between(row, said, lambda value: _short(value, said)),
        }
        for row in rows
        if row["value"] is not None
    ]
    claimed = said["value"] if said["share"] is None else said["share"]
    if not ours or claimed is None:
        return ours
    return [{**_point("Claimed", claimed), "label": _short(claimed, said)}, *ours]


def _short(value: float, said: Row) -> str:
    return words.percent(value) if said["share"] is not None else words.short_amount(value)


def _claim_axis(said: Row) -> tuple[str, str]:
    """Title and labels of the axis, in the unit of the claim."""
    if said["share"] is not None:
        return f"Share of {said['metric']}", words.AXIS_PERCENT
    return words.first_upper(said["metric"]), words.AXIS_AMOUNT


# -- stories ---------------------------------------------------------------------------------------


def story(answers: Answers) -> Drawn:
    """What the story did to the share, event by event and model by model."""
    (told,) = answers["story"]
    tests = [row for row in answers["story_tests"] if row["car"] is not None]
    drawn = [
        {
            "s": f"{words.short_day(row['event_date'])}, {MODELS[row['model']].lower()}",
            "v": row["car"],
            "low": row["car_lower"],
            "high": row["car_upper"],
            "end": row["car_upper"],
            "colour": marks.ACCENT if row["verdict"] == "distinguishable" else marks.MUTED,
            "label": words.signed_percent(row["car"]),
        }
        for row in tests
    ]
    return Drawn(
        findings={ONLY: f"{told['company']} ({told['ticker']}), {told['story']}: {told['verdict']}"},
        reasons={} if drawn else {ONLY: told["answer"]},
        lead=told["answer"],
        panels=[Panel(_intervals(drawn, "Cumulative abnormal return", words.AXIS_CHANGE))] if drawn else [],
        sentences=[
            *(
                f"{words.day(event['event_date'])}: {event['claim'] or 'an event without a headline'} "
                f"({event['source']})."
                for event in told["told"] or ()
            ),
            f"Also then: {told['confounders']}." if told["confounders"] else "Nothing else is noted of then.",
            f"Of {told['stories_tested']} stories {told['stories_distinguishable'] or 'none'} stood out, "
            f"where chance alone gives {words.number(told['chance_expected'], 1)}.",
            "Prices and returns by day are not on this site: Yahoo's terms do not let anybody pass them on.",
        ],
        table=Table(
            (
                Column("event_date", "Event"),
                Column("claim", "What was told"),
                Column("model", "Explained by", MODELS.__getitem__),
                Column("car", "Abnormal return, %", words.signed_percent, True),
                Column("car_lower", "At least, %", words.signed_percent, True),
                Column("car_upper", "At most, %", words.signed_percent, True),
                Column("placebo_p", "Placebo p", lambda v: words.number(v, 3), True),
                Column("verdict", "Verdict"),
                Column("verdict_reason", "Why"),
            ),
            answers["story_tests"],
        ),
        day=told["last_event_date"],
    )


# -- families and publishers -----------------------------------------------------------------------


def family(answers: Answers) -> Drawn:
    """Downloads of a family by every definition."""
    (now,) = answers["family"]
    name = words.plain_name(now["name"] or now["family"])
    series = answers["family_downloads"]
    drawn = _series(series, lambda row: DEFINITIONS[row["definition"]].name, COUNTERS)
    own = now["downloads_30d_organisation"]
    maker = f" of {now['company']}" if now["company"] else ""
    return Drawn(
        findings={
            ONLY: f"{name}{maker}: {words.amount(now['downloads_30d_lineage'])} downloads in 30 days with "
            "all derivatives" + ("" if own is None else f", {words.amount(own)} of its own accounts")
        },
        reasons={} if drawn else {ONLY: "No snapshot has counted it yet."},
        lead="Which models are the family's is a decision: each line is one of them. "
        f"{words.first_upper(now['how_sure'] or 'no snapshot tells')}. {DRAWN}",
        panels=[Panel(_line_chart(drawn, (one.name for one in DEFINITIONS.values()), MEASURES))]
        if drawn
        else [],
        switches=[_measures_of(drawn, MEASURES)] if drawn else [],
        folded={
            "Milestones": [
                f"{words.amount(row['milestone'])} downloads by {_definition(row['definition']).lower()}: "
                f"{words.between(row['reached_after'], row['reached_by'])}."
                for row in answers["family_milestones"]
            ]
        },
        table=Table(
            (
                Column("definition", "Counted by", _definition),
                Column("models", "Models", words.exact, True),
                Column("downloads_30d", "Downloads, 30 days", words.exact, True),
                Column("downloads_all_time", "Downloads, all time", words.exact, True),
            ),
            [
                {
                    "definition": definition,
                    **{name: now[f"{name}_{definition}"] for name in ("models", *COUNTERS.values())},
                }
                for definition in DEFINITIONS
            ],
        ),
        day=newest(series, "activity_date"),
    )


def publisher(answers: Answers) -> Drawn:
    """Downloads of an account, in 30 days and a day."""
    (now,) = answers["publisher"]
    series = answers["publisher_downloads"]
    measures = {"30d": "Downloads, 30 days", "1d": "Downloads a day, mean of 7"}
    drawn = _series(series, lambda _: ALL, {"30d": "downloads_30d", "1d": "downloads_per_day"})
    growth = now["growth_30d"]
    company = f" ({now['company']})" if now["company"] else ""
    return Drawn(
        findings={
            ONLY: f"{now['publisher']}{company}: {words.amount(now['downloads_30d'])} downloads in 30 days"
            + ("" if growth is None else f", {words.signed_percent(growth)} against the 30 before")
        },
        reasons={} if drawn else {ONLY: "It has no two snapshots near each other yet."},
        lead="Downloads of the repositories of this account, whoever made the models. Requests that the Hub "
        f"counts, not users. {DRAWN}",
        panels=[Panel(_line_chart(drawn, [ALL], measures))] if drawn else [],
        switches=[_measures_of(drawn, measures)] if drawn else [],
        table=Table(
            (
                Column("listed_models", "Models listed", words.exact, True),
                Column("derivatives", "Derivatives among them", words.exact, True),
                Column("likes", "Likes", words.exact, True),
                Column("downloads_30d", "Downloads, 30 days", words.exact, True),
                Column("downloads_all_time", "Downloads, all time", words.exact, True),
                Column("growth_30d", "Growth, 30 days, %", words.signed_percent, True),
                Column("growth_90d", "Growth, 90 days, %", words.signed_percent, True),
            ),
            [now],
        ),
        day=newest(series, "activity_date"),
    )


def _series(rows: Sequence[Row], name: Callable[[Row], str], columns: Mapping[str, str]) -> list[Row]:
    """A row per day, series and measure, from the column of each measure; where it is NULL there is none."""
    return [
        {"t": row["activity_date"], "v": row[column], "s": name(row), "measure": measure}
        for row in _thinned(rows)
        for measure, column in columns.items()
        if row[column] is not None
    ]


def _thinned(rows: Sequence[Row]) -> list[Row]:
    """Of each of the last WEEKS weeks, and of each month before them, the last day; and the first of all."""
    days = sorted({row["activity_date"] for row in rows})
    if not days:
        return []
    recent = days[-1] - timedelta(weeks=WEEKS)
    kept = {
        days[0],
        *{day.isocalendar()[:2]: day for day in days if day > recent}.values(),
        *{(day.year, day.month): day for day in days if day <= recent}.values(),
    }
    return [row for row in rows if row["activity_date"] in kept]


def _measures_of(drawn: Sequence[Row], measures: Mapping[str, str]) -> Switch:
    """Those that have a figure."""
    known = {row["measure"] for row in drawn}
    return Switch("measure", "Show", {name: label for name, label in measures.items() if name in known})


def _line_chart(drawn: Sequence[Row], names: Iterable[str], measures: Mapping[str, str]) -> Row:
    spec = _lines(tuple(names), tuple(_measures_of(drawn, measures).options))
    return marks.with_rows(spec, drawn, marks.end_labels(drawn, ["measure"], _end_label, None))


def _end_label(row: Row) -> str:
    return f"{words.short_amount(row['v'])} {row['s']}"


@cache
def _lines(names: Sequence[str], measures: Sequence[str]) -> Row:
    """The chart without its rows: Altair takes a tenth of a second for one, and hundreds are the same."""
    a_row = {"t": date.min, "v": 1, "s": names[0], "measure": measures[0]}
    layers = marks.lines(
        [a_row],
        marks.value_axis("Downloads", expression=words.AXIS_AMOUNT),
        colours=dict(zip(names, marks.COLOURS, strict=False)),
        by=["measure"],
        label=_end_label,
        tooltip=marks.tips("Counted by", "Downloads", ",.0f"),
    )
    return marks.finished(alt.layer(*layers).add_params(*marks.picks(["measure"], measures[:1])))


def _intervals(drawn: Sequence[Row], title: str, expression: str) -> Row:
    """A point for each `s` between its bounds; its name and figure stand above it, also on a phone."""
    return marks.with_rows(_interval_chart(len(drawn), title, expression), drawn)


@cache
def _interval_chart(count: int, title: str, expression: str) -> Row:
    """The chart without its rows."""
    axis = alt.Axis(title=title, labelExpr=expression, tickCount=4)
    base = alt.Chart(marks.values([_point("", 1)]), height=STEP * count).encode(
        y=alt.Y("s:N", sort=None, axis=None),
        color=alt.Color("colour:N", scale=None),
        tooltip=[alt.Tooltip("s:N", title="Counted by"), alt.Tooltip("label:N", title="Figure")],
    )
    x = alt.X("v:Q", axis=axis, scale=alt.Scale(zero=False, padding=24))
    return marks.finished(
        alt.layer(
            base.mark_rule(strokeWidth=2).encode(x=alt.X("low:Q", axis=axis), x2="end:Q"),
            base.mark_circle(size=90, opacity=1).encode(x=x),
            base.mark_text(
                align="left", dy=-STEP / 3, text=alt.ExprRef("datum.s + ': ' + datum.label")
            ).encode(x=alt.value(0)),
        )
    )


def _point(name: str, value: float) -> Row:
    return {"s": name, "v": value, "low": value, "high": value, "end": value, "colour": marks.INK}


def _definition(definition: str | None) -> str:
    known = DEFINITIONS.get(definition or "")
    return known.name if known else words.text(definition)


KINDS = (
    Kind(
        "claims",
        "Claims",
        Section(
            "claim",
            "A published claim, checked",
            "Our figure by each definition between its bounds, beside what is claimed.",
            HUB,
            ("claim", "verdicts", "contradictions"),
            ("published_claims", "fct_claim_checks", "fct_claim_contradictions"),
            claim,
        ),
        lambda row: row["key"],
        {
            "Said by": lambda row: row["publisher"],
            "On": lambda row: words.short_day(row["said_date"]),
            "Verdict": lambda row: words.text(row["verdict"]),
        },
    ),
    Kind(
        "stories",
        "Stories",
        Section(
            "story",
            "A story and the share",
            "Cumulative abnormal return of the primary window, with the interval of 95 %.",
            f"{YAHOO}; headlines as the seed headline_events names them",
            ("story", "story_tests"),
            ("fct_story_verdicts", "fct_event_study", "dim_events"),
            story,
        ),
        lambda row: row["key"],
        {
            "Company": lambda row: row["company"],
            "Until": lambda row: words.short_day(row["last_event_date"]),
            "Verdict": lambda row: row["verdict"],
        },
    ),
    Kind(
        "families",
        "Families",
        Section(
            "family",
            "A family of models",
            "Downloads of the family by each definition.",
            HUB,
            ("family", "family_downloads", "family_milestones"),
            ("dim_families", "fct_family_adoption_daily", "fct_family_milestones"),
            family,
        ),
        lambda row: words.plain_name(row["name"]),
        {
            "Company": lambda row: words.text(row["company"]),
            "Downloads, 30 days": lambda row: words.exact(row["downloads"]),
        },
    ),
    Kind(
        "publishers",
        "Publishers",
        Section(
            "publisher",
            "An account that is followed",
            "Downloads of the account's repositories.",
            HUB,
            ("publisher", "publisher_downloads"),
            ("dim_publishers", "fct_family_growth_daily"),
            publisher,
        ),
        lambda row: row["name"],
        {
            "Company": lambda row: words.text(row["company"]),
            "Downloads, 30 days": lambda row: words.exact(row["downloads"]),
        },
    ),
)
