"""Tokens per model and day that OpenRouter routes, every fetch kept.

Belongs here: which windows to ask for, reading the answer, and adding its rows as they were stated then.
Does not belong here: which model is open (SQL), requests in general (web) and landing (fetch).
"""

import re
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any

import duckdb
import orjson

from dagster_project.lib.record.append import add_rows
from dagster_project.lib.seeds.tables import attribution_of
from dagster_project.lib.settings import OPENROUTER_ENDPOINT, Settings
from dagster_project.lib.sources.fetch import (
    Outcome,
    Reading,
    Request,
    fetch_all,
    refuse_mixed,
    status_rows,
    tell,
)
from dagster_project.lib.sources.web import Web
from dagster_project.lib.warehouse.raw_tables import OPENROUTER, OPENROUTER_FETCHES, OPENROUTER_TOKENS

PATH = "/api/v1/datasets/rankings-daily"
FIRST_DAY = date(2025, 1, 1)  # the data set's own first day
WINDOW_DAYS = 366  # longest window of a request
RESTATED_DAYS = 35  # asked for again each day, because figures are restated
PACE = 2.0  # seconds: the source allows 30 requests a minute and 500 a day
LONGEST_NUMBER = 30  # digits: a sum of 10 million such numbers still fits into decimal(38,0)
OTHER = "other"
NO_KEY = (
    "OPENROUTER_API_KEY is not set, so no tokens were asked for: any key of openrouter.ai will do, "
    "the data set costs nothing"
)

_Row = tuple[date, str, int | None, str | None]


def snapshot_tokens(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    day: date,
    now: datetime,
) -> list[Outcome]:
    """The last RESTATED_DAYS complete days as they are stated now. Grain: a day; raises nothing."""
    last = day - timedelta(days=1)
    return fetch_tokens(
        connection,
        settings,
        day,
        now,
        last - timedelta(days=RESTATED_DAYS - 1),
        last,
        scope_id="daily",
    )


def fetch_tokens(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    day: date,
    now: datetime,
    first: date,
    last: date,
    *,
    scope_id: str = "history",
) -> list[Outcome]:
    """Ask for the days first..last and add what is stated, in one transaction.

    `now` is the UTC time by the Hub's clock. A source that fails leaves a status row and raises nothing.
    """
    windows = windows_of(first, min(last, day - timedelta(days=1)))
    if settings.openrouter_key is None:
        outcomes = [Outcome(_item(*window), now, "no_key", NO_KEY) for window in windows[:1]]
        for outcome in outcomes:
            tell(OPENROUTER, outcome)
    else:
        key = {"Authorization": f"Bearer {settings.openrouter_key}"}
        requests = [
            Request(_item(a, b), PATH, {"start_date": str(a), "end_date": str(b), "period": "day"}, key)
            for a, b in windows
        ]
        with Web(settings.openrouter_endpoint, OPENROUTER_ENDPOINT, PACE) as web:
            outcomes = fetch_all(
                settings, OPENROUTER, day, now, requests, web, read_answer, scope_id=scope_id
            )
    _store(connection, settings, day, outcomes)
    return outcomes


def windows_of(first: date, last: date) -> list[tuple[date, date]]:
    """Windows that one request each may ask for, from the data set's first day on."""
    windows = []
    start = max(first, FIRST_DAY)
    while start <= last:
        end = min(last, start + timedelta(days=WINDOW_DAYS - 1))
        windows.append((start, end))
        start = end + timedelta(days=1)
    return windows


def read_answer(item: str, body: bytes) -> Reading:
    """Rows (day, permaslug, tokens, text that is no number) of an answer; what is wrong is named."""
    first, last = map(date.fromisoformat, item.split(".."))
    try:
        answer = orjson.loads(body)
    except orjson.JSONDecodeError:
        return Reading("malformed", f"the answer is no JSON: it begins {body[:40]!r}")
    found = answer.get("data") if isinstance(answer, dict) else None
    as_of = _moment(answer.get("meta")) if isinstance(answer, dict) else None
    if not isinstance(found, list) or as_of is None:
        return Reading("malformed", "the answer has no list `data` with a time `meta.as_of`")
    if not found:
        return Reading("empty", f"a valid answer without a row for {item}", as_of=as_of)
    rows: list[_Row] = []
    problems: list[str] = []
    for entry in found:
        row = _read_row(entry)
        if row is None or not first <= row[0] <= last:
            problems.append(f"a row that is none of {item}: {str(entry)[:80]}")
            continue
        rows.append(row)
        if row[2] is None:
            problems.append(f"{row[1]} of {row[0]}: {row[3]!r} is no number of tokens")
    problems += _holes(rows, first, last)
    detail = "; ".join(problems[:5]) + (f"; and {len(problems) - 5} more" if len(problems) > 5 else "")
    return Reading("partial" if problems else "ok", detail or None, list(rows), as_of)


def _read_row(entry: Any) -> _Row | None:
    if not isinstance(entry, dict):
        return None
    day, slug, text = entry.get("date"), entry.get("model_permaslug"), entry.get("total_tokens")
    if not isinstance(slug, str) or not slug or not isinstance(day, str):
        return None
    try:
        token_date = date.fromisoformat(day)
    except ValueError:
        return None
    if isinstance(text, str) and re.fullmatch(rf"[0-9]{{1,{LONGEST_NUMBER}}}", text):
        return token_date, slug, int(text), None
    return token_date, slug, None, str(text)[:60]


def _holes(rows: list[_Row], first: date, last: date) -> list[str]:
    """Days that are missing, lack `other` or name a model twice."""
    slugs: dict[date, Counter[str]] = {}
    for token_date, slug, _, _ in rows:
        slugs.setdefault(token_date, Counter())[slug] += 1
    asked = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    missing = [str(day) for day in asked if day not in slugs]
    holes = [f"no row of {', '.join(missing)}"] if missing else []
    for day, counts in sorted(slugs.items()):
        if OTHER not in counts:
            holes.append(f"{day} has no row `{OTHER}`")
        holes += [f"{day} names {slug} {n} times" for slug, n in counts.items() if n > 1]
    return holes


def _moment(meta: Any) -> datetime | None:
    said = meta.get("as_of") if isinstance(meta, dict) else None
    try:
        moment = datetime.fromisoformat(said) if isinstance(said, str) else None
    except ValueError:
        return None
    return moment if moment is None or moment.tzinfo else moment.replace(tzinfo=UTC)


def _store(
    connection: duckdb.DuckDBPyConnection, settings: Settings, day: date, outcomes: list[Outcome]
) -> None:
    refuse_mixed(connection, outcomes)
    tokens = []
    for outcome in outcomes:
        outcome.new_rows = len(outcome.rows)
        fetched_at = outcome.fetched_at.astimezone(UTC).replace(tzinfo=None)
        as_of = (outcome.as_of or outcome.fetched_at).astimezone(UTC).replace(tzinfo=None)
        tokens += [
            # as text: a list of numbers beyond 64 bits would become doubles on its way
            (fetched_at, as_of, token_date, slug, None if number is None else str(number), text)
            for token_date, slug, number, text in outcome.rows
        ]
    rows = {
        OPENROUTER_TOKENS: tokens,
        OPENROUTER_FETCHES: status_rows(day, outcomes, attribution_of(OPENROUTER.name, settings)),
    }
    add_rows(connection, settings, OPENROUTER, day, rows)


def _item(first: date, last: date) -> str:
    return f"{first}..{last}"
