"""Markets: what prices did around events.

Belongs here: what is said and drawn about prices; the verdict is the mart's, in words.
Does not belong here: estimation (sql/), adoption beside prices (price), families, openness, days.
"""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
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
    """Cumulative abnormal return of each event, and the sessions around one with their band."""
    results = answers["event_results"]
    if not results:
        return nothing("No event yet: no headline, milestone or release of a listed company is known.")
    primary = [row for row in results if row["is_primary"]]
    testable = [row for row in primary if row["verdict"] != NOT_TESTABLE]
    base = Drawn(
        table=_events_table(results),
        sentences=_groups_in_words(answers["event_groups"]),
        folded={"What else happened then": _confounders(answers["confounders"])},
        day=newest(results, "session_date"),
    )
    if not testable:
        reasons = list(dict.fromkeys(str(row["verdict_reason"]) for row in primary if row["verdict_reason"]))
        why = "; ".join(reasons[:3]) or "no event falls on a session with a price"
        return replace(base, reasons={ONLY: f"None of {len(primary)} events is testable: {why}."})
    seen = sum(row["verdict"] == DISTINGUISHABLE for row in testable)
    finding = (
        f"In {seen or 'none'} of {len(testable)} testable events the share moved by more than its market "
        "and peers explain; chance alone moves 1 in 20"
    )
    others = len(primary) - len(testable)
    drawn = _drawn(testable)
    event = Switch(
        "event", "Event", {_key(row): words.shortened(_label(row), LABEL_LETTERS) for row in drawn}
    )
    model = Switch("model", "Explained by", MODELS)
    primary_window = {(row["window_start"], row["window_end"]) for row in primary}
    told = {
        f"{_key(row)}|{row['model']}": row
        for row in results
        if _key(row) in event.options and (row["window_start"], row["window_end"]) in primary_window
    }
    return replace(
        base,
        findings={ONLY: finding},
        details={key: _verdict(row) for key, row in told.items()},
        lead="A return is abnormal where the company's market and peers do not explain it. Whiskers "
        "span 95 %, the band two standard errors. Not distinguishable is a result, too."
        + (f" {others} more cannot be tested; the figures say why." if others else ""),
        panels=[
            Panel(_results_chart(drawn), "Cumulative abnormal return, with market and peers"),
            Panel(
                _path_chart(answers["event_paths"], event, model), "Abnormal return by session, with its band"
            ),
        ],
        switches=[event, model],
    )


def _drawn(testable: Sequence[Row]) -> list[Row]:
    """The first events in their order; what the title counts is among them."""
    first = sorted(testable, key=lambda row: row["verdict"] != DISTINGUISHABLE)[:EVENTS_DRAWN]
    return [row for row in testable if any(row is one for one in first)]


def _key(row: Row) -> str:
    return f"{row['event_id']} {row['ticker']}"


def _label(row: Row) -> str:
    return f"{row['ticker']}, {words.day(row['event_date'])}: {row['claim'] or row['kind']}"


def _verdict(row: Row) -> str:
    """The mart's verdict as a sentence, with what else happened."""
    said = f"{_label(row)}. {words.first_upper(row['verdict'])}"
    if row["car"] is not None:
        said += f": {words.signed_percent(row['car'])} over the event's sessions"
    if row["verdict_reason"]:
        said += f" ({row['verdict_reason']})"
    said += "."
    if row["confounders"]:
        said += f" Also then: {row['confounders']}."
    if row["other_events"]:
        said += f" Other events in these sessions: {row['other_events']}."
    return said


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


def _events_table(rows: Sequence[Row]) -> Table:
    return Table(
        (
            Column("claim", "Event", words.text),
            Column("event_date", "Day", words.day),
            Column("ticker", "Share"),
            Column("model", "Explained by", lambda m: MODELS.get(m, m)),
            Column("window_start", "From session", lambda v: words.number(v, 0), True),
            Column("window_end", "To session", lambda v: words.number(v, 0), True),
            Column("car", "Cumulative abnormal return, %", words.signed_percent, True),
            Column("scar", "In standard errors", lambda v: words.number(v, 2), True),
            Column("placebo_p", "Placebo p", lambda v: words.number(v, 3), True),
            Column("price_vintage", "Price vintages", words.text),
            Column("verdict", "Verdict"),
            Column("verdict_reason", "Why", words.text),
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
        "Abnormal returns around headlines, milestones and open releases, in per cent.",
        YAHOO,
        ("event_results", "event_paths", "event_groups", "confounders"),
        (
            "fct_event_study",
            "fct_abnormal_returns",
            "fct_event_study_pooled",
            "dim_events",
            "dim_confounders",
        ),
        reaction,
    ),
)
