"""Downloads of families: the race, the league, and use against reuse.

Belongs here: what is said and drawn about adoption.
Does not belong here: openness, markets, days; how marks look (marks) and figures read (words).
"""

from collections import Counter
from collections.abc import Sequence

import altair as alt

from dagster_project.lib.report import marks, words
from dagster_project.lib.report.claim import DEFINITIONS, HUB, NO_DAYS, milestone_points, passed
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

DEFINITION_SWITCH = Switch("definition", "Counted by", DEFINITIONS)
WINDOWS = {
    "growth_7d_vs_prior_21d": ("7 days", "7 days against a week of the 21 before", 28),
    "growth_30d": ("30 days", "30 days against the 30 before", 60),
    "growth_90d": ("90 days", "90 days against the 90 before", 180),
}
LEAGUE = 12  # bars


# -- the race --------------------------------------------------------------------------------------


def families(answers: Answers) -> Drawn:
    """The largest families, cumulative, by whichever definition the reader picks."""
    rows = answers["family_downloads"]
    if not rows:
        return nothing(NO_DAYS)
    findings, reasons = {}, {}
    day = newest(rows, "activity_date")
    standing = [row for row in rows if row["activity_date"] == day]
    for definition in DEFINITIONS:
        ranked = sorted(
            (row for row in standing if row["definition"] == definition),
            key=lambda r: -r["downloads_all_time"],
        )
        if not ranked:
            reasons[definition] = "No family has a curated list in the seed curated_models."
            continue
        leaders = [
            f"{words.plain_name(r['name'])} {words.amount(r['downloads_all_time'])}" for r in ranked[:3]
        ]
        findings[definition] = (
            f"Most downloaded by {DEFINITIONS[definition].lower()}: {words.listed(leaders)}"
        )
    return Drawn(
        findings=findings,
        reasons=reasons,
        lead="The vertical axis is logarithmic: equal steps are equal ratios. Dots mark each 100 million "
        "that was passed in these days; what was passed before has none.",
        panels=[Panel(_race_chart(rows, answers["milestones"]))],
        switches=[DEFINITION_SWITCH],
        table=Table(
            (
                Column("name", "Family"),
                Column("definition", "Counted by", lambda d: DEFINITIONS[d]),
                Column("downloads_all_time", "Downloads, all time", words.exact, True),
                Column("downloads_30d", "Downloads, 30 days", words.exact, True),
                Column("models", "Models", words.exact, True),
            ),
            sorted(standing, key=lambda row: -row["downloads_all_time"]),
        ),
        day=day,
        notes=[f"Scope: {words.scope(standing[0]['scope_id'])}."],
    )


def _race_chart(rows: Sequence[Row], milestones: Sequence[Row]) -> Row:
    names = words.distinct({row["family"]: row["name"] for row in rows})
    drawn = [
        {
            "t": row["activity_date"],
            "v": row["downloads_all_time"],
            "s": names[row["family"]],
            "definition": row["definition"],
        }
        for row in marks.weekly_before(rows, "activity_date")
        if row["downloads_all_time"] > 0  # a logarithm
    ]
    by = ["definition"]
    domains = {
        definition: marks.domain_of(own, log=True)
        for definition in DEFINITIONS
        if (own := [row["v"] for row in drawn if row["definition"] == definition])
    }
    # the label at the end names a line, so the colour only has to tell neighbours apart
    colours = {name: marks.COLOURS[number % len(marks.COLOURS)] for number, name in enumerate(names.values())}
    y = marks.log_axis("Cumulative downloads, log scale", domains, by[0], words.AXIS_AMOUNT)
    layers = marks.lines(
        drawn,
        y,
        colours=colours,
        domain=domains,
        by=by,
        log=True,
        label=lambda row: f"{words.short_amount(row['v'])} {row['s']}",
        tooltip=marks.tips("Family", "Downloads", ",.0f"),
    )
    points = milestone_points(passed(milestones, names, "family")).transform_filter(marks.picked(by))
    return marks.finished(
        alt.layer(*layers, points.encode(color=marks.series_colour(colours))).add_params(
            *marks.picks(by, [next(iter(DEFINITIONS))])
        )
    )


# -- the league ------------------------------------------------------------------------------------


def league(answers: Answers) -> Drawn:
    """Who grew fastest, over 7, 30 and 90 days."""
    rows = answers["growth_league"]
    if not rows:
        return nothing(NO_DAYS)
    kinds = {"family": "Families", "publisher": "Publishers"}
    windows = {key: label for key, (label, _, _) in WINDOWS.items()}
    findings, reasons, drawn = {}, {}, []
    counts = Counter(row["kind"] for row in rows)
    for kind, members in kinds.items():
        for window, (label, compared, history) in WINDOWS.items():
            ranked = sorted(
                (row for row in rows if row["kind"] == kind and row[window] is not None),
                key=lambda r: -r[window],
            )[:LEAGUE]
            if not ranked:
                reasons[f"{kind}|{window}"] = (
                    f"No growth over {label} yet: it compares {compared}, which takes {history} days of "
                    "usable snapshots."
                )
                continue
            first = ranked[0]
            findings[f"{kind}|{window}"] = (
                f"{words.plain_name(first['name'])} grew fastest of the {words.exact(counts[kind])} most "
                f"downloaded {members.lower()}: {words.signed_percent(first[window])} over {label}"
            )
            names = words.distinct({row["member"]: row["name"] for row in ranked})
            drawn += [_bar(row, names[row["member"]], kind, window, row is first) for row in ranked]
    chart = alt.layer(
        *marks.bars(
            drawn,
            by=["kind", "window"],
            tooltip=[
                alt.Tooltip("s:N", title="Name"),
                alt.Tooltip("label:N", title="Growth"),
                alt.Tooltip("downloads:Q", title="Downloads in 30 days", format=",.0f"),
            ],
            count=LEAGUE,
            axis=alt.Axis(
                title="Growth of daily downloads, %",
                labelExpr="format(100 * datum.value, ',.0f') + ' %'",
                tickCount=4,
                titleAlign="left",
                titleAnchor="start",
            ),
        )
    ).add_params(*marks.picks(["kind", "window"], [next(iter(kinds)), next(iter(windows))]))
    return Drawn(
        findings=findings,
        reasons=reasons,
        lead="Of the 40 most downloaded of each kind. 7 days are measured against the average week of the "
        "21 days before, 30 and 90 against as many before.",
        panels=[Panel(marks.finished(chart))],
        switches=[Switch("kind", "Of", kinds), Switch("window", "Over", windows)],
        table=Table(
            (
                Column("name", "Name"),
                Column("kind", "Kind", words.first_upper),
                Column("downloads_30d", "Downloads, 30 days", words.exact, True),
                Column("growth_7d_vs_prior_21d", "7 days, %", words.signed_percent, True),
                Column("growth_30d", "30 days, %", words.signed_percent, True),
                Column("growth_90d", "90 days, %", words.signed_percent, True),
                Column("doubling_days", "Doubling time, days", lambda v: words.number(v, 0), True),
            ),
            rows,
        ),
        day=newest(rows, "activity_date"),
    )


