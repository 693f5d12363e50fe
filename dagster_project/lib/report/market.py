"""Markets: what prices did around events.

Belongs here: what is said and drawn about prices; the verdict is the mart's, in words.
Does not belong here: estimation (sql/), adoption beside prices (price), families, openness, days.
"""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from typing import Any

import altair as alt

from dagster_project.lib.report import marks, words
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
    nothing,
)

YAHOO = "Yahoo Finance, adjusted closes"
MODELS = {"market_peers": "Market and peers", "market_sector": "Market and sector", "market": "Market"}
EVENTS_DRAWN = 24
LABEL_LETTERS = 90  # of an event's option; the text below has it all
BAND_ERRORS = 2  # standard errors on both sides of nothing unusual: about 95 %
NOT_TESTABLE, DISTINGUISHABLE = "not testable", "distinguishable"
ALL_COUNTRIES = "all"


def reaction(answers: Answers) -> Drawn:
    """Cumulative abnormal return of each story, and the sessions around one event of it with their band."""
    stories = answers["stories"]
    if not stories:
        return nothing("No event yet: no headline, milestone or release of a listed company is known.")
    testable = [row for row in stories if row["verdict"] != NOT_TESTABLE]
    base = Drawn(
        table=_stories_table(stories),
        sentences=_groups_in_words(answers["event_groups"]),
        folded={"What else happened then": _confounders(answers["confounders"])},
        day=newest(stories, "session_date"),
    )
    if not testable:
        reasons = list(dict.fromkeys(str(row["verdict_reason"]) for row in stories if row["verdict_reason"]))
        why = "; ".join(reasons[:3]) or "no event falls on a session with a price"
        return replace(base, reasons={ONLY: f"None of {len(stories)} stories is testable: {why}."})
    counted = testable[0]
    finding = (
        f"In {counted['stories_distinguishable'] or 'none'} of {counted['stories_tested']} stories the share "
        "moved by more than its market and peers explain, where chance alone gives "
        f"{words.number(counted['chance_expected'], 1)}"
    )
    others = len(stories) - len(testable)
    drawn = _drawn(testable)
    event = Switch(
        "event", "Story", {_key(row): words.shortened(_label(row), LABEL_LETTERS) for row in drawn}
    )
    model = Switch("model", "Explained by", MODELS)
    panels = [Panel(_results_chart(drawn), "Cumulative abnormal return, with market and peers")]
    switches = [event]
    if paths := answers["event_paths"]:  # they stay at home where prices may not be passed on
        path = _path_chart(paths, event, model)
        panels.append(Panel(path, "Abnormal return by session, with its band"))
        switches.append(model)
    return replace(
        base,
        findings={ONLY: finding},
        details={
            "|".join([_key(row), *picked]): _told(row)
            for row in drawn
            for picked in product(*(switch.options for switch in switches[1:]))
        },
        lead="A return is abnormal where the company's market and peers do not explain it. A story that was "
        "told on several days is tested as often, and its p is multiplied by that. Whiskers span 95 %, the "
        "band two standard errors. Not distinguishable is a result, too."
        + (f" {others} more cannot be tested; the figures say why." if others else ""),
        panels=panels,
        switches=switches,
    )


def _drawn(testable: Sequence[Row]) -> list[Row]:
    """The first stories in their order; what the title counts is among them."""
    first = sorted(testable, key=lambda row: row["verdict"] != DISTINGUISHABLE)[:EVENTS_DRAWN]
    return [row for row in testable if any(row is one for one in first)]


def _key(row: Row) -> str:
    return f"{row['event_id']} {row['ticker']}"


def _label(row: Row) -> str:
    return f"{row['ticker']}, {words.day(row['event_date'])}: {row['claim'] or row['kind']}"


def _told(row: Row) -> str:
    """The mart's answer, with what else happened."""
    also = f" Also then: {row['confounders']}." if row["confounders"] else ""
    return f"{_label(row)}. {row['answer']}{also}"


def _groups_in_words(rows: Sequence[Row]) -> list[str]:
    """Groups of events; one whose companies are all of one country is told once."""
    countries = Counter(row["event_group"] for row in rows)
    return [
        _group_words(row)
        for row in rows
        if row["country"] != ALL_COUNTRIES or countries[row["event_group"]] != 2  # itself and one more
    ]


def _group_words(row: Row) -> str:
    group = words.first_upper(row["event_group"].replace("_", " "))
    where = "all countries" if row["country"] == ALL_COUNTRIES else row["country_name"]
    text = f"{group}s, {where}: {row['verdict']}"
    if row["verdict"] == NOT_TESTABLE:
        return f"{text} ({row['verdict_reason']})."
    p = row["kolari_pynnonen_p"]
    known = "" if p is None else ", p below 0.01" if p < 0.005 else f", p{words.NBSP}{words.number(p, 2)}"
    return f"{text}, {words.signed_percent(row['mean_car'])} on average of {row['events']} events{known}."


