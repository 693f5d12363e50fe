"""The seeds: decisions that are data (publishers, licences, companies), each row with its source.

Belongs here: reading the shipped CSV files of sql/seeds, laying the rows of the user's folder over them,
checking both, and loading the result into the schema `seeds`.
Does not belong here: what the rows mean; the SQL models and the crawl decide that.
"""

import csv
import io
import re
from collections.abc import Callable
from pathlib import Path

import duckdb

from dagster_project.lib.errors import ModelTideError
from dagster_project.lib.raw_tables import Column, Table
from dagster_project.lib.settings import Settings
from dagster_project.lib.warehouse import transaction

SHIPPED = Path(__file__).parents[2] / "sql" / "seeds"

Row = dict[str, str | None]
Check = tuple[Callable[[str], bool], str]


class SeedError(ModelTideError):
    """A seed file cannot be used; the message names file, line, column and what is allowed."""


class Seed(Table):
    """A table of the schema `seeds`; its first `key` columns identify a row."""

    __slots__ = ()

    @property
    def key(self) -> str:
        return self.columns[0].name

    @property
    def file_name(self) -> str:
        return f"{self.name}.csv"


def _seed(name: str, description: str, *columns: tuple[str, str, str]) -> Seed:
    source = ("source", "varchar", "Where the row's facts come from")
    return Seed("seeds", name, description, tuple(Column(*c) for c in (*columns, source)))


PUBLISHERS = _seed(
    "publishers",
    "One row per Hub account: who stands behind it.",
    ("publisher", "varchar", "Account name on the Hub, in its own case"),
    ("company", "varchar", "Company or institution behind the account; NULL if none is known"),
    ("family", "varchar", "Model family that the account's own models count for; NULL if none"),
    ("country", "varchar", "Seat of the company, ISO 3166-1 alpha-2, or unknown"),
    ("follow_all", "boolean", "Every model of the account is listed daily, also below the top"),
)
LICENCES = _seed(
    "licences",
    "One row per licence id of the Hub: how open it is.",
    ("licence_id", "varchar", "The id in the tag license:<id>"),
    (
        "licence_class",
        "varchar",
        "L4 OSI-approved, L3 open, L2 use-restricted, L1 non-commercial, L0 unknown",
    ),
    ("name", "varchar", "Full name"),
)
COMPANIES = _seed(
    "companies",
    "One row per share, fund or index whose prices are fetched.",
    ("symbol", "varchar", "Yahoo symbol"),
    ("name", "varchar", "Name of the share, fund or index"),
    ("company", "varchar", "As in publishers, for shares of companies that publish models"),
    ("kind", "varchar", "company, fund or index"),
    ("exchange", "varchar", "Market identifier code whose sessions are expected: XNYS or XHKG"),
    ("country", "varchar", "Seat of the company, ISO 3166-1 alpha-2, or unknown"),
    ("market_symbol", "varchar", "Benchmark; NULL for benchmarks"),
    ("sector_symbol", "varchar", "Second factor; NULL if none"),
    ("peers", "varchar", "Symbols of its peers, separated by spaces; NULL if none"),
)
ALL_SEEDS = (PUBLISHERS, LICENCES, COMPANIES)


def _matches(pattern: str, allowed: str) -> Check:
    return (lambda text: re.fullmatch(pattern, text) is not None, allowed)


def _one_of(*choices: str) -> Check:
    return (lambda text: text in choices, " or ".join(choices))


_SYMBOL = _matches(r"\^?[A-Z0-9][A-Z0-9.=-]*", "a Yahoo symbol such as BABA, 0700.HK or ^GSPC")
_COUNTRY = _matches(r"[A-Z]{2}|unknown", "two capital letters (ISO 3166-1) or unknown")
_CHECKS: dict[str, Check] = {
    "publisher": _matches(r"[A-Za-z0-9][\w.-]*", "an account name without slash or space"),
    "country": _COUNTRY,
    "follow_all": _one_of("true", "false"),
    "licence_class": _one_of("L0", "L1", "L2", "L3", "L4"),
    "symbol": _SYMBOL,
    "market_symbol": _SYMBOL,
    "sector_symbol": _SYMBOL,
    "kind": _one_of("company", "fund", "index"),
    "exchange": _one_of("XNYS", "XHKG"),
}
# a publisher that nobody described further is still worth following
_DEFAULTS: Row = {"country": "unknown", "follow_all": "false"}
_REQUIRED = ("country", "follow_all", "licence_class", "kind", "exchange", "source")


