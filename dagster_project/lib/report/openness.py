"""Shares: how open downloads are, and of which countries.

Belongs here: what is said and drawn about openness and countries.
Does not belong here: families, markets, days; how marks look (marks) and figures read (words).
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import altair as alt

from dagster_project.lib.report import marks, words
from dagster_project.lib.report.claim import HUB, NO_DAYS
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

GROUPS = {
    "open_weights": "Open weights",
    "open_commercial": "Commercial use",
    "osi_licence": "OSI licence",
    "gated": "Gated",
    "restricted": "Restricted",
    "unknown": "Unknown",
}
NOTHING_KNOWN = 0.99  # of models with unknown licence or access: a day without gating, not a finding
_OF_SCOPE = "Shares are of {}, never of the whole Hub."
ALONE = {"language_models": "Of language models, "}  # begins what is said of them
RELATIONS = {
    "all": "All models",
    "language_models": "Language models",
    "without_suspect": "Without suspect relations",
}
OPENNESS_MEASURES = {
    "share_downloads_30d": ("Downloads, 30 days", "downloads in 30 days go to"),
    "share_net_1d": ("Downloads of the day", "the day's downloads go to"),
    "share_models": ("Models", "models are"),
}
COUNTRIES = ("China", "United States", "Europe", "rest", "unknown")
COUNTRY_OF = {
    "publisher": "Publisher",
    "language_models": "Publisher, of language models",
    "base_model": "Base model's publisher",
}
COUNTRY_MEASURES = {
    "share_downloads_30d": ("Downloads, 30 days", "downloads in 30 days"),
    "share_derivatives": ("Derivatives", "derivatives"),
    "share_new_models_28d": ("New models, 28 days", "models created in the last 28 days"),
}
# what fct_share_composition_daily measures, and what a family then has a suspect part of
COMPOSED = {
    "share_downloads_30d": ("downloads_30d", "downloads"),
    "share_net_1d": ("net_1d", "downloads"),
    "share_models": ("models", "models"),
    "share_derivatives": ("derivatives", "derivatives"),
}
_NOTHING_COMPOSED = dict.fromkeys(
    ("largest_family", "share_without_largest_family", "largest_family_suspect_share")
)


# -- what a share rests on -------------------------------------------------------------------------


def _composition(answers: Answers, day: date | None) -> Mapping[tuple[str, ...], Row]:
    """Of the day, by population, what has the share, and measure."""
    return {
        (row["population"], row["share_of"], row["subject"], row["measure"]): row
        for row in answers["composition"]
        if row["activity_date"] == day
    }


def _and_without_largest(row: Row | None, of: str) -> str:
    """The same share without its largest family, to end a title with."""
    if row is None or row["share_without_largest_family"] is None:
        return ""
    suspect = row["largest_family_suspect_share"]
    is_told = suspect >= words.READS_AS_NOTHING
    return (
        f", and {words.percent(row['share_without_largest_family'])} without "
        f"{words.plain_name(row['largest_family'])}"
        + (f", {words.percent(suspect)} of whose {of} carry a suspect relation" if is_told else "")
    )


def _without_suspect(row: Row | None) -> list[str]:
    """The same share without suspect relations, to begin a detail with."""
    if row is None or row["share_without_suspect"] is None:
        return []
    return [f"Without suspect relations it is {words.percent(row['share_without_suspect'])}."]


# -- openness --------------------------------------------------------------------------------------


def openness(answers: Answers) -> Drawn:
    """Share of each named group over time; the unknown share stands beside the others."""
    if not answers["openness_share"]:
        return nothing(NO_DAYS)
    dark = {
        row["activity_date"]
        for row in answers["openness_share"]
        if row["openness_group"] == "unknown" and (row["share_models"] or 0) > NOTHING_KNOWN
    }
    rows = [row for row in answers["openness_share"] if row["activity_date"] not in dark]
    if not rows:
        return nothing(
            "Whether a model may be downloaded without asking is known of no day yet: the archive's days "
            "have no gating. `make run` adds a day that has it."
        )
    day = newest(rows, "activity_date")
    left_out = dark and [
        f"Left out: {len(dark)} days up to {words.day(max(dark))}, of which no model's access is known "
        "(the archive's days have no gating)."
    ]
    composed = _composition(answers, day)
    findings, details = {}, {}
    for relations in RELATIONS:
        for measure, (_, of) in OPENNESS_MEASURES.items():
            now = {
                row["openness_group"]: row
                for row in rows
                if row["activity_date"] == day and row["relations"] == relations
            }
            name, what = COMPOSED[measure]
            rests_on = composed.get((relations, "openness", "osi_licence", name))
            said = _openness_finding(now, measure, of)
            findings[f"{measure}|{relations}"] = said + _and_without_largest(rests_on, what)
            details[f"{measure}|{relations}"] = " ".join(
                [*_without_suspect(rests_on), *_openness_detail(rows, now, measure)]
            )
    drawn = [
        {
            "t": row["activity_date"],
            "v": row[measure],
            "s": GROUPS[row["openness_group"]],
            "relations": row["relations"],
            "measure": measure,
        }
        for row in marks.weekly_before(rows, "activity_date")
        for measure in OPENNESS_MEASURES
        if row[measure] is not None
    ]
    colours = dict(zip(GROUPS.values(), marks.COLOURS, strict=True))
    return Drawn(
        findings=findings,
        details=details,
        lead="Groups overlap: OSI-licensed weights are open weights, too. Gated is not closed. Classes are "
        "as seen on the day, and never restated backwards. Language models write text, by the task of their "
        "listing (seed pipeline_kinds).",
        panels=[
            Panel(
                _share_chart(
                    drawn, colours, "Group", ["measure", "relations"], ["share_downloads_30d", "all"]
                )
            )
        ],
        switches=[
            Switch("measure", "Share of", {key: label for key, (label, _) in OPENNESS_MEASURES.items()}),
            Switch("relations", "Counting", RELATIONS),
        ],
        table=Table(
            (
                Column("openness_group", "Group", lambda g: GROUPS[g]),
                Column("relations", "Counting", lambda r: RELATIONS[r]),
                Column("share_downloads_30d", "Downloads 30 days, %", words.percent, True),
                Column("share_downloads_30d_change_28d", "Change in 28 days", _points, True),
                Column("share_net_1d", "Downloads of the day, %", words.percent, True),
                Column("share_models", "Models, %", words.percent, True),
            ),
            [row for row in rows if row["activity_date"] == day],
        ),
        day=day,
        notes=[_OF_SCOPE.format(words.scope(rows[-1]["scope_id"])), *left_out],
    )


def _points(change: float | None) -> str:
    return words.MISSING if change is None else f"{words.number(100 * change, 1, signed=True)} points"


def _openness_finding(now: Mapping[str, Row], measure: str, of: str) -> str:
    osi = now.get("osi_licence")
    if osi is None or osi[measure] is None:
        return "The share of OSI-licensed models is not known for the newest day"
    kind = "OSI-licensed" if of.endswith("are") else "OSI-licensed models"
    return f"{ALONE.get(osi['relations'], '')}{words.percent(osi[measure])} of {of} {kind}"


def _openness_detail(rows: Sequence[Row], now: Mapping[str, Row], measure: str) -> list[str]:
    """The change, and the unknown share, which stands beside every share; a day without it has no row."""
    osi, unknown = now.get("osi_licence"), now.get("unknown")
    if osi is None or osi[measure] is None:
        return []
    before = [
        row
        for row in rows
        if row["openness_group"] == "osi_licence"
        and row["relations"] == osi["relations"]
        and row["scope_id"] == osi["scope_id"]
        and row["activity_date"] <= osi["activity_date"] - timedelta(days=28)
        and row[measure] is not None
    ]
    told = []
    if before:
        told.append(f"It is {words.points(osi[measure] - before[-1][measure])} than 28 days before.")
    if unknown is not None and unknown[measure] is not None:
        told.append(f"The licence or access of {words.percent(unknown[measure])} is unknown.")
    return told


def _share_chart(
    drawn: Sequence[Row], colours: Mapping[str, str], what: str, by: Sequence[str], defaults: Sequence[str]
) -> Row:
    domain = (0.0, max(row["v"] for row in drawn) * 1.04)
    y = marks.value_axis("Share", domain=domain, expression=words.AXIS_PERCENT)
    layers = marks.lines(
        drawn,
        y,
        colours=colours,
        domain=domain,
        by=by,
        label=lambda row: f"{words.percent(row['v'])} {row['s']}",
        tooltip=marks.tips(what, "Share", ".1%"),
    )
    return marks.finished(alt.layer(*layers).add_params(*marks.picks(by, defaults)))


# -- countries -------------------------------------------------------------------------------------


def countries(answers: Answers) -> Drawn:
    """China, United States, Europe, rest and unknown."""
    rows = _with_share_of_new(answers["countries"])
    if not rows:
        return nothing(NO_DAYS)
    day = newest(rows, "activity_date")
    composed = _composition(answers, day)
    standing = [row for row in rows if row["activity_date"] == day]
    findings, details = {}, {}
    for of in COUNTRY_OF:
        for measure in COUNTRY_MEASURES:
            now = {row["country_group"]: row for row in standing if row["country_of"] == of}
            key = f"{of}|{measure}"
            findings[key], details[key] = _countries_finding(now, measure, of, composed)
    drawn = [
        {
            "t": row["activity_date"],
            "v": row[measure],
            "s": words.first_upper(row["country_group"]),
            "country_of": row["country_of"],
            "measure": measure,
        }
        for row in marks.weekly_before(rows, "activity_date")
        for measure in COUNTRY_MEASURES
        if row[measure] is not None
    ]
    colours = dict(
        zip(map(words.first_upper, COUNTRIES), (*marks.COLOURS[1::-1], *marks.COLOURS[2:5]), strict=True)
    )
    return Drawn(
        findings=findings,
        details=details,
        lead="The country is the seat of the publisher's company, as the seed publishers lists it; most "
        "accounts belong to no company that it lists.",
        panels=[
            Panel(
                _share_chart(
                    drawn, colours, "Country", ["country_of", "measure"], ["publisher", "share_downloads_30d"]
                )
            )
        ],
        switches=[
            Switch("country_of", "Country of the", COUNTRY_OF),
            Switch("measure", "Share of", {key: label for key, (label, _) in COUNTRY_MEASURES.items()}),
        ],
        table=Table(
            (
                Column("country_group", "Country", words.first_upper),
                Column("country_of", "Of the", lambda of: COUNTRY_OF[of]),
                Column("share_downloads_30d", "Downloads 30 days, %", words.percent, True),
                Column(
                    "share_downloads_30d_without_suspect", "Without suspect relations, %", words.percent, True
                ),
                Column("largest_family", "Largest family"),
                Column("share_without_largest_family", "Without it, %", words.percent, True),
                Column(
                    "largest_family_suspect_share", "Of it with a suspect relation, %", words.percent, True
                ),
                Column("share_derivatives", "Derivatives, %", words.percent, True),
                Column("new_models_28d", "New models, 28 days", words.exact, True),
            ),
            [{**composed.get((*_place(row), "downloads_30d"), _NOTHING_COMPOSED), **row} for row in standing],
        ),
        day=day,
        notes=[_OF_SCOPE.format(words.scope(rows[-1]["scope_id"]))],
    )


def _place(row: Row) -> tuple[str, str, str]:
    """Where the composition of the row's share stands."""
    if row["country_of"] in ALONE:
        return row["country_of"], "publisher_country", row["country_group"]
    return "all", f"{row['country_of']}_country", row["country_group"]