def _results_chart(rows: Sequence[Row]) -> Row:
    drawn = [
        {
            "s": f"{row['ticker']}, {words.short_day(row['event_date'])}",
            "event": _label(row),
            "order": position,
            "v": row["car"],
            "low": row["car_lower"],
            "high": row["car_upper"],
            "label": words.signed_percent(row["car"]),
            "verdict": row["verdict"],
            "colour": marks.ACCENT if row["verdict"] == DISTINGUISHABLE else marks.MUTED,
        }
        for position, row in enumerate(rows)
    ]
    x = alt.X(
        "v:Q", axis=alt.Axis(title="Cumulative abnormal return, %", labelExpr=words.AXIS_CHANGE, tickCount=5)
    )
    base = alt.Chart(marks.values(drawn), height=max(30 * len(drawn), 60)).encode(
        y=alt.Y(
            "order:O",
            axis=alt.Axis(
                title=None,
                labelColor=marks.INK,
                labelExpr=_one_of([row["s"] for row in drawn]),
                ticks=False,
                domain=False,
            ),
        ),
        color=alt.Color("colour:N", scale=None),
        tooltip=[
            alt.Tooltip("event:N", title="Event"),
            alt.Tooltip("label:N", title="Return"),
            alt.Tooltip("verdict:N", title="Verdict"),
        ],
    )
    zero = alt.Chart(marks.values([{"v": 0}])).mark_rule(color="var(--axis)").encode(x=x)
    return marks.finished(
        alt.layer(
            zero,
            base.mark_rule(strokeWidth=2).encode(x=alt.X("low:Q"), x2="high:Q"),
            base.mark_circle(size=90, opacity=1).encode(x=x),
            base.mark_text(dy=-11).encode(x=x, text="label:N"),
        )
    )


def _one_of(labels: Sequence[str]) -> str:
    """Vega's expression for the label at a position: two events of one share and day stay apart."""
    return f"{json.dumps(labels)}[datum.value]"


def _path_chart(paths: Sequence[Row], event: Switch, model: Switch) -> Row:
    drawn = [
        {
            "t": row["relative_session"],
            "v": row["abnormal_return"],
            "low": -BAND_ERRORS * row["standard_error"],
            "high": BAND_ERRORS * row["standard_error"],
            "event": _key(row),
            "model": row["model"],
        }
        for row in paths
        if _key(row) in event.options and None not in (row["abnormal_return"], row["standard_error"])
    ]
    by = [event.name, model.name]
    x = alt.X(
        "t:Q",
        scale=alt.Scale(nice=False, padding=12),
        axis=alt.Axis(
            title="Sessions from the event",
            grid=False,
            tickMinStep=1,
            labelExpr=words.AXIS_SIGNED,
            labelOverlap="greedy",
            labelSeparation=6,
        ),
    )
    y = marks.value_axis("Abnormal return, %", expression=words.AXIS_CHANGE)
    base = (
        alt.Chart(marks.values(drawn), height=300)
        .transform_filter(marks.picked(by))
        .encode(
            x=x,
            tooltip=[
                alt.Tooltip("t:Q", title="Session", format="+d"),
                alt.Tooltip("v:Q", title="Abnormal return", format="+.2%"),
                alt.Tooltip("high:Q", title="Usual up to ±", format=".2%"),
            ],
        )
    )
    return marks.finished(
        alt.layer(
            base.mark_area(opacity=0.18, color=marks.MUTED).encode(y=alt.Y("low:Q"), y2="high:Q"),
            base.mark_line(color=marks.ACCENT).encode(y=y),
            base.mark_circle(color=marks.ACCENT, size=60, opacity=1).encode(y=y),
        ).add_params(*marks.picks(by, [next(iter(switch.options)) for switch in (event, model)]))
    )


def _stories_table(rows: Sequence[Row]) -> Table:
    def p(value: float | None) -> str:
        return words.number(value, 3)

    return Table(
        (
            Column("claim", "Story", words.text),
            Column("first_event_date", "First told", words.day),
            Column("last_event_date", "Last told", words.day),
            Column("ticker", "Share"),
            Column("tests", "Tests", lambda v: words.number(v, 0), True),
            Column("car", "Cumulative abnormal return, %", words.signed_percent, True),
            Column("p_alone_market_peers", "p of its event alone, with peers", p, True),
            Column("p_adjusted_market_peers", "p after its tests, with peers", p, True),
            Column("p_adjusted_market_sector", "With sector", p, True),
            Column("p_adjusted_market", "Market alone", p, True),
            Column("verdict", "Verdict"),
            Column("answer", "In a sentence", words.text),
            Column("price_vintage", "Price vintages", words.text),
        ),
        rows,
    )


def _confounders(rows: Sequence[Row]) -> list[str]:
    """What happened, once, with the companies or countries that it touched."""
    happened: dict[tuple[Any, ...], list[str]] = {}
    for row in rows:
        key = (row["confounder_date"], row["what"], row["source"], row["verified"])
        happened.setdefault(key, []).append(row["affected_company"] or row["affected_country"] or "all")
    return [
        f"{words.day(day)}, {words.listed(touched)}: {what} (source: {source}"
        + (")." if verified else "; not verified).")
        for (day, what, source, verified), touched in happened.items()
    ]


SECTIONS = (
    Section(
        "reaction",
        "Market reaction around events",
        "Abnormal returns around headlines, milestones and open releases, in per cent, by story.",
        YAHOO,
        ("stories", "event_paths", "event_groups", "confounders"),
        (
            "fct_story_verdicts",
            "fct_event_study",
            "fct_abnormal_returns",
            "fct_event_study_pooled",
            "dim_events",
            "dim_confounders",
        ),
        reaction,
    ),
)
