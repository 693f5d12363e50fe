"""The claim: a published figure of a family beside four ways to count it.

Belongs here: what is said and drawn about the claim, and the points of milestones.
Does not belong here: the other families (adoption), openness, markets, days; how marks look (marks).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Literal

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

HUB = "Hugging Face Hub, public API"
DEFINITIONS = {key: definition.name for key, definition in words.DEFINITIONS.items()}
NO_DAYS = "No usable snapshot day yet, so no downloads can be counted. `make run` adds a day."


def claim(answers: Answers) -> Drawn:
    """The family that others published a figure about, by four definitions, beside their figures."""
    rows, claims = answers["claim_definitions"], answers["claims"]
    if not rows:
        return nothing(
            "No family of the seed published_claims has downloads yet. " + NO_DAYS
            if claims
            else "The seed published_claims holds no claim about downloads, so there is none to check."
        )
    counted = {row["family"] for row in rows}
    about = Counter(c["family"] for c in claims if c["family"] in counted)
    family = max(sorted(about), key=lambda one: about[one])  # one story: what most claims are about
    own = [row for row in rows if row["family"] == family]
    name = words.plain_name(own[0]["name"])
    cumulative = [c for c in claims if c["family"] == family and c["measure"] == "cumulative"]
    milestones = [m for m in answers["milestones"] if m["family"] == family]
    latest = _latest(own, "definition")
    values = {key: row["downloads_all_time"] for key, row in latest.items()}
    span = words.span(min(values.values()), max(values.values()))
    finding = f"{name} has {span} downloads, depending on who counts"
    table = [
        {
            "what": DEFINITIONS[key],
            "value": value,
            "as_of": latest[key]["activity_date"],
            "source": "this publication",
        }
        for key, value in values.items()
    ] + [
        {
            "what": f"{c['publisher']}: {c['scope']}"
            + (" (a window, not a total)" if c["measure"] == "window" else ""),
            "value": c["value"],
            "as_of": c["window_end"] or c["published_date"],
            "source": c["source"],
        }
        for c in claims
        if c["family"] == family
    ]
    return Drawn(
        findings={ONLY: finding},
        lead=_crossing(cumulative, milestones, values),
        panels=[Panel(_claim_chart(own, cumulative, milestones))],
        table=Table(
            (
                Column("what", "Counted by"),
                Column("value", "Downloads", words.exact, True),
                Column("as_of", "As of", words.day),
                Column("source", "Source"),
            ),
            table,
        ),
        day=newest(own, "activity_date"),
    )


def _crossing(claims: Sequence[Row], milestones: Sequence[Row], values: dict[str, float]) -> str:
    """When each definition passed the figure that was claimed most often."""
    if not claims:
        return ""
    ((value, _),) = Counter(claim["value"] for claim in claims).most_common(1)
    crossed = {
        milestone["definition"]: words.between(milestone["reached_after"], milestone["reached_by"])
        for milestone in milestones
        if milestone["milestone"] == value
    }
    by_answer: dict[str, list[str]] = {}
    for definition, name in DEFINITIONS.items():
        if (counted := values.get(definition)) is None:
            continue
        # a figure between two milestones has no day of its own
        answer = crossed.get(definition) or ("above" if counted >= value else "below")
        by_answer.setdefault(answer, []).append(name.lower())
    told = []
    for answer, definitions in by_answer.items():
        if answer == "below":
            told.append(f"{words.listed(definitions)} did not reach it")
        elif answer == "above":
            told.append(f"{words.listed(definitions)} passed it")
        else:
            told.append(f"{words.listed(definitions)} passed it {answer}")
    who = words.listed(
        [
            claim["publisher"]
            + (f" on {words.day(claim['published_date'])}" if claim["published_date"] else "")
            for claim in claims
            if claim["value"] == value
        ]
    )
    least = "at least " if any(c["value"] == value and c["is_lower_bound"] for c in claims) else ""
    return f"{who} said {least}{words.amount(value)}. Counted here: {'; '.join(told)}."


def _claim_chart(own: Sequence[Row], claims: Sequence[Row], milestones: Sequence[Row]) -> Row:
    rows = [
        {"t": row["activity_date"], "v": row["downloads_all_time"], "s": DEFINITIONS[row["definition"]]}
        for row in marks.weekly_before(own, "activity_date")
    ]
    dated = [
        {
            "t": claim["window_end"] or claim["published_date"],  # of which it speaks
            "v": claim["value"],
            "s": claim["publisher"],
            "claimed": ("at least " if claim["is_lower_bound"] else "") + words.amount(claim["value"]),
        }
        for claim in claims
    ]
    # the figure that was said most often carries its label; those of all would lie on each other
    ((said, times),) = Counter(row["v"] for row in dated).most_common(1) or [(None, 0)]
    named = [
        {**row, "label": f"Claimed: {words.short_amount(said)}" + (f" (×{times})" if times > 1 else "")}
        for row in dated
        if row["v"] == said
    ][:1]
    domain = marks.domain_of([row["v"] for row in rows + dated])
    # these three often agree: of lines that lie on each other each shows in turn
    dashes = {DEFINITIONS["lineage_clean"]: (12, 24, 0), DEFINITIONS["organisation"]: (12, 24, 24)}
    colours = dict(zip(DEFINITIONS.values(), marks.COLOURS, strict=False))
    y = marks.value_axis("Cumulative downloads", domain=domain, expression=words.AXIS_AMOUNT)
    return marks.finished(
        alt.layer(
            *marks.lines(
                rows,
                y,
                colours=colours,
                domain=domain,
                label=lambda row: f"{words.short_amount(row['v'])} {_SHORT[row['s']]}",
                tooltip=marks.tips("Counted by", "Downloads", ",.0f"),
                dashes=dashes,
            ),
            milestone_points(passed(milestones, DEFINITIONS, "definition")).encode(
                color=marks.series_colour(colours)
            ),
            alt.Chart(marks.values(dated))
            .mark_point(shape="diamond", size=110, strokeWidth=2, color=marks.INK, filled=False)
            .encode(
                x=marks.time_axis(),
                y="v:Q",
                tooltip=[
                    alt.Tooltip("s:N", title="Published by"),
                    alt.Tooltip("claimed:N", title="Downloads"),
                ],
            ),
            *_claim_labels(named, [row["t"] for row in rows + dated]),
        )
    )


def _claim_labels(rows: Sequence[Row], days: Sequence[date]) -> list[Any]:
    """Labels left of claims in the right half, where the lines have theirs, and right of the others."""
    middle = min(days) + (max(days) - min(days)) / 2
    sides: tuple[tuple[Literal["left", "right"], bool], ...] = (("left", False), ("right", True))
    return [
        alt.Chart(marks.values([row for row in rows if (row["t"] > middle) == is_late]))
        .mark_text(align=align, dy=-14, dx=5 if is_late else -5)
        .encode(x=marks.time_axis(), y="v:Q", text="label:N")
        for align, is_late in sides
    ]


_SHORT = {
    name: {"lineage_clean": "no tests", "curated": "curated"}.get(key, key)
    for key, name in DEFINITIONS.items()
}


def passed(milestones: Sequence[Row], names: Mapping[str, str], of: str) -> list[Row]:
    """Where a line crossed a milestone inside our days."""
    return [
        {
            "t": m["reached_by"],
            "v": m["downloads_all_time_then"]
            or m["milestone"],  # on the line, however far its days are apart
            "s": names[m[of]],
            "definition": m["definition"],
            "passed": f"{words.amount(m['milestone'])} {words.between(m['reached_after'], m['reached_by'])}",
        }
        for m in milestones
        if m["is_event"] and m[of] in names
    ]


def milestone_points(rows: Sequence[Row]) -> Any:
    """Dots where lines crossed a milestone."""
    return (
        alt.Chart(marks.values(rows))
        .mark_circle(size=70, opacity=1, stroke=marks.PAPER, strokeWidth=1.5)
        .encode(
            x=marks.time_axis(),
            y="v:Q",
            tooltip=[alt.Tooltip("s:N", title="Milestone of"), alt.Tooltip("passed:N", title="Passed")],
        )
    )


def _latest(rows: Sequence[Row], name: str) -> dict[str, Row]:
    """The newest row of each value of a column."""
    latest: dict[str, Row] = {}
    for row in rows:
        if row[name] not in latest or row["activity_date"] > latest[row[name]]["activity_date"]:
            latest[row[name]] = row
    return latest


SECTIONS = (
    Section(
        "claim",
        "The claim, by four definitions",
        "Cumulative downloads of the family that others wrote about; lines that agree are dashed in turn. "
        "Diamonds are published figures, dots are milestones.",
        HUB,
        ("claim_definitions", "claims", "milestones"),
        ("fct_family_adoption_daily", "fct_family_milestones", "published_claims"),
        claim,
    ),
)
