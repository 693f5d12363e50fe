"""The query of GET /api/models, read as the Hub reads it.

Belongs here: parameters, their defaults and limits, cursors, and what is refused.
Does not belong here: answering it (server, world, items).
"""

import base64
import json
from dataclasses import dataclass
from urllib.parse import quote

from dagster_project.synthetic.items import DEFAULT_FIELDS, EXPANDABLE, FULL_FIELDS
from dagster_project.synthetic.world import SORTS

MAX_LIMIT = 1_000
_PARAMETERS = {"limit", "sort", "direction", "author", "filter", "expand", "expand[]", "cursor", "full"}
_LICENCE_TAG = "license:"


class BadQuery(ValueError):
    """The query asks for something that this Hub does not have; its text is the answer."""


@dataclass(frozen=True)
class Query:
    """What is asked for; `licence` restricts to repositories with that tag."""

    sort: str
    ascending: bool
    limit: int
    after: tuple[int, str] | None
    author: str | None
    licence: str | None
    fields: frozenset[str]


def read_query(query: dict[str, list[str]]) -> Query:
    """The query with its defaults. Raises BadQuery."""
    unknown = set(query) - _PARAMETERS
    if unknown:
        raise BadQuery(f"The synthetic Hub has no parameter {', '.join(sorted(unknown))}")
    sort = query.get("sort", ["trendingScore"])[0]
    if sort not in SORTS:
        raise BadQuery(f"Invalid sort {sort}; there are {', '.join(SORTS)}")
    limit = whole_number(query.get("limit", [str(MAX_LIMIT)])[0], "limit")
    return Query(
        sort,
        query.get("direction", ["-1"])[0] == "1",
        max(1, min(limit, MAX_LIMIT)),
        _read_cursor(query["cursor"][0]) if "cursor" in query else None,
        query["author"][0] if "author" in query else None,
        _licence(query.get("filter", [])),
        _fields(query),
    )


def write_cursor(last: tuple[int, str]) -> str:
    """Where the next page goes on."""
    return base64.urlsafe_b64encode(json.dumps({"v": last[0], "_id": last[1]}).encode()).decode()


def whole_number(text: str, name: str) -> int:
    """The number that a parameter says. Raises BadQuery."""
    if not text.isdecimal():
        raise BadQuery(f"{name} must be a whole number, not {text!r}")
    return int(text)


def _licence(filters: list[str]) -> str | None:
    if not filters:
        return None
    if len(filters) > 1 or not filters[0].startswith(_LICENCE_TAG):
        raise BadQuery(f"The synthetic Hub filters by one {_LICENCE_TAG}<id> alone, not {filters}")
    return filters[0].removeprefix(_LICENCE_TAG)


def _fields(query: dict[str, list[str]]) -> frozenset[str]:
    asked = frozenset(query.get("expand", []) + query.get("expand[]", []))
    if not asked:
        return FULL_FIELDS if "full" in query else DEFAULT_FIELDS
    unknown = asked - EXPANDABLE
    if unknown:
        raise BadQuery(f"Invalid expand {', '.join(sorted(unknown))}")
    return asked


def _read_cursor(text: str) -> tuple[int, str]:
    try:
        read = json.loads(base64.urlsafe_b64decode(text))
        return int(read["v"]), str(read["_id"])
    except (ValueError, KeyError, TypeError) as error:
        raise BadQuery(f"Invalid cursor {quote(text)}") from error
