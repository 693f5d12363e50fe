"""The four small upstreams as OpenRouter, models.dev, npm and pypistats answer, with their faults.

Belongs here: paths, parameters, limits and errors of the four, and what each fault does to an answer.
Does not belong here: the figures (api_world) and the server around them (server).
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from email.message import Message
from typing import NamedTuple

import orjson

from dagster_project.synthetic.api_world import (
    FIRST_TOKENS,
    NPM_LOST_DAY,
    PACKAGES,
    PYPI_DAYS,
    as_of,
    catalogue_of,
    installs_of,
    tokens_of,
)
from dagster_project.synthetic.faults import CATALOGUE_PATH, NPM_PATH, PYPI_PATH, TOKENS_PATH, Fault

SYNTHETIC_KEY = "sk-or-v1-synthetic"  # the only key that this world knows
NPM_LONGEST = 549  # days, 18 months
TOKENS_LONGEST = 366
STEALTH = "stealth/quiet-fox"


class Found(NamedTuple):
    """Status and body of an answer."""

    status: int
    body: bytes


def answer(
    path: str,
    query: Mapping[str, list[str]],
    headers: Mapping[str, str] | Message,
    now: datetime,
    faults: list[Fault],
) -> Found | None:
    """The answer of whichever of the four has the path; None if none has."""
    kinds = {fault.kind: fault for fault in faults}
    said = {name: values[-1] for name, values in query.items()}
    if path == TOKENS_PATH:
        return _tokens(said, headers.get("Authorization"), now, kinds)
    if path == CATALOGUE_PATH:
        return _found({} if "no_rows" in kinds else catalogue_of(now.date()))
    if path.startswith(NPM_PATH):
        return _npm(path.removeprefix(NPM_PATH), now.date(), kinds)
    if path.startswith(PYPI_PATH) and path.endswith("/overall"):
        package = path.removeprefix(PYPI_PATH).removesuffix("/overall")
        return _pypi(package, said, now.date(), kinds)
    return None


def _tokens(said: dict[str, str], authorization: str | None, now: datetime, kinds: dict[str, Fault]) -> Found:
    if authorization != f"Bearer {SYNTHETIC_KEY}":
        return _found({"error": {"code": 401, "message": "No auth credentials found"}}, 401)
    try:
        last = date.fromisoformat(said.get("end_date") or str(now.date() - timedelta(days=1)))
        first = date.fromisoformat(said.get("start_date") or str(last - timedelta(days=30)))
    except ValueError as error:
        return _found({"error": {"code": 400, "message": str(error)}}, 400)
    if not last >= FIRST_TOKENS or first > last or (last - first).days >= TOKENS_LONGEST:
        return _found({"error": {"code": 400, "message": f"No window: {first} to {last}"}}, 400)
    first = max(first, FIRST_TOKENS)
    stated = as_of(now)
    rows = [
        {"date": str(day), "model_permaslug": slug, "total_tokens": str(count)}
        for day in _days(first, last)
        for slug, count in tokens_of(day, stated)
    ]
    for kind, fault in kinds.items():
        rows = _spoil_tokens(rows, kind, fault)
    meta = {
        "as_of": f"{stated:%Y-%m-%dT%H:%M:%SZ}",
        "start_date": str(first),
        "end_date": str(last),
        "version": "v1",
    }
    return _found({"data": rows, "meta": meta})


def _spoil_tokens(rows: list[dict[str, str]], kind: str, fault: Fault) -> list[dict[str, str]]:
    days = sorted({row["date"] for row in rows})
    if kind == "no_rows" or not days:
        return []
    if kind == "bad_tokens":  # the largest model of the last day
        spoiled = next(n for n, row in enumerate(rows) if row["date"] == days[-1])
        rows[spoiled] = {**rows[spoiled], "total_tokens": fault.text("text")}
    if kind == "no_other":
        return [row for row in rows if (row["date"], row["model_permaslug"]) != (days[-1], "other")]
    if kind == "date_gap":
        return [row for row in rows if row["date"] != days[-2:][0]]
    if kind == "unclassified":  # what stands third becomes a model that nobody knows
        third = {day: [row for row in rows if row["date"] == day][2]["model_permaslug"] for day in days}
        return [
            {**row, "model_permaslug": STEALTH} if third[row["date"]] == row["model_permaslug"] else row
            for row in rows
        ]
    if kind == "restated":
        factor = int(fault.number("factor"))
        return [
            {**row, "total_tokens": str(int(row["total_tokens"]) * factor)}
            if row["date"] == days[-1]
            else row
            for row in rows
        ]
    return rows


def _npm(rest: str, today: date, kinds: dict[str, Fault]) -> Found:
    period, _, package = rest.partition("/")
    try:
        first, last = map(date.fromisoformat, period.split(":"))
    except ValueError:
        return _found({"error": f"invalid period {period}"}, 400)
    if first > last or (last - first).days > NPM_LONGEST or "," in package:
        return _found({"error": "end date before start date, more than 18 months, or a list"}, 400)
    if ("npm", package) not in PACKAGES:
        return _found({"error": f"package {package} not found"}, 404)
    days = [] if "no_rows" in kinds else _days(first, last)
    downloads = [
        {
            "day": str(day),
            # a day that is not counted yet, or was lost, is answered as 0
            "downloads": installs_of("npm", package, day) if day < today and day != NPM_LOST_DAY else 0,
        }
        for day in days
    ]
    name = kinds["renamed"].text("name") if "renamed" in kinds else package
    return _found({"downloads": downloads, "start": str(first), "end": str(last), "package": name})


def _pypi(package: str, said: dict[str, str], today: date, kinds: dict[str, Fault]) -> Found:
    if ("pypi", package) not in PACKAGES:
        return Found(404, b"<!doctype html><title>404 Not Found</title>")
    categories = {"without_mirrors": 1.0} if said.get("mirrors") == "false" else {}
    categories = categories or {"with_mirrors": 1.04, "without_mirrors": 1.0}
    yesterday = today - timedelta(days=1)
    days = [] if "no_rows" in kinds else _days(today - timedelta(days=PYPI_DAYS), yesterday)
    rows = [
        {"category": name, "date": str(day), "downloads": int(installs_of("pypi", package, day) * factor)}
        for name, factor in categories.items()
        for day in days
    ]
    name = kinds["renamed"].text("name") if "renamed" in kinds else package
    return _found({"data": rows, "package": name, "type": "overall_downloads"})


def _days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def _found(answered: object, status: int = 200) -> Found:
    return Found(status, orjson.dumps(answered))
