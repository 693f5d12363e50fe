"""What a published claim says, and what our counts say of it, in words.

Belongs here: sentences from a row of published_claims and rows of fct_claim_checks.
Does not belong here: the verdicts themselves (sql), and where the sentences stand (page, known).
"""

from collections.abc import Callable
from typing import Any

from dagster_project.lib.report import words

Row = dict[str, Any]
FLOOR = "on a count that is a floor"
_SUBJECT = {
    "family": "the family ",
    "country": "models of ",
    "licence": "models under ",
    "class": "models of class ",
}


_POPULATIONS = {"created_in_window": "of new models ", "language_models": "of language models "}


def named(subject: str) -> str:
    """family:qwen as a reader says it."""
    kind, _, name = subject.partition(":")
    return _SUBJECT.get(kind, "") + name


def against(claim: Row) -> list[str]:
    """What it is compared with, as a reader says it."""
    return [named(one.strip()) for one in claim["against"].split(";")]


def statement(claim: Row) -> str:
    """What the claim says, without who said it."""
    if claim["not_comparable"]:  # whatever stands for its subject is another thing
        return f"{_figure_of(claim)} ({claim['scope']})"
    subject = named(claim["subject"] or f"family:{claim['family']}")
    least = "more than " if claim["is_lower_bound"] else ""
    end = words.day(claim["window_end"])
    period = (
        f"from {words.day(claim['window_start'])} to {end}" if claim["measure"] == "window" else f"by {end}"
    )
    if claim["measure"] == "rolling_30d":
        period = f"in the 30 days up to {end}"
    if claim["against"]:
        together = " together" if len(against(claim)) > 1 else ""
        return f"{subject} had more {claim['metric']} than {words.listed(against(claim))}{together} {period}"
    if claim["share"] is not None:
        part = f"{least}{words.percent(claim['share'])}"
        if claim["kind"] == "share_of_derivatives":
            return f"{part} of the finetunes made {period} had {subject} as base"
        of = _POPULATIONS.get(claim["population"], "")
        return f"{part} of the {claim['metric']} {of}{period} were of {subject}"
    return f"{subject} had {least}{words.amount(claim['value'])} {claim['metric']} {period}"


def attributed(claim: Row) -> str:
    """What the claim says, with who said it and when."""
    said_on = f" on {words.day(claim['published_date'])}" if claim["published_date"] else ""
    return f"{claim['publisher']} said{said_on}: {statement(claim)}"


def unsaid(claim: Row) -> str:
    """What the claim leaves open, as a sentence."""
    if claim["unsaid"]:
        return f"The claim leaves unsaid: {claim['unsaid']}"
    return "Nothing is noted of what the claim leaves unsaid."


def _figure_of(claim: Row) -> str:
    least = "more than " if claim["is_lower_bound"] else ""
    what = words.percent(claim["share"]) if claim["value"] is None else words.amount(claim["value"])
    return f"{least}{what} {claim['metric']}"


def told(rows: list[Row]) -> str:
    """The verdicts of all definitions in one part of a sentence, the clearest first."""
    by_verdict: dict[str, list[Row]] = {}
    for row in rows:
        by_verdict.setdefault(row["verdict"], []).append(row)
    parts = []
    if passed := by_verdict.get("passed"):
        parts.append(f"passed{_by(passed)}")
    for verdict in ("short by", "above by"):
        if off := by_verdict.get(verdict):
            each = [f"{words.percent(abs(row['difference']))}{_by([row])}" for row in off]
            floor = f", {FLOOR}" if verdict == "short by" and any(row["is_floor"] for row in off) else ""
            parts.append(f"{verdict} {words.listed(each)}{floor}")
    for verdict in ("cannot be told", "not comparable"):
        same: dict[str, list[Row]] = {}
        for row in by_verdict.get(verdict, []):
            same.setdefault(row["verdict_reason"], []).append(row)
        parts += [f"{verdict}{_by(some)} ({reason})" for reason, some in same.items()]
    return "; ".join(parts)


def held(row: Row) -> str:
    """On which days of ours it was true."""
    if row["first_held_date"] is None:
        return "never"
    if row["first_held_date"] == row["last_held_date"]:
        return f"{row['first_held_date']}"
    return f"{row['first_held_date']} to {row['last_held_date']}"


def figure(value: float | None, claim: Row) -> str:
    """A figure in the unit of the claim."""
    return words.percent(value) if claim["share"] is not None else words.exact(value)


def bounds(row: Row, claim: Row) -> str:
    """Between which bounds our figure lies."""
    if row["value"] is None:
        return words.MISSING
    return between(row, claim, lambda value: figure(value, claim))


def between(row: Row, claim: Row, show: Callable[[float], str]) -> str:
    """The bounds of a figure that there is. A count that is a floor has models above them."""
    low, upper = show(row["lower_bound"]), row["upper_bound"]
    high = low if upper is None else show(upper)
    is_open = upper is None or (row["is_floor"] and claim["share"] is None)
    span = low if low == high else f"{low} to {high}"
    return f"{span} or more" if is_open else span


def _by(rows: list[Row]) -> str:
    names = [row["definition"] for row in rows if row["definition"]]
    return f" by {words.listed(names)}" if names else ""
