"""One seed file: its form, and what each of its columns may say.

Belongs here: reading a CSV file as a spreadsheet saves it into checked rows; an error names file, line,
column, value, what is allowed and what of that is near.
Does not belong here: which columns there are and what is allowed in each (sql/models/staging/
_seeds__sources.yml), which seeds there are, whose rows count and what they refer to (lib/seeds/tables.py).
"""

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import duckdb

from dagster_project.lib.errors import ModelTideError
from dagster_project.lib.warehouse.raw_tables import Table, described

if TYPE_CHECKING:
    from _csv import _reader as _Lines  # noqa: N812 - it has no public name

Row = dict[str, str | None]
Check = tuple[Callable[[str], bool], str]
# why a value of a column of a row is refused: what is allowed, and what of it is near; None if it is not
Refuse = Callable[[Row, str, str], str | None]
DELIMITERS = ",;\t"  # as spreadsheets save CSV in one country or another
_WRITTEN_DAYS = ("%d.%m.%Y", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%Y-%m-%d %H:%M:%S")


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
    """What a column may say, also in words, what an empty one stands for, and whether it may be empty.

    The rest is of the rows beside it; see sql/models/staging/_seeds__sources.yml.
    """

    data_type: str
    fits: Callable[[str], bool]
    allowed: str
    default: str | None
    is_required: bool
    refers: tuple[str, ...]
    refers_by_kind: dict[str, str]
    beside: tuple[str, ...]
    is_list: bool
    is_shipped: bool
    as_shipped: bool
    ranges: dict[str, tuple[float, float, bool]]


def _matches(pattern: str, allowed: str) -> Check:
    return (lambda text: re.fullmatch(pattern, text) is not None, allowed)


def _one_of(*choices: str) -> Check:
    return (lambda text: text in choices, " or ".join(choices))


@cache
def _engine() -> duckdb.DuckDBPyConnection:
    return duckdb.connect(config={"threads": 1})


@cache
def _fault_of(pattern: str) -> str:
    """Why the engine that runs the patterns refuses one; empty if it does not."""
    try:
        _engine().cursor().execute("select regexp_matches('', ?)", [pattern]).fetchall()
    except duckdb.Error as error:
        return str(error).splitlines()[0].partition("Error: ")[2].rstrip(". ")
    return ""


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
    "bigint": _matches(r"-?[0-9]{1,18}", "a whole number, without separators of thousands"),
    "double": _matches(
        r"-?[0-9]{1,15}(\.[0-9]{1,18})?", "a number such as 0.25, without separators of thousands"
    ),
    "date": (_is_date, "a day such as 2026-01-31"),
}
# what no pattern can say, by its name in the contract
_FORMS: dict[str, Check] = {
    "regular expression": (
        lambda text: not _fault_of(text),
        "a regular expression without look-around and back reference",
    ),
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
    refers: tuple[str, ...] = (),
    refers_by_kind: dict[str, str] | None = None,
    beside: tuple[str, ...] = (),
    is_list: bool = False,
    is_shipped: bool = False,
    as_shipped: bool = False,
    least: int | None = None,
    ranges: dict[str, tuple[float, float, bool]] | None = None,
) -> Rule:
    """A rule from what the contract says of a column, whose `meta` has no other words than these."""
    if one_of:
        fits, allowed = _one_of(*one_of)
    elif pattern:
        fits, allowed = _matches(pattern, allowed)
    else:
        fits, allowed = _FORMS[form] if form else _TYPES[data_type]
    if least is not None:
        is_number = fits
        fits, allowed = (lambda text: is_number(text) and int(text) >= least), f"{allowed}, {least} or more"
    return Rule(
        data_type,
        fits,
        allowed,
        default,
        required,
        refers,
        refers_by_kind or {},
        beside,
        is_list,
        is_shipped,
        as_shipped,
        ranges or {},
    )


@cache
def rules_of(seed: Seed) -> dict[str, Rule]:
    """The rule of each column."""
    columns = described(seed.schema)[seed.name]["columns"]
    return {column["name"]: _rule(column["data_type"], **_meta(column)) for column in columns}


