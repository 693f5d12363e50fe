"""The seeds: decisions that are data (who publishes, what is open, what counts), each row with its source.

Belongs here: laying the rows of the user's folder over the shipped ones of sql/seeds, and loading the result
into the schema `seeds`.
Does not belong here: which seeds there are and what their columns may say (sql/models/staging/
_seeds__sources.yml), how a file is read and checked (lib/seeds/files.py), and what the rows mean; the SQL
models and the crawl decide that.
"""

import re
from collections.abc import Iterable
from difflib import get_close_matches
from functools import cache
from pathlib import Path

import duckdb

from dagster_project.lib.checkout import SQL
from dagster_project.lib.seeds.files import (
    Refuse,
    Row,
    Seed,
    SeedError,
    complete,
    key_of,
    nearest,
    read_file,
    rules_of,
)
from dagster_project.lib.settings import Settings
from dagster_project.lib.warehouse.connection import transaction
from dagster_project.lib.warehouse.raw_tables import columns_of, described

SHIPPED = SQL / "seeds"
ANY_NUMBER = (-1e15, 1e15, False)  # of a threshold whose unit has no range
# beside a file that is edited; whatever begins with a point is hidden
_LEFT_BESIDE = ("~", ".bak", ".orig", ".old", ".tmp", ".swp")


def _seed(name: str) -> Seed:
    """A seed as the contract describes it."""
    table = described("seeds")[name]
    return Seed("seeds", name, table["description"], columns_of(table))


PUBLISHERS = _seed("publishers")
LICENCES = _seed("licences")
COMPANIES = _seed("companies")
FAMILIES = _seed("families")
DAY_QUALITY_THRESHOLDS = _seed("day_quality_thresholds")
GROWTH_THRESHOLDS = _seed("growth_thresholds")
EVENT_STUDY_THRESHOLDS = _seed("event_study_thresholds")
SHARE_THRESHOLDS = _seed("share_thresholds")
COUNTRIES = _seed("countries")
LIBRARIES = _seed("libraries")
PIPELINE_KINDS = _seed("pipeline_kinds")
SDK_PACKAGES = _seed("sdk_packages")
DATA_SOURCES = _seed("data_sources")
HEADLINE_EVENTS = _seed("headline_events")
PUBLISHED_CLAIMS = _seed("published_claims")
ALL_SEEDS = tuple(_seed(name) for name in described("seeds"))


def read_seed(seed: Seed, settings: Settings) -> list[Row]:
    """Rows of a seed in key order: the shipped ones, overridden and extended by MODELTIDE_SEEDS.

    A user's row replaces the columns that its file has and leaves the others as shipped.
    Raises SeedError naming file, line, column and what is allowed.
    """
    if settings.seeds_folder is not None:
        _refuse_unknown_files(settings.seeds_folder)
    rows = _merged(seed, settings, _knowing(seed, settings))
    return [complete(rows[key], seed) for key in sorted(rows)]


def _merged(seed: Seed, settings: Settings, refuse: Refuse = lambda *_: None) -> dict[tuple[str, ...], Row]:
    rows = _shipped(seed)
    if settings.seeds_folder is not None:
        own = settings.seeds_folder / seed.file_name
        if own.exists():
            for row in read_file(own, seed, refuse):
                row.setdefault("source", own.name)
                key = key_of(row, seed)
                rows[key] = {**rows.get(key, {}), **row}
    return rows


def _shipped(seed: Seed) -> dict[tuple[str, ...], Row]:
    return {key_of(row, seed): row for row in read_file(SHIPPED / seed.file_name, seed)}


