"""The items of a page that is a list in JSON, each on its own: none of them costs the others.

Belongs here: text that a strict reader refuses whole (half a surrogate pair, bytes that are no UTF-8, a key
twice in an object, an item nested too deep), read as far as it can be.
Does not belong here: what an item means (hub/fields).
"""

import json
import re
from typing import Any

DEEPEST = 100  # brackets; the Hub's items have five, and Python reads some 1,000
LONGEST_NUMBER = 400  # digits; Python refuses to read a whole number of more than 4,300
_MARK = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{},]', re.DOTALL)


class Unreadable(str):
    """An item that is no JSON, or nested too deep, as it came."""

    __slots__ = ()


class Twice(tuple[Any, ...]):
    """The values of a key that an object has more than once."""

    __slots__ = ()


def items_of(body: bytes) -> list[Any]:
    """The items of a page. Raises ValueError if it is no list, or does not end where it should."""
    text = body.decode(errors="surrogateescape")
    try:
        items = _read(text)
    except (ValueError, RecursionError):
        items = [_read_alone(part) for part in _parts(text)]
    if not isinstance(items, list):
        raise ValueError(f"it is no list but {type(items).__name__}")
    return items


def _read(text: str) -> Any:
    return json.loads(text, object_pairs_hook=_object, parse_int=_whole_number)


def _read_alone(text: str) -> Any:
    try:
        return _read(text)
    except (ValueError, RecursionError):
        return Unreadable(text.strip())


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        values: dict[str, list[Any]] = {}
        for name, value in pairs:
            values.setdefault(name, []).append(value)
        made |= {name: Twice(all_of) for name, all_of in values.items() if len(all_of) > 1}
    return made


def _whole_number(digits: str) -> int | float:
    return int(digits) if len(digits) <= LONGEST_NUMBER else float(digits)


def _parts(text: str) -> list[str]:
    """The text of each item, null where it is too deep. Raises ValueError for a list without an end."""
    if not text.lstrip().startswith("["):
        raise ValueError(f"it begins {text[:60]!r}")
    parts, read, depth, start = [], "", 0, 0
    for mark in _MARK.finditer(text):
        if mark[0] in "[{":
            depth += 1
            if depth == 1:
                start = mark.end()
            elif depth == DEEPEST:
                read += text[start : mark.start()] + "null"
        elif mark[0] in "]}" and depth > 1:
            if depth == DEEPEST:
                start = mark.end()
            depth -= 1
        elif depth == 1 and mark[0] in "],":
            parts.append(read + text[start : mark.start()])
            read, start = "", mark.end()
            if mark[0] == "]":
                if text[start:].strip():
                    break
                return parts
    raise ValueError("it ends before its end")
