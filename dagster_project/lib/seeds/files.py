"""One seed file: its form, and what each of its columns may say.

Belongs here: reading a CSV file into checked rows; an error names file, line, column and what is allowed.
Does not belong here: which seeds there are and whose rows count (lib/seeds/tables.py).
"""

import csv
import io
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dagster_project.lib.errors import ModelTideError
from dagster_project.lib.warehouse.raw_tables import Table

Row = dict[str, str | None]
Check = tuple[Callable[[str], bool], str]


class SeedError(ModelTideError):
    """A seed file cannot be used; the message names file, line, column and what is allowed."""


class Seed(Table):
    """A table of the schema `seeds`; its first column identifies a row, or its first two do."""

    __slots__ = ()

    @property
    def key(self) -> tuple[str, ...]:
        return self.column_names[: _KEY_LENGTHS.get(self.name, 1)]

    @property
    def file_name(self) -> str:
        return f"{self.name}.csv"


# a family is curated by several patterns; a package name may be in both registries
_KEY_LENGTHS = {"curated_models": 2, "sdk_packages": 2}


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
    except (ValueError, ZoneInfoNotFoundError):
        return False


def _is_monday(text: str) -> bool:
    return _is_date(text) and date.fromisoformat(text).isoweekday() == 1


_SYMBOL = _matches(r"\^?[A-Z0-9][A-Z0-9.=-]*", "a Yahoo symbol such as BABA, 0700.HK or ^GSPC")
_COUNTRY = _matches(r"[A-Z]{2}|unknown", "two capital letters (ISO 3166-1) or unknown")
_FAMILY = _matches(r"[a-z0-9-]+", "lower-case letters, digits and hyphens")
_PATTERN = (_is_pattern, "a regular expression without look-around and back reference")
_TYPE_CHECKS: dict[str, Check] = {
    "boolean": _one_of("true", "false"),
    "bigint": _matches(r"-?\d{1,18}", "a whole number"),
    "double": _matches(r"-?\d+(\.\d+)?", "a number such as 0.25"),
    "date": (_is_date, "a day such as 2026-01-31"),
}
# by column, or by seed and column where a name means something else in another seed
_CHECKS: dict[str, Check] = {
    "publishers.publisher": _matches(r"[A-Za-z0-9][\w.-]*", "an account name without slash or space"),
    "country": _COUNTRY,
    "family": _FAMILY,
    "curated_models.family": _matches(r"[a-z0-9-]+|\*", "a family, or * for all"),
    "extra_root_pattern": _PATTERN,
    "repo_pattern": _PATTERN,
    "pattern": _PATTERN,
    "licence_class": _one_of("L0", "L1", "L2", "L3", "L4"),
    "licence_name": _matches(r"[^A-Z\s]+", "lower-case text with hyphens for spaces"),
    "country_group": _one_of("China", "United States", "Europe", "rest", "unknown"),
    "library_name": _matches(r"[^A-Z\s]+", "lower-case text without spaces"),
    "library_kind": _one_of("runtime", "general"),
    "symbol": _SYMBOL,
    "market_symbol": _SYMBOL,
    "sector_symbol": _SYMBOL,
    "kind": _one_of("company", "fund", "index"),
    "exchange": _one_of("XNYS", "XHKG"),
    "date_precision": _one_of("day", "month"),
    "applies_to_kind": _one_of("library", "file", "none"),
    "measure": _one_of("cumulative", "window"),
    "metric": _one_of("downloads", "models", "derivatives"),
    "threshold": _matches(r"[a-z0-9_]+", "lower-case letters, digits and underscores"),
    "headline_events.kind": _one_of("headline", "report"),
    "event_kinds.kind": _one_of("headline", "report", "milestone", "open_release"),
    "event_time": _matches(r"([01]\d|2[0-3]):[0-5]\d", "a time such as 09:30"),
    "time_zone": (_is_zone, "an IANA time zone such as Asia/Hong_Kong"),
    "definition": _one_of("organisation", "lineage", "lineage_clean", "curated"),
    "affected_country": _matches(r"[A-Z]{2}", "two capital letters (ISO 3166-1)"),
    "registry": _one_of("npm", "pypi"),
    "package": _matches(r"(@[\w.-]+/)?[\w.-]+", "a package name such as openai or @google/genai"),
    "basket": _one_of("closed", "open", "both_ways"),
    "base_week": (_is_monday, "a Monday such as 2026-01-05"),
    "author": _matches(r"[\w.~-]+", "the part before the slash of a model name"),
    "permaslug_pattern": _PATTERN,
    "api_class": _one_of("open", "closed"),
    "data_source": _matches(r"[a-z0-9_]+", "lower-case letters, digits and underscores"),
}
# a publisher that nobody described further is still worth following; most companies have one share
_DEFAULTS: Row = {"country": "unknown", "follow_all": "false", "is_primary_listing": "true"}
_REQUIRED = (
    "country", "follow_all", "licence_class", "kind", "exchange", "is_included", "meaning",
    "effective_date", "date_precision", "applies_to_kind", "measure", "metric", "value",
    "is_lower_bound", "min_parameters", "country_group", "library_kind", "basket", "api_class", "terms",
    "is_primary_listing", "event_date", "time_zone", "claim", "event_group", "is_decisive", "start_session",
    "end_session", "is_primary", "confounder_date", "what", "verified", "source",
)  # fmt: skip


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
    for name, text in row.items():
        fits, allowed = _check_of(seed, name)
        if text is not None and not fits(text):
            raise SeedError(f"{path}, line {line}: {name} is {text!r}; allowed: {allowed}.")
    return row


def _check_of(seed: Seed, name: str) -> Check:
    types = {column.name: column.type for column in seed.columns}
    return (
        _CHECKS.get(f"{seed.name}.{name}")
        or _CHECKS.get(name)
        or _TYPE_CHECKS.get(types[name], (lambda _: True, ""))
    )


def complete(row: Row, seed: Seed) -> Row:
    """Every column of the seed, with the defaults. Raises SeedError for a value that must be there."""
    full = {name: row.get(name) or _DEFAULTS.get(name) for name in seed.column_names}
    for name in _REQUIRED:
        if name in full and full[name] is None:
            allowed = _check_of(seed, name)[1] or "any text"
            raise SeedError(f"{seed.file_name}: {key_of(full, seed)[0]!r} has no {name}; allowed: {allowed}.")
    return full