def _countries_finding(
    now: Mapping[str, Row], measure: str, of: str, composed: Mapping[tuple[str, ...], Row]
) -> tuple[str, str]:
    """The largest of three with what it rests on, and beside it the others."""
    what = COUNTRY_MEASURES[measure][1]
    shares = {country: row[measure] for country, row in now.items() if row[measure] is not None}
    known = sorted(
        (country for country in ("China", "United States", "Europe") if country in shares),
        key=lambda country: (shares[country], country),
        reverse=True,
    )
    if not known:
        return f"The countries of {what} are not known for the newest day", ""
    first, *others = known
    name, noun = COMPOSED.get(measure, ("", ""))
    rests_on = composed.get((*_place(now[first]), name))
    has = {
        country: f"{country.replace('United', 'the United')} has {words.percent(share)}"
        for country, share in shares.items()
    }
    title = words.first_upper(f"{ALONE.get(of, '')}{has[first]} of {what}")
    told = [has[country] for country in others]
    if "unknown" in shares:
        told.append(f"of {words.percent(shares['unknown'])} the country is unknown")
    whose = COUNTRY_OF["publisher" if of in ALONE else of].lower()
    return title + _and_without_largest(rests_on, noun), " ".join(
        [
            *_without_suspect(rests_on),
            *([f"{words.first_upper(words.listed(told))}."] if told else []),
            f"By country of the {whose}.",
        ]
    )


def _with_share_of_new(rows: Sequence[Row]) -> list[Row]:
    totals: dict[tuple[object, object], float] = {}
    for row in rows:
        key = (row["activity_date"], row["country_of"])
        totals[key] = totals.get(key, 0) + (row["new_models_28d"] or 0)
    shares = []
    for row in rows:
        total = totals[row["activity_date"], row["country_of"]]
        known = row["new_models_28d"] is not None and total > 0
        shares.append({**row, "share_new_models_28d": row["new_models_28d"] / total if known else None})
    return shares


SECTIONS = (
    Section(
        "openness",
        "Openness over time",
        "Share of each named group of openness, in per cent.",
        HUB,
        ("openness_share", "composition"),
        ("fct_openness_groups_daily", "fct_share_composition_daily"),
        openness,
    ),
    Section(
        "countries",
        "China, United States, Europe",
        "Share by country, in per cent.",
        HUB,
        ("countries", "composition"),
        ("fct_share_composition_daily",),
        countries,
    ),
)