def _bar(row: Row, name: str, kind: str, window: str, is_first: bool) -> Row:
    return {
        "s": name,
        "kind": kind,
        "window": window,
        "v": row[window],
        "label": words.signed_percent(row[window]),
        "colour": marks.ACCENT if is_first else marks.BAR,
        "downloads": row["downloads_30d"],
    }


# -- used, adapted, replicated ---------------------------------------------------------------------


def reuse(answers: Answers) -> Drawn:
    """Downloads beside what others make of a family."""
    rows = answers["used_adapted_replicated"]
    if not rows:
        return nothing(NO_DAYS)
    measures = {
        "used": "downloads in 30 days",
        "adapted": "finetunes, adapters, merges",
        "replicated": "quantisations, conversions",
    }
    tops = {measure: max(rows, key=lambda row: row[measure] or 0) for measure in measures}
    told = [f"{words.plain_name(row['name'])} is most {measure}" for measure, row in tops.items()]
    leaders = {words.plain_name(row["name"]) for row in tops.values()}
    finding = (
        f"{leaders.pop()} is the most used, adapted and replicated"
        if len(leaders) == 1
        else words.listed(told)
    ) + f" of the {len(rows)} most downloaded families{_rests_on(tops['used'])}"
    names = words.distinct({row["family"]: row["name"] for row in rows})
    panels = []
    for measure, unit in measures.items():
        drawn = [
            {
                "s": names[row["family"]],
                "v": row[measure],
                "label": words.short_amount(row[measure]),
                "colour": marks.ACCENT if row is tops[measure] else marks.BAR,
            }
            for row in rows
            if row[measure] is not None
        ]
        tooltip = [alt.Tooltip("s:N", title="Family"), alt.Tooltip("v:Q", title=unit, format=",.0f")]
        chart = alt.layer(*marks.bars(drawn, by=[], tooltip=tooltip, count=len(drawn)))
        panels.append(Panel(marks.finished(chart), f"{words.first_upper(measure)}: {unit}"))
    return Drawn(
        findings={ONLY: finding},
        lead="Lineage is what publishers declare: a derivative that names no base model is not counted.",
        panels=panels,
        table=Table(
            (
                Column("name", "Family"),
                Column("used", "Downloads, 30 days", words.exact, True),
                Column("share", "Of all downloads, %", words.percent, True),
                Column("suspect_share", "Of its downloads with a suspect relation, %", words.percent, True),
                Column("share_without_suspect", "Without suspect relations, %", words.percent, True),
                Column("adapted", "Adapted, models", words.exact, True),
                Column("replicated", "Replicated, models", words.exact, True),
                Column("new_derivatives_28d", "New derivatives, 28 days", words.exact, True),
                Column("suspect_models", "Suspect relations, models", words.exact, True),
            ),
            rows,
        ),
        day=newest(rows, "activity_date"),
        notes=[f"Scope: {words.scope(rows[0]['scope_id'])}."],
    )


def _rests_on(row: Row) -> str:
    """The share of the most used family, and what of it carries a suspect relation."""
    if row["share"] is None:
        return ""
    told = f"; {words.plain_name(row['name'])} has {words.percent(row['share'])} of the listed downloads"
    if (row["suspect_share"] or 0) < words.READS_AS_NOTHING:
        return told
    return (
        f"{told}, {words.percent(row['share_without_suspect'])} without suspect relations, which "
        f"{words.percent(row['suspect_share'])} of its own carry"
    )


SECTIONS = (
    Section(
        "families",
        "Cumulative downloads by family",
        "Cumulative downloads of the eight largest families, by one definition at a time.",
        HUB,
        ("family_downloads", "milestones"),
        ("fct_family_adoption_daily", "fct_family_milestones"),
        families,
    ),
    Section(
        "growth",
        "Growth league",
        "Growth of downloads a day, in per cent.",
        HUB,
        ("growth_league",),
        ("fct_family_growth_daily",),
        league,
    ),
    Section(
        "reuse",
        "Used, adapted, replicated",
        "Downloads in 30 days, and models that others derived, by lineage.",
        HUB,
        ("used_adapted_replicated",),
        ("fct_family_adoption_daily", "fct_share_composition_daily"),
        reuse,
    ),
)
