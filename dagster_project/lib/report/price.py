"""Adoption and price: side by side, and which comes first.

Belongs here: what is said and drawn about a family and its maker's share.
Does not belong here: estimation (sql/), events (market), families, openness, days.
"""

from collections.abc import Sequence

import altair as alt

from dagster_project.lib.report import marks, words
from dagster_project.lib.report.market import YAHOO
from dagster_project.lib.report.sections import (
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

DOWNLOADS = "Downloads"
NAMED = 3  # families of a reason


def adoption_and_price(answers: Answers) -> Drawn:
    """A family's downloads a day and its maker's share, both as an index of their first common day."""
    rows = [row for row in answers["adoption_and_price"] if row["downloads_per_day"] and row["adj_close"]]
    drawn, findings, options = [], {}, {}
    for family in dict.fromkeys(row["family"] for row in rows):
        own = [row for row in rows if row["family"] == family]
        first = own[0]
        if first is own[-1]:
            continue
        name = words.plain_name(first["name"])
        options[family] = f"{name}, {first['symbol']}"
        findings[family] = (
            f"From 100 on {words.day(first['activity_date'])} {name}'s downloads a day came to "
            f"{_swing(own, 'downloads_per_day', ' on the way')}, {first['symbol']} to "
            f"{_swing(own, 'adj_close')}"
        )
        for row in marks.weekly_before(own, "activity_date"):
            for series, value in ((DOWNLOADS, "downloads_per_day"), (row["symbol"], "adj_close")):
                index = 100 * row[value] / first[value]
                drawn.append(
                    {"t": row["activity_date"], "v": index, "s": series, "family": family, "is": row[value]}
                )
    if not drawn:
        return nothing(
            "No family of a listed company has seven days of downloads up to two days with a share price "
            "yet. Prices are those of the seed companies."
        )
    symbols = {row["s"] for row in drawn} - {DOWNLOADS}
    colours = {DOWNLOADS: marks.ACCENT, **dict.fromkeys(sorted(symbols), marks.COLOURS[1])}
    layers = marks.lines(
        drawn,
        marks.value_axis("Index, first common day = 100", format=".0f"),
        colours=colours,
        by=["family"],
        height=280,
        label=lambda row: f"{row['v']:.0f} {row['s']}",
        tooltip=[*marks.tips("Of", "Index", ".1f"), alt.Tooltip("is:Q", title="Value", format=",.2f")],
    )
    chart = alt.layer(*layers).add_params(*marks.picks(["family"], [next(iter(options))]))
    return Drawn(
        findings=findings,
        lead="Downloads are the mean of seven days, by lineage; prices are adjusted closes of one vintage. "
        "Two lines that move together are no evidence: whether one leads the other is tested below.",
        panels=[Panel(marks.finished(chart))],
        switches=[Switch("family", "Family and share", options)],
        table=Table(
            (
                Column("activity_date", "Day", words.day),
                Column("name", "Family"),
                Column("downloads_per_day", "Downloads a day, mean of 7", words.exact, True),
                Column("symbol", "Share"),
                Column("adj_close", "Adjusted close", lambda v: words.number(v, 2), True),
                Column("currency", "Currency"),
                Column("vintage", "Price vintage", lambda v: words.number(v, 0), True),
            ),
            sorted(  # newest first; a day's families in their order
                marks.weekly_before(rows, "activity_date"), key=lambda row: row["activity_date"], reverse=True
            ),
        ),
        day=newest(rows, "activity_date"),
    )


def _swing(rows: Sequence[Row], name: str, when: str = "") -> str:
    """Two ends say little of a series that swings: also between what it moved."""
    index = [100 * row[name] / rows[0][name] for row in rows]
    least, most, last = (words.number(value, 0) for value in (min(index), max(index), index[-1]))
    return f"{last} ({least} to {most}{when})"


def lead_lag(answers: Answers) -> Drawn:
    """Does adoption lead the price, or the price adoption?"""
    rows = answers["lead_lag"]
    known = [row for row in rows if row["correlation"] is not None and row["band"] is not None]
    if not known:
        return nothing(_why_not(rows))
    names = words.distinct({row["family"]: row["name"] for row in known})
    options = {row["family"]: f"{names[row['family']]}, {row['ticker']}" for row in known}
    findings = {}
    for family, name in options.items():
        outside = [row for row in known if row["family"] == family and row["is_outside_band"]]
        lags = words.listed([f"{words.number(row['lag_weeks'], 0, signed=True)}" for row in outside])
        findings[family] = (
            f"{name}: growth and return move together at a lag of {lags} weeks by more than chance"
            if outside
            else f"{name}: no lag of weekly growth and return stands out from chance"
        )
    drawn = [
        {
            "t": row["lag_weeks"],
            "v": row["correlation"],
            "low": -row["band"],
            "high": row["band"],
            "family": row["family"],
            "weeks": row["weeks"],
        }
        for row in known
    ]
    x = alt.X(
        "t:Q",
        scale=alt.Scale(nice=False, padding=12),
        axis=alt.Axis(
            title="Weeks by which growth comes first", grid=False, tickMinStep=1, labelExpr=words.AXIS_SIGNED
        ),
    )
    most = min(1.0, 1.15 * max(max(abs(row["v"]), row["high"]) for row in drawn))
    y = marks.value_axis("Correlation", domain=(-most, most), expression=words.AXIS_CORRELATION)
    base = (
        alt.Chart(marks.values(drawn), height=220)
        .transform_filter(marks.picked(["family"]))
        .encode(
            x=x,
            tooltip=[
                alt.Tooltip("t:Q", title="Lag, weeks", format="+d"),
                alt.Tooltip("v:Q", title="Correlation", format="+.2f"),
                alt.Tooltip("weeks:Q", title="Weeks"),
            ],
        )
    )
    chart = alt.layer(
        base.mark_area(opacity=0.18, color=marks.MUTED).encode(y="low:Q", y2="high:Q"),
        base.mark_bar(size=6, color=marks.ACCENT).encode(y=y),
    ).add_params(*marks.picks(["family"], [next(iter(options))]))
    return Drawn(
        findings=findings,
        lead="The band holds all lags at once with 95 % where there is no relation.",
        panels=[Panel(marks.finished(chart))],
        switches=[Switch("family", "Family and share", options)],
        table=Table(
            (
                Column("name", "Family"),
                Column("ticker", "Share"),
                Column("lag_weeks", "Lag, weeks", lambda v: words.number(v, 0, signed=True), True),
                Column("correlation", "Correlation", lambda v: words.number(v, 3, signed=True), True),
                Column("band", "Band, ±", lambda v: words.number(v, 3), True),
                Column("weeks", "Weeks", words.exact, True),
            ),
            known,
        ),
    )


def _why_not(rows: Sequence[Row]) -> str:
    """The reason that most families share, and who they are."""
    families: dict[str, set[str]] = {}
    for row in rows:
        if row["reason"]:
            families.setdefault(row["reason"], set()).add(words.plain_name(row["name"]))
    if not families:
        return "No family of a listed company has weekly growth yet."
    reason, most = max(families.items(), key=lambda item: len(item[1]))
    others = len(set().union(*families.values()) - most)
    named = sorted(most, key=str.lower)
    if len(named) > NAMED:
        named = [*named[:NAMED], f"{len(named) - NAMED} more families"]
    return f"{words.listed(named)}: {reason}." + (
        f" {others} other {'families have' if others > 1 else 'family has'} other reasons." if others else ""
    )


SECTIONS = (
    Section(
        "price",
        "Adoption against share price",
        "Downloads a day and adjusted close, each as an index of the first common day.",
        f"Hugging Face Hub; {YAHOO}",
        ("adoption_and_price",),
        ("fct_family_adoption_daily", "fct_ticker_returns_daily"),
        adoption_and_price,
    ),
    Section(
        "lead_lag",
        "Does adoption lead the price?",
        "Correlation of a family's weekly growth with its maker's excess return, by lag in weeks.",
        f"Hugging Face Hub; {YAHOO}",
        ("lead_lag",),
        ("fct_adoption_lead_lag",),
        lead_lag,
    ),
)
