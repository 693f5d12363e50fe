"""The published claims that are known: a list of all with today's verdict, and a page about one.

Belongs here: what `make claim CLAIM=list` and `CLAIM=<id>` print, from the published file.
Does not belong here: a newspaper's story with its share (page), and fetching what the verdicts rest on
(dagster_project/claim.py).
"""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from dagster_project.lib.claim.paper import Paper
from dagster_project.lib.claim.queries import about, asked
from dagster_project.lib.claim.verdicts import (
    Row,
    against,
    attributed,
    bounds,
    figure,
    held,
    statement,
    told,
    unsaid,
)
from dagster_project.lib.report import words
from dagster_project.lib.warehouse.connection import reading

_KINDS: dict[str, Callable[[str], Any]] = {
    "value": int,
    "share": float,
    "window_start": date.fromisoformat,
    "window_end": date.fromisoformat,
    "published_date": date.fromisoformat,
    "is_lower_bound": "true".__eq__,
    "verified": "true".__eq__,
}


def typed(row: dict[str, str | None]) -> Row:
    """A row of the seed published_claims as the published table has it."""
    return {name: text if text is None else _KINDS.get(name, str)(text) for name, text in row.items()}


def write_list(published: Path | None, claims: list[Row]) -> str:
    """Every claim by kind with what the newest publication says of it; without one, what is claimed."""
    paper = Paper()
    paper.say(f"{len(claims)} PUBLISHED CLAIMS, CHECKED")
    verdicts: dict[str, list[Row]] = {}
    if published is None:
        paper.say(
            "Nothing is published in this data home yet, so no claim has a verdict: `make run` takes a first "
            "snapshot, `make claim CLAIM=<id>` fetches the days of one claim from the public archive."
        )
    else:
        with reading(published) as connection:
            source = about(connection)
            for row in asked(connection, "all_verdicts", {}):
                verdicts.setdefault(row["claim"], []).append(row)
        paper.say(
            f"Claims are real; verdicts are by {source['provenance']} counts up to "
            f"{source['snapshot_date']}. "
            "`make claim CLAIM=<id>` tells more of one."
        )
    kind = None
    for claim in sorted(claims, key=lambda claim: (claim["kind"] or "", claim["claim"])):
        if claim["kind"] != kind:
            kind = claim["kind"]
            paper.title(str(kind).replace("_", " "))
        paper.say(f"{claim['claim']}: {claim['publisher']} said: {statement(claim)}.")
        if claim["claim"] in verdicts:
            paper.say(f"    {words.first_upper(told(verdicts[claim['claim']]))}.")
    return paper.text()


def write_claim(published: Path, claim: Row) -> str:
    """The page of one claim: three sentences that answer it, and what they rest on."""
    with reading(published) as connection:
        source = about(connection)
        rows = asked(connection, "verdicts", {"claim": claim["claim"]})
        others = asked(connection, "contradictions", {"claim": claim["claim"]})
    data = "synthetic" if source["provenance"] == "synthetic" else "real"
    paper = Paper()
    paper.say(f"THE CLAIM, CHECKED: {claim['claim']}")
    paper.say(f"{attributed(claim)}.")
    paper.title("Answer")
    paper.say(f"{words.first_upper(told(rows))}.")
    paper.say(_rests_on(rows, data))
    paper.say(unsaid(claim))
    paper.title("Why")
    paper.table(
        ("data", "counted by", "about", "figure", "between", "verdict", "why", "true on our days"),
        [
            (
                data,
                row["definition"] or words.MISSING,
                words.text(row["activity_date"]),
                figure(row["value"], claim),
                bounds(row, claim),
                row["verdict"],
                row["verdict_reason"],
                held(row),
            )
            for row in rows
        ],
    )  # fmt: skip
    if claim["against"]:
        paper.say(f"Compared with {words.listed(against(claim))}:")
        for row in rows:
            paper.say(f"  {data}  {row['definition']}: {figure(row['compared_value'], claim)}")
    paper.title("Claims that cannot be true together with it")
    for other in others:
        least = "more than " if other["is_lower_bound"] else ""
        paper.say(
            f"  real  {other['said_date']}  {other['publisher']} ({other['claim']}): {least}"
            f"{words.exact(other['value'])} {other['metric']}; {other['reason']}"
        )
    if not others:
        paper.say("  None is known.")
    paper.title("The claim's source")
    paper.say(f"  real  It says that it counts: {words.text(claim['scope'])}")
    verified = "read at its own address" if claim["verified"] else "read at second hand or in a stored copy"
    paper.say(f"  real  {claim['source']} ({verified})")
    return paper.text()


def _rests_on(rows: list[Row], data: str) -> str:
    days = sorted({day for row in rows for day in (row["first_date"], row["last_date"]) if day is not None})
    if not days:
        return "No day that was fetched says anything of it."
    floor = any(row["is_floor"] for row in rows)
    return (
        f"This rests on {'SYNTHETIC, invented' if data == 'synthetic' else 'real'} counts from "
        f"{words.day(days[0])} to {words.day(days[-1])}"
        + (
            "; models below the top of the list are not in them, so a total is at least what it says."
            if floor
            else "."
        )
    )