def read_file(path: Path, seed: Seed, refuse: Refuse = lambda *_: None) -> list[Row]:
    """Rows as they stand in the file; `refuse` knows what only other rows can tell. Raises SeedError."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise SeedError(f"{path}: not UTF-8 text ({error}). Save it as UTF-8.") from error
    except OSError as error:
        raise SeedError(f"{path} cannot be read: {error.strerror}.") from error
    lines = csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=_delimiter_of(text, seed))
    try:
        return _check_rows(lines, path, seed, refuse)
    except csv.Error as error:
        raise SeedError(f"{path}, line {lines.line_num}: {error}.") from error


def _delimiter_of(text: str, seed: Seed) -> str:
    """What tells the columns apart: with which most of the first line are columns of the seed."""
    lines = text.splitlines() or [""]
    if _says_delimiter(lines[0]):
        return lines[0][4]

    def known(delimiter: str) -> int:
        return sum(name.strip().strip('"') in seed.column_names for name in lines[0].split(delimiter))

    return max(DELIMITERS, key=known)


def _says_delimiter(line: str) -> bool:
    return re.fullmatch("sep=[,;\t]", line) is not None  # a first line of Excel's


def _check_rows(lines: "_Lines", path: Path, seed: Seed, refuse: Refuse) -> list[Row]:
    records = _records(lines)
    header = _without_empty_end([name.strip() for name in next(records, [])])
    unknown = [name for name in header if name not in seed.column_names]
    if not set(seed.key) <= set(header) or unknown or len(set(header)) < len(header):
        near = "; ".join(
            f"near {name}: {', '.join(n)}" for name in unknown if (n := nearest(name, seed.column_names))
        )
        raise SeedError(
            f"{path}, line {max(lines.line_num, 1)}: the columns are {', '.join(header) or 'missing'}; "
            f"allowed: {', '.join(seed.column_names)}, and {' and '.join(seed.key)} is required"
            f"{'; ' + near if near else ''}."
        )
    rows: dict[tuple[str, ...], Row] = {}
    for record in records:
        if len(_without_empty_end(record)) > len(header) or len(record) < len(header):
            raise SeedError(
                f"{path}, line {lines.line_num}: the number of columns differs from the header's."
            )
        row = _check_row(
            dict(zip(header, record, strict=False)), seed, f"{path}, line {lines.line_num}", refuse
        )
        key = key_of(row, seed)
        if key in rows:
            raise SeedError(
                f"{path}, line {lines.line_num}: {' and '.join(seed.key)} "
                f"{' and '.join(map(repr, key))} is there twice."
            )
        rows[key] = row
    return list(rows.values())


def _records(lines: "_Lines") -> Iterator[list[str]]:
    """The lines that say something: a spreadsheet saves empty rows as commas."""
    for record in lines:
        is_first = lines.line_num == 1
        if any(text.strip() for text in record) and not (
            is_first and _says_delimiter(lines.dialect.delimiter.join(record))
        ):
            yield record


def _without_empty_end(record: list[str]) -> list[str]:
    while record and not record[-1].strip():
        record = record[:-1]
    return record


def key_of(row: Row, seed: Seed) -> tuple[str, ...]:
    """What identifies the row."""
    return tuple(str(row[name]) for name in seed.key)


def _check_row(record: dict[str, str], seed: Seed, where: str, refuse: Refuse) -> Row:
    rules = rules_of(seed)
    row: Row = {name: text.strip() or None for name, text in record.items()}
    for name in seed.key:
        if row[name] is None:
            raise SeedError(f"{where}: {name} is empty; it names the row.")
    for name, said in row.items():
        if said is None:
            continue
        text = (
            said.lower() if rules[name].data_type == "boolean" else said
        )  # TRUE, as a spreadsheet writes it
        row[name] = text
        problem = refuse(row, name, text)
        if not rules[name].fits(text):
            allowed = rules[name].allowed
            why = f" ({_fault_of(text)})" if allowed == _FORMS["regular expression"][1] else ""
            known = problem.partition("; near it: ")[2] if problem else _rewritten(text, rules[name])
            problem = f"{allowed}{why}" + (f"; near it: {known}" if known else "")
        if problem:
            raise SeedError(f"{where}: {name} is {text!r}; allowed: {problem}.")
    return row


def _rewritten(text: str, rule: Rule) -> str:
    """What a spreadsheet's number, day or time would be here; empty if nothing is clear."""
    written = []
    if rule.data_type in ("bigint", "double"):
        plain = re.sub(r"[\s'_\u00a0\u202f]", "", text)
        written = [plain.replace(",", ""), plain.replace(",", "."), re.sub("[.,]", "", plain)]
        if rule.data_type == "double" and re.fullmatch(r"-?\d+,(\d{1,2}|\d{4,})", plain):
            written = [plain.replace(",", ".")]
        if re.fullmatch(r"\d+(\.\d+)?%", plain):
            written = [f"{float(plain[:-1]) / 100:g}"]
    elif rule.data_type == "date":
        for form in _WRITTEN_DAYS:
            try:
                written.append(datetime.strptime(text, form).date().isoformat())
            except ValueError:
                continue
    elif re.fullmatch(r"\d:\d\d", text):
        written = [f"0{text}"]
    return next((one for one in written if rule.fits(one)), "")


def nearest(text: str, names: Iterable[str], labels: Mapping[str, str] | None = None) -> list[str]:
    """At most three of the names that may be meant; `labels` are names for readers, by name."""
    said, known = text.casefold(), {name.casefold(): name for name in names}
    called = {name: label for name, label in (labels or {}).items() if name in known.values()}
    found = [known[said]] if said in known else []
    found += [n for n, label in called.items() if said == label.casefold()]
    # UK: United Kingdom of Great Britain and Northern Ireland
    found += [
        n for n, label in called.items() if re.sub("[^A-Z]", "", label).startswith(text) and len(text) > 1
    ]
    found += [n for n, label in called.items() if len(text) > 3 and label.casefold().startswith(said)]
    close = get_close_matches(said, known, 3, 0.6) or get_close_matches(said, known, 1, 0.3)
    return list(dict.fromkeys([*found, *(known[one] for one in close)]))[:3]


def complete(row: Row, seed: Seed) -> Row:
    """Every column of the seed, with the defaults. Raises SeedError for a value that must be there."""
    full = {name: row.get(name) or rule.default for name, rule in rules_of(seed).items()}
    for name, rule in rules_of(seed).items():
        if rule.is_required and full[name] is None:
            allowed = rule.allowed or "any text"
            raise SeedError(f"{seed.file_name}: {key_of(full, seed)[0]!r} has no {name}; allowed: {allowed}.")
    return full
