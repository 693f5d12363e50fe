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
FEW = 100
EVEN = 100  # of the index: open and closed as in the base week
WIDE = 0.5  # a share that may lie anywhere in half of all there is says nothing


def channels(answers: Answers) -> Drawn:
    """Each channel on its own axis: they are never added or divided by each other."""
    rows = answers["open_vs_closed"]
    panels, told, notes = [], [], []
    for channel, name in CHANNELS.items():
        own = [row for row in rows if row["channel"] == channel]
        some = [row for row in own if row["value"] is not None or row["lower_bound"] is not None]
        known = [row for row in some if not _is_wide(row)]
        vague = [row for row in some if _is_wide(row)]
        if known:
            heading = f"{name}: {_measured(known[-1])}: {_with_interval(known[-1])}"
            panels.append(Panel(_panel(known), heading, _source(known[-1])))
            told.append(_in_words(known[-1]))
        if vague:
            notes.append(_left_out(name, vague))
        elif not known:
            reason = own[-1]["reason"] if own else None
            notes.append(f"{name}: {reason or 'no figures yet'}.")
    if not panels:
        return nothing("No channel has figures yet. " + " ".join(notes))
    return Drawn(
        findings={ONLY: f"Open models have {words.listed(told)}"},
        lead="Traces of use, each with a denominator of its own: never added, never divided by each other. "
        "The band is what stays possible while some models or packages are unknown; where too little is "
        "known for a line, there is only the band, and where the band would be half of all, nothing.",
        panels=panels,
        table=Table(
            (
                Column("channel", "Channel", lambda channel: CHANNELS.get(channel, channel)),
                Column("activity_date", "Day", words.day),
                Column("measure", "Measure"),
                Column("value", "Value", _tenths, True),
                Column("lower_bound", "Least", _tenths, True),
                Column("upper_bound", "Most", _tenths, True),
                Column("value_unit", "Unit of these"),
                Column("open_value", "Open", words.amount, True),
                Column("closed_value", "Closed", words.amount, True),
                Column("unit", "Unit of these"),
                Column("reason", "Why missing", words.text),
                Column("source", "Source", words.text),
            ),
            [_readable(row) for row in _last_rows(rows)],
        ),
        day=newest(rows, "activity_date"),
        notes=notes,
    )


def _last_rows(rows: Sequence[Row]) -> list[Row]:
    day = newest(rows, "activity_date")
    return [row for row in rows if row["activity_date"] == day]


def _readable(row: Row) -> Row:
    """Shares as percentages, so that a column of numbers sorts as numbers."""
    is_share = row["measure"] == "share"
    figures = {
        name: 100 * row[name] if is_share and row[name] is not None else row[name]
        for name in ("value", "lower_bound", "upper_bound")
    }
    return {**row, **figures, "value_unit": "%" if is_share else "base week = 100"}


def _tenths(value: float | None) -> str:
    return words.number(value, 1)


def _measured(row: Row) -> str:
    days = f", {row['window_days']} days" if row["window_days"] else ""
    if row["measure"] == "share":
        return f"open share of {row['unit']}{days}"
    return f"open over closed, {row['unit']}"


def _is_wide(row: Row) -> bool:
    """Whether a share has no point, and bounds that say nothing."""
    low, high = row["lower_bound"], row["upper_bound"]
    return row["measure"] == "share" and row["value"] is None and high - low > WIDE


def _left_out(name: str, vague: Sequence[Row]) -> str:
    last = vague[-1]
    span = words.percent_span(last["lower_bound"], last["upper_bound"])
    days = f"{len(vague):,} {'days' if len(vague) > 1 else 'day'}"
    return (
        f"{name}: {days} up to {words.day(last['activity_date'])} left out, of which too little is known: "
        f"the open share may be {span}."
    )


def _in_words(row: Row) -> str:
    """Few things are counted and not divided: 2 of 4 is no 50.0 %."""
    if row["measure"] != "share":
        return f"{_figure(row)} on the index of installs against closed ones"
    counted = (row["open_value"] or 0) + (row["closed_value"] or 0)
    if row["value"] is not None and 0 < counted < FEW:
        return f"{words.exact(row['open_value'])} of {words.exact(counted)} {SHARES_OF[row['channel']]}"
    return f"{_figure(row)} of {SHARES_OF[row['channel']]}"


def _figure(row: Row) -> str:
    if row["value"] is None:
        return f"between {_span(row).replace(' to ', ' and ')}"
    return words.percent(row["value"]) if row["measure"] == "share" else words.number(row["value"], 0)


def _with_interval(row: Row) -> str:
    low, high = row["lower_bound"], row["upper_bound"]
    if row["value"] is None or low is None or high is None or " to " not in _span(row):
        return _figure(row)
    return f"{_figure(row)} ({_span(row)})"


def _span(row: Row) -> str:
    low, high = row["lower_bound"], row["upper_bound"]
    if row["measure"] == "share":
        return words.percent_span(low, high)
    first, last = words.number(low, 0), words.number(high, 0)
    return last if first == last else f"{first} to {last}"


def _source(row: Row) -> str:
    """What the source asks to be said, and its licence where that does not name it."""
    source, licence = row["source"] or "", row["licence"] or ""
    return " ".join(part for part in (source, licence) if part and (part is source or part not in source))


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
