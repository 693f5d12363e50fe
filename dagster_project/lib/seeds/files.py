"""One seed file: its form, and what each of its columns may say.

Belongs here: reading a CSV file into checked rows; an error names file, line, column and what is allowed.
Does not belong here: which columns there are and what is allowed in each (sql/models/staging/
_seeds__sources.yml), and which seeds there are and whose rows count (lib/seeds/tables.py).
"""

import csv
import io
import re
from collections.abc import Callable
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dagster_project.lib.errors import ModelTideError
from dagster_project.lib.warehouse.raw_tables import Table, described

Row = dict[str, str | None]
Check = tuple[Callable[[str], bool], str]


class SeedError(ModelTideError):
    """A seed file cannot be used; the message names file, line, column and what is allowed."""


class Seed(Table):
    """A table of the schema `seeds`; its first column identifies a row, or the columns that `meta` names."""

    __slots__ = ()

    @property
    def key(self) -> tuple[str, ...]:
        return tuple(_meta(described(self.schema)[self.name]).get("key", self.column_names[:1]))

    @property
    def file_name(self) -> str:
        return f"{self.name}.csv"


class Rule(NamedTuple):
    """What a column may say, also in words, what an empty one stands for, and whether it may be empty."""

    fits: Callable[[str], bool]
    allowed: str
    default: str | None
    is_required: bool


def _matches(pattern: str, allowed: str) -> Check:
    return (lambda text: re.fullmatch(pattern, text) is not None, allowed)


def _one_of(*choices: str) -> Check:
    return (lambda text: text in choices, " or ".join(choices))


def _is_pattern(text: str) -> bool:
    try:
        re.compile(text)
    except re.error:
        return False
    # RE2, which the warehouse uses, has neither
    return re.search(r"\(\?<?[=!]|\\[1-9]", text) is None


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _is_zone(text: str) -> bool:
    try:
        return ZoneInfo(text).key == text
    except (ValueError, OSError, ZoneInfoNotFoundError):  # Europe is a folder of zones
        return False


def _is_monday(text: str) -> bool:
    return _is_date(text) and date.fromisoformat(text).isoweekday() == 1


_TYPES: dict[str, Check] = {
    "varchar": (lambda _: True, ""),
    "boolean": _one_of("true", "false"),
    "bigint": _matches(r"-?\d{1,18}", "a whole number"),
    "double": _matches(r"-?\d+(\.\d+)?", "a number such as 0.25"),
    "date": (_is_date, "a day such as 2026-01-31"),
}
# what no pattern can say, by its name in the contract
_FORMS: dict[str, Check] = {
    "regular expression": (_is_pattern, "a regular expression without look-around and back reference"),
    "time zone": (_is_zone, "an IANA time zone such as Asia/Hong_Kong"),
    "Monday": (_is_monday, "a Monday such as 2026-01-05"),
}


def _meta(described: dict[str, Any]) -> dict[str, Any]:
    meta: dict[str, Any] = described.get("config", {}).get("meta", {})
    return meta


def _rule(
    data_type: str,
    required: bool = False,
    default: str | None = None,
    one_of: tuple[str, ...] = (),
    pattern: str = "",
    allowed: str = "",
    form: str = "",
) -> Rule:
    """A rule from what the contract says of a column, whose `meta` has no other words than these."""
    if one_of:
        fits, allowed = _one_of(*one_of)
    elif pattern:
        fits, allowed = _matches(pattern, allowed)
    else:
        fits, allowed = _FORMS[form] if form else _TYPES[data_type]
    return Rule(fits, allowed, default, required)


@cache
def rules_of(seed: Seed) -> dict[str, Rule]:
    """The rule of each column."""
    columns = described(seed.schema)[seed.name]["columns"]
    return {column["name"]: _rule(column["data_type"], **_meta(column)) for column in columns}


def read_file(path: Path, seed: Seed) -> list[Row]:
    """Rows as they stand in the file. Raises SeedError."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise SeedError(f"{path}: not UTF-8 text ({error}). Save it as UTF-8.") from error
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        return _check_rows(reader, path, seed)
    except csv.Error as error:  # the inner reader has counted the line that it stumbled over
        raise SeedError(f"{path}, line {reader.reader.line_num}: {error}.") from error


def _check_rows(reader: "csv.DictReader[str]", path: Path, seed: Seed) -> list[Row]:
    header = reader.fieldnames or []
    unknown = [name for name in header if name not in seed.column_names]
    if not set(seed.key) <= set(header) or unknown or len(set(header)) < len(header):
        raise SeedError(
            f"{path}, line 1: the columns are {', '.join(header) or 'missing'}; "
            f"allowed: {', '.join(seed.column_names)}, and {' and '.join(seed.key)} is required."
        )
    rows: dict[tuple[str, ...], Row] = {}
    for record in reader:
        row = _check_row(record, seed, path, reader.line_num)
        key = key_of(row, seed)
        if key in rows:
            raise SeedError(
                f"{path}, line {reader.line_num}: {' and '.join(seed.key)} "
                f"{' and '.join(map(repr, key))} is there twice."
            )
        rows[key] = row
    return list(rows.values())


def key_of(row: Row, seed: Seed) -> tuple[str, ...]:
    """What identifies the row."""
    return tuple(str(row[name]) for name in seed.key)


def _check_row(record: dict[str, str | None], seed: Seed, path: Path, line: int) -> Row:
    if None in record or None in record.values():
        raise SeedError(f"{path}, line {line}: the number of columns differs from the header's.")
    row: Row = {name: (text or "").strip() or None for name, text in record.items()}
    for name in seed.key:
        if row[name] is None:
            raise SeedError(f"{path}, line {line}: {name} is empty; it names the row.")
    rules = rules_of(seed)
    for name, text in row.items():
        if text is not None and not rules[name].fits(text):
            raise SeedError(f"{path}, line {line}: {name} is {text!r}; allowed: {rules[name].allowed}.")
    return row


def complete(row: Row, seed: Seed) -> Row:
    """Every column of the seed, with the defaults. Raises SeedError for a value that must be there."""
    full = {name: row.get(name) or rule.default for name, rule in rules_of(seed).items()}
    for name, rule in rules_of(seed).items():
        if rule.is_required and full[name] is None:
            allowed = rule.allowed or "any text"
            raise SeedError(f"{seed.file_name}: {key_of(full, seed)[0]!r} has no {name}; allowed: {allowed}.")
    return full