def _knowing(seed: Seed, settings: Settings) -> Refuse:
    """What is refused of a row because of what other rows say, the user's among them."""
    all_shipped = _shipped(seed)

    @cache
    def known(refers: tuple[str, ...]) -> tuple[dict[str, str], str]:
        """The values that may be meant, with their names for readers, and where they stand."""
        found: dict[str, str] = {}
        for one in refers:
            name, _, column = one.partition(".")
            other = _seed(name)
            for row in _merged(other, settings).values():
                value = row.get(column or other.key[0])
                if value is not None:
                    found[value] = "" if column else row.get("name") or ""
        return found, " or ".join(f"{one.partition('.')[0]}.csv" for one in refers)

    def refuse(row: Row, name: str, text: str) -> str | None:
        rule, shipped = rules_of(seed)[name], all_shipped.get(key_of(row, seed))
        if rule.refers:
            values, where = known(tuple(rule.refers))
            for word in text.split() if rule.is_list else [text]:
                if word not in values and word not in rule.beside:
                    of_list = (
                        f"words of {where} separated by spaces, not {word!r}"
                        if rule.is_list
                        else f"one of {where}"
                    )
                    return of_list + _near(nearest(word, values, values))
        elif rule.refers_by_kind:
            for subject in text.split(";"):
                kind, _, said = subject.strip().partition(":")
                if refers := rule.refers_by_kind.get(kind):
                    values, where = known((refers,))
                    if said not in values and said not in rule.beside:
                        names = nearest(said, values, values)
                        return f"{kind}: and one of {where}" + _near(f"{kind}:{one}" for one in names)
        elif rule.is_shipped and shipped is None:
            names = sorted(str(one[0]) for one in all_shipped)
            return "the name of a shipped row" + _near(nearest(text, names))
        elif rule.as_shipped and shipped is not None and text != shipped[name]:
            return f"{shipped[name]}, as shipped; give the value in it"
        elif rule.ranges and shipped is not None and rule.fits(text):
            word = str(shipped["unit"]).split()[0]
            least, most, is_whole = (
                rule.ranges.get(key_of(row, seed)[0]) or rule.ranges.get(word) or ANY_NUMBER
            )
            number = float(text)
            if not least <= number <= most or (is_whole and number != int(number)):
                kind = "a whole number" if is_whole else "a number"
                near = min(max(round(number) if is_whole else number, least), most)
                return f"{kind} of {shipped['unit']} from {least:,} to {most:,}" + _near([f"{near:g}"])
        return None

    return refuse


def _near(names: Iterable[str]) -> str:
    text = ", ".join(names)
    return f"; near it: {text}" if text else ""


def followed_publishers(settings: Settings) -> list[str]:
    """Accounts whose every model is listed daily."""
    return [str(row["publisher"]) for row in read_seed(PUBLISHERS, settings) if row["follow_all"] == "true"]


def attribution_of(data_source: str, settings: Settings) -> str | None:
    """What to write wherever the numbers of a source are shown; {as_of} stands for their time."""
    rows = {row["data_source"]: row for row in read_seed(DATA_SOURCES, settings)}
    return rows[data_source]["attribution"] if data_source in rows else None


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
    """Raises SeedError for a file that is meant as a seed and has the name of none."""
    known = sorted(seed.name for seed in ALL_SEEDS)
    for path in sorted(folder.iterdir()):
        name = path.name.strip().lower()
        if path.stem in known and path.name.endswith(".csv"):
            if not path.is_file():
                raise SeedError(f"MODELTIDE_SEEDS: {path} is no file. Remove it, or put the CSV file there.")
            continue
        if name.startswith((".", "~$")) or name.endswith(_LEFT_BESIDE):
            continue
        # publishers.csv.txt, publishers (1).csv, Publishers.xlsx; a README is nobody's seed
        stem = re.split(r"[.(]| - ", name)[0].strip().replace(" ", "_").replace("-", "_")
        near = nearest(stem, known) if ".csv" in name else get_close_matches(stem, known, 3, 0.85)
        if path.is_file() and (near or ".csv" in name):
            is_near = bool(get_close_matches(stem, known))
            names = ", ".join(f"{one}.csv" for one in (near if is_near else known))
            shown = path if path.name.strip() == path.name else repr(str(path))
            raise SeedError(
                f"MODELTIDE_SEEDS: {shown} is no seed; {'near it' if is_near else 'allowed'}: {names}. "
                "Rename or remove it."
            )