def read_seed(seed: Seed, settings: Settings) -> list[Row]:
    """Rows of a seed in key order: the shipped ones, overridden and extended by MODELTIDE_SEEDS.

    A user's row replaces the columns that its file has and leaves the others as shipped.
    Raises SeedError naming file, line, column and what is allowed.
    """
    rows = {row[seed.key]: row for row in _read_file(SHIPPED / seed.file_name, seed)}
    if settings.seeds_folder is not None:
        own = settings.seeds_folder / seed.file_name
        _refuse_unknown_files(settings.seeds_folder)
        if own.exists():
            for row in _read_file(own, seed):
                row.setdefault("source", own.name)
                rows[row[seed.key]] = {**rows.get(row[seed.key], {}), **row}
    return [_complete(rows[key], seed) for key in sorted(rows, key=str)]


def followed_publishers(settings: Settings) -> list[str]:
    """Accounts whose every model is listed daily."""
    return [str(row["publisher"]) for row in read_seed(PUBLISHERS, settings) if row["follow_all"] == "true"]


def load_seeds(connection: duckdb.DuckDBPyConnection, settings: Settings) -> dict[str, int]:
    """Replace every table of the schema `seeds` in one transaction; returns rows per table."""
    tables = {seed: read_seed(seed, settings) for seed in ALL_SEEDS}
    with transaction(connection):
        for seed, rows in tables.items():
            connection.execute(f"drop table if exists {seed.full_name}")
            connection.execute(seed.ddl())
            holes = ", ".join("?" for _ in seed.columns)
            connection.executemany(
                f"insert into {seed.full_name} values ({holes})",
                [[row[name] for name in seed.column_names] for row in rows],
            )
    return {seed.name: len(rows) for seed, rows in tables.items()}


def _refuse_unknown_files(folder: Path) -> None:
    known = {seed.file_name for seed in ALL_SEEDS}
    for path in sorted(folder.glob("*.csv")):
        if path.name not in known:
            raise SeedError(
                f"MODELTIDE_SEEDS: {path} is no seed; allowed: {', '.join(sorted(known))}. "
                "Rename or remove it."
            )


def _read_file(path: Path, seed: Seed) -> list[Row]:
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
    if seed.key not in header or unknown or len(set(header)) < len(header):
        raise SeedError(
            f"{path}, line 1: the columns are {', '.join(header) or 'missing'}; "
            f"allowed: {', '.join(seed.column_names)}, and {seed.key} is required."
        )
    rows: dict[str, Row] = {}
    for record in reader:
        row = _check_row(record, seed.key, path, reader.line_num)
        key = str(row[seed.key])
        if key in rows:
            raise SeedError(f"{path}, line {reader.line_num}: {seed.key} {key!r} is there twice.")
        rows[key] = row
    return list(rows.values())


def _check_row(record: dict[str, str | None], key: str, path: Path, line: int) -> Row:
    if None in record or None in record.values():
        raise SeedError(f"{path}, line {line}: the number of columns differs from the header's.")
    row: Row = {name: (text or "").strip() or None for name, text in record.items()}
    if row[key] is None:
        raise SeedError(f"{path}, line {line}: {key} is empty; it names the row.")
    for name, text in row.items():
        fits, allowed = _CHECKS.get(name, (lambda _: True, ""))
        if text is not None and not fits(text):
            raise SeedError(f"{path}, line {line}: {name} is {text!r}; allowed: {allowed}.")
    return row


def _complete(row: Row, seed: Seed) -> Row:
    full = {name: row.get(name) or _DEFAULTS.get(name) for name in seed.column_names}
    for name in _REQUIRED:
        if name in full and full[name] is None:
            allowed = _CHECKS[name][1] if name in _CHECKS else "any text"
            raise SeedError(f"{seed.file_name}: {full[seed.key]!r} has no {name}; allowed: {allowed}.")
    return full
