"""Open against closed, channel by channel.

Belongs here: what is said and drawn about channels; each keeps its own denominator.
Does not belong here: openness of the Hub's models (openness), families, markets, days.
"""

from collections.abc import Sequence

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
    Table,
    newest,
    nothing,
)

CHANNELS = {
    "tokens": "Tokens routed by OpenRouter",
    "sdk_installs": "Installs of packages",
    "catalogue": "Models released through an API",
    "hub_weights": "Downloads of weights on the Hub",
}
SHARES_OF = {"tokens": "tokens", "catalogue": "new API models", "hub_weights": "Hub downloads"}
PANEL_HEIGHT = 200
EVEN = 100  # of the index: open and closed as in the base week


def channels(answers: Answers) -> Drawn:
    """Each channel on its own axis: they are never added or divided by each other."""
    rows = answers["open_vs_closed"]
    panels, told, absent = [], [], []
    for channel, name in CHANNELS.items():
        own = [row for row in rows if row["channel"] == channel]
        known = [row for row in own if row["value"] is not None or row["lower_bound"] is not None]
        if known:
            panels.append(Panel(_panel(known), f"{name}: {_measured(known[-1])}", _source(known[-1])))
            told.append(_in_words(known[-1]))
        else:
            reason = own[-1]["reason"] if own else None
            absent.append(f"{name}: {reason or 'no figures yet'}.")
    if not panels:
        return nothing("No channel has figures yet. " + " ".join(absent))
    return Drawn(
        findings={ONLY: f"Open models: {'; '.join(told)}"},
        lead="Traces of use, each with a denominator of its own: never added, never divided by each other. "
        "The band is what stays possible while some models or packages are unknown.",
        panels=panels,
        table=Table(
            (
                Column("channel", "Channel", lambda channel: CHANNELS.get(channel, channel)),
                Column("activity_date", "Day", words.day),
                Column("measure", "Measure"),
                Column("value", "Value", words.text, True),
                Column("lower_bound", "Least", words.text, True),
                Column("upper_bound", "Most", words.text, True),
                Column("open_value", "Open", words.exact, True),
                Column("closed_value", "Closed", words.exact, True),
                Column("unit", "Unit"),
                Column("reason", "Why missing", words.text),
                Column("source", "Source", words.text),
            ),
            [_readable(row) for row in _last_rows(rows)],
        ),
        day=newest(rows, "activity_date"),
        notes=absent,
    )


def _last_rows(rows: Sequence[Row]) -> list[Row]:
    day = newest(rows, "activity_date")
    return [row for row in rows if row["activity_date"] == day]


def _readable(row: Row) -> Row:
    figures = {name: _figure(row, row[name]) for name in ("value", "lower_bound", "upper_bound")}
    return {**row, **figures}


def _figure(row: Row, value: float | None) -> str:
    return words.percent(value) if row["measure"] == "share" else words.number(value, 1)


def _measured(row: Row) -> str:
    days = f" of {row['window_days']} days" if row["window_days"] else ""
    if row["measure"] == "share":
        return f"share of the open ones, {row['unit']}{days}"
    return f"open over closed, {row['unit']}"


def _in_words(row: Row) -> str:
    low, high = (_figure(row, row[name]) for name in ("lower_bound", "upper_bound"))
    if row["measure"] == "share":
        of = f" of {SHARES_OF[row['channel']]}"
    else:
        of = f" on the index of installs, {EVEN} being even"
    if row["value"] is None:
        return f"between {low} and {high}{of}"
    is_interval = row["lower_bound"] is not None and row["upper_bound"] is not None
    return f"{_figure(row, row['value'])}{of}" + (f" ({low} to {high})" if is_interval else "")


def _source(row: Row) -> str:
    return " ".join(str(part) for part in (row["source"], row["licence"]) if part)


def _panel(rows: Sequence[Row]) -> Row:
    is_share = rows[-1]["measure"] == "share"
    drawn = [
        {
            "t": row["activity_date"],
            "v": row["value"],
            "low": row["lower_bound"],
            "high": row["upper_bound"],
            "s": "Open",
        }
        for row in marks.weekly_before(rows, "activity_date")
    ]
    figures = [row[name] for row in drawn for name in ("v", "low", "high") if row[name] is not None]
    domain = (0.0, 1.0) if is_share else marks.domain_of([*figures, EVEN])
    y = marks.value_axis(
        "Open, %" if is_share else "Index, base week = 100",
        domain=domain,
        expression=words.AXIS_PERCENT if is_share else None,
    )
    format = ".1%" if is_share else ",.1f"
    band = (
        alt.Chart(marks.values(drawn), height=PANEL_HEIGHT)
        .mark_area(opacity=0.22, color=marks.ACCENT)
        .encode(x=marks.time_axis(), y="low:Q", y2="high:Q")
    )
    layers = marks.lines(
        drawn,
        y,
        colours={"Open": marks.ACCENT},
        domain=domain,
        height=PANEL_HEIGHT,
        label=lambda row: words.percent(row["v"]) if is_share else words.number(row["v"], 0),
        tooltip=[
            *marks.tips("Models", "Open", format),
            alt.Tooltip("low:Q", title="At least", format=format),
            alt.Tooltip("high:Q", title="At most", format=format),
        ],
    )
    even = (
        alt.Chart(marks.values([{"v": EVEN}]))
        .mark_rule(color="var(--axis)", strokeDash=[4, 3])
        .encode(y="v:Q")
    )
    return marks.finished(alt.layer(band, *([] if is_share else [even]), *layers))


SECTIONS = (
    Section(
        "channels",
        "Open against closed",
        "Open against closed by channel, with intervals.",
        "as said under each chart",
        ("open_vs_closed",),
        ("fct_open_vs_closed_daily",),
        channels,
    ),
)
