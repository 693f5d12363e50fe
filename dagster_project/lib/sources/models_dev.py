"""The catalogue of models.dev: who offers which model, at what price, and whether its weights are public.

Belongs here: reading api.json and the rows of what changed since the last fetch.
Does not belong here: which class a model gets from it (SQL), requests (web), landing (fetch).
"""

import math
from datetime import date, datetime
from typing import Any

import duckdb
import orjson

from dagster_project.lib.record.append import add_rows
from dagster_project.lib.seeds.tables import attribution_of
from dagster_project.lib.settings import MODELS_DEV_ENDPOINT, Settings
from dagster_project.lib.sources.fetch import Outcome, Reading, Request, fetch_all, refuse_mixed, status_rows
from dagster_project.lib.sources.web import Web
from dagster_project.lib.warehouse.raw_tables import MODELS_DEV, MODELS_DEV_CATALOGUE, MODELS_DEV_FETCHES

PATH = "/api.json"
ITEM = "api.json"
# a day with fewer offers is an outage of the catalogue: a third of them never left it in a day
LEAST_SHARE_OF_OFFERS = 2 / 3

Key = tuple[str, str]
State = tuple[Any, ...]  # is_listed, name, open_weights, release_date, prices, context
_GONE: State = (False, None, None, None, None, None, None)


def snapshot_catalogue(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    day: date,
    now: datetime,
) -> list[Outcome]:
    """The catalogue of the day: a row where an offer is new, changed or gone. Raises nothing."""
    with Web(settings.models_dev_endpoint, MODELS_DEV_ENDPOINT, 0.0) as web:
        outcomes = fetch_all(settings, MODELS_DEV, day, now, [Request(ITEM, PATH)], web, read_answer)
    refuse_mixed(connection, outcomes)
    offers: dict[Key, State] = dict(outcomes[0].rows)
    changes: list[tuple[Any, ...]] = []
    if offers:
        known = _known(connection, day)
        listed = sum(1 for state in known.values() if state[0])
        if len(offers) < LEAST_SHARE_OF_OFFERS * listed:
            outcomes[0].status = "short"
            outcomes[
                0
            ].detail = f"{len(offers)} offers are far less than the {listed} known ones; nothing was changed"
        else:
            changes = changed(known, offers, day)
    outcomes[0].new_rows = len(changes)
    rows = {
        MODELS_DEV_CATALOGUE: changes,
        MODELS_DEV_FETCHES: status_rows(day, outcomes, attribution_of(MODELS_DEV.name, settings)),
    }
    add_rows(connection, settings, MODELS_DEV, day, rows)
    return outcomes


def read_answer(item: str, body: bytes) -> Reading:
    """Offers ((provider, model), state) of the answer; an entry of another shape is named and left out."""
    try:
        answer = orjson.loads(body)
    except orjson.JSONDecodeError:
        return Reading("malformed", f"{item} is no JSON: it begins {body[:40]!r}")
    if not isinstance(answer, dict):
        return Reading("malformed", f"{item} is no object of providers but {type(answer).__name__}")
    rows: list[tuple[Key, State]] = []
    problems = []
    for provider, entry in answer.items():
        models = entry.get("models") if isinstance(entry, dict) else None
        if not isinstance(models, dict):
            problems.append(provider)
            continue
        for model_id, model in models.items():
            if isinstance(model, dict):
                rows.append(((provider, model_id), _state(model)))
            else:
                problems.append(f"{provider}/{model_id}")
    if not rows:
        return Reading("empty", f"{item} is a valid answer without a model")
    detail = f"not of the known shape: {', '.join(problems[:5])}" if problems else None
    return Reading("partial" if problems else "ok", detail, list(rows))


def changed(known: dict[Key, State], offers: dict[Key, State], day: date) -> list[tuple[Any, ...]]:
    """Rows of raw.models_dev_catalogue for offers that are new, differ or have left."""
    rows = [(*key, day, *state) for key, state in offers.items() if known.get(key) != state]
    left = [key for key, state in known.items() if state[0] and key not in offers]
    return rows + [(*key, day, *_GONE) for key in left]


def _known(connection: duckdb.DuckDBPyConnection, day: date) -> dict[Key, State]:
    """What was known of each offer before the day, which may be loaded a second time."""
    rows = connection.execute(
        "select provider, model_id, is_listed, name, open_weights, release_date, input_price_usd, "
        "output_price_usd, context_tokens from raw.models_dev_catalogue where first_seen < ? "
        "qualify row_number() over (partition by provider, model_id order by first_seen desc) = 1",
        [day],
    ).fetchall()
    return {(row[0], row[1]): row[2:] for row in rows}


def _state(model: dict[str, Any]) -> State:
    cost = model.get("cost") if isinstance(model.get("cost"), dict) else {}
    limit = model.get("limit") if isinstance(model.get("limit"), dict) else {}
    name, is_open = model.get("name"), model.get("open_weights")
    context = _number(limit.get("context"))  # type: ignore[union-attr]
    return (
        True,
        name if isinstance(name, str) else None,
        is_open if isinstance(is_open, bool) else None,
        _day(model.get("release_date")),
        _number(cost.get("input")),  # type: ignore[union-attr]
        _number(cost.get("output")),  # type: ignore[union-attr]
        None if context is None else int(context),
    )


def _number(value: Any) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return float(value) if is_number and 0 <= value < 2**53 else None


def _day(value: Any) -> date | None:
    """A release that is known to the day; the catalogue also has bare months."""
    try:
        return date.fromisoformat(value) if isinstance(value, str) and len(value) == 10 else None
    except ValueError:
        return None
