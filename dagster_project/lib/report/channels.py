"""Open against closed, channel by channel.

Belongs here: what is said and drawn about channels; each keeps its own denominator.
Does not belong here: families, markets, days; how marks look (marks) and figures read (words).
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
)

CHANNELS = {
    "tokens": "Tokens routed",
    "sdk_installs": "SDK installs",
    "catalogue": "Catalogue of API models",
    "hub_weights": "Weights on the Hub",
}
PANEL_HEIGHT = 200


def channels(answers: Answers) -> Drawn:
    """Each channel on its own axis: they are never added or divided by each other."""
    rows = answers["open_vs_closed"]
    panels, told, notes = [], [], []
    for channel, heading in CHANNELS.items():
        own = [row for row in rows if row["channel"] == channel]
        shares = [row for row in own if row["share"] is not None]
        bounded = [row for row in own if row["lower_bound"] is not None and row["upper_bound"] is not None]
        day = newest(own, "activity_date")
        if shares or bounded:
            panels.append(Panel(_share_panel(own), heading, _channel_note(own)))
            told.append(_channel_words(heading, max(shares or bounded, key=lambda row: row["activity_date"])))
        elif any(row["open_value"] is not None or row["closed_value"] is not None for row in own):
            panels.append(Panel(_values_panel(own), heading, _channel_note(own)))
        else:
            notes.append(f"{heading}: no figures" + (f" up to {words.day(day)}." if day else " yet."))
    if not panels:
        return Drawn(
            reasons={
                ONLY: "No channel has figures yet: tokens need OPENROUTER_API_KEY, the others a first run."
            },
            notes=notes,
        )
    return Drawn(
        findings={
            ONLY: words.first_upper("; ".join(told)) or "Open and closed, each channel by its own measure"
        },
        lead="Four traces of use with four denominators. They are never added or divided by each other.",
        panels=panels,
        table=Table(
            (
                Column("channel", "Channel", lambda c: CHANNELS.get(c, c)),
                Column("activity_date", "Day", words.day),
                Column("open_value", "Open", words.exact, True),
                Column("closed_value", "Closed", words.exact, True),
                Column("unit", "Unit"),
                Column("share", "Share of open", words.percent, True),
                Column("lower_bound", "Lower bound", words.percent, True),
                Column("upper_bound", "Upper bound", words.percent, True),
                Column("source", "Source"),
            ),
            [
                row
                for channel in CHANNELS
                for row in _newest_rows([r for r in rows if r["channel"] == channel])
            ],
        ),
        day=newest(rows, "activity_date"),
        notes=notes,
    )


def _newest_rows(rows: Sequence[Row]) -> list[Row]:
    day = newest(rows, "activity_date")
    return [row for row in rows if row["activity_date"] == day]


def _channel_words(heading: str, row: Row) -> str:
    bounds = ""
    if row["lower_bound"] is not None and row["upper_bound"] is not None:
        bounds = f"{words.percent(row['lower_bound'])} to {words.percent(row['upper_bound'])}"
    if row["share"] is None:
        return f"{heading.lower()}: between {bounds.replace(' to ', ' and ')} open"
    return f"{heading.lower()}: {words.percent(row['share'])} open" + (f" ({bounds})" if bounds else "")


def _channel_note(rows: Sequence[Row]) -> str:
    row = max(rows, key=lambda r: r["activity_date"])
    said = [row["source"], f"as of {row['vintage']}" if row["vintage"] else None, row["licence"]]
    return "; ".join(str(part) for part in said if part)


def _share_panel(rows: Sequence[Row]) -> Row:
    drawn = [
        {
            "t": row["activity_date"],
            "v": row["share"],
            "low": row["lower_bound"],
            "high": row["upper_bound"],
            "s": "Open",
        }
        for row in marks.weekly_before(rows, "activity_date")
    ]
    domain = (0.0, 1.0)
    y = marks.value_axis("Share of open models", domain=domain, expression=words.AXIS_PERCENT)
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
        label=lambda row: f"{words.percent(row['v'])} open",
        tooltip=[
            *marks.tips("Models", "Share", ".1%"),
            alt.Tooltip("low:Q", title="At least", format=".1%"),
            alt.Tooltip("high:Q", title="At most", format=".1%"),
        ],
    )
    return marks.finished(alt.layer(band, *layers))


def _values_panel(rows: Sequence[Row]) -> Row:
    unit = words.first_upper(str(rows[-1]["unit"]))
    drawn = [
        {"t": row["activity_date"], "v": row[f"{side}_value"], "s": words.first_upper(side)}
        for row in marks.weekly_before(rows, "activity_date")
        for side in ("open", "closed")
        if row[f"{side}_value"] is not None
    ]
    domain = marks.domain_of([row["v"] for row in drawn])
    layers = marks.lines(
        drawn,
        marks.value_axis(unit, domain=domain, expression=words.AXIS_AMOUNT),
        colours={"Open": marks.ACCENT, "Closed": marks.COLOURS[1]},
        domain=domain,
        height=PANEL_HEIGHT,
        label=lambda row: f"{words.short_amount(row['v'])} {row['s'].lower()}",
        tooltip=marks.tips("Models", unit, ",.1f"),
    )
    return marks.finished(alt.layer(*layers))


SECTIONS = (
    Section(
        "channels",
        "Open against closed",
        "Open against closed by channel; the band is the interval between what is surely and what is "
        "possibly open.",
        "OpenRouter, npm, PyPI, models.dev and the Hub, each as said beside its chart",
        ("open_vs_closed",),
        ("fct_open_vs_closed_daily",),
        channels,
    ),
)
