"""The seeds: decisions that are data (who publishes, what is open, what counts), each row with its source.

Belongs here: laying the rows of the user's folder over the shipped ones of sql/seeds, and loading the result
into the schema `seeds`.
Does not belong here: which seeds there are and what their columns may say (sql/models/staging/
_seeds__sources.yml), how a file is read and checked (lib/seeds/files.py), and what the rows mean; the SQL
models and the crawl decide that.
"""

from difflib import get_close_matches
from pathlib import Path

import duckdb

from dagster_project.lib.checkout import SQL
from dagster_project.lib.seeds.files import Row, Seed, SeedError, complete, key_of, read_file
from dagster_project.lib.settings import Settings
from dagster_project.lib.warehouse.connection import transaction
from dagster_project.lib.warehouse.raw_tables import columns_of, described

SHIPPED = SQL / "seeds"


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
SDK_PACKAGES = _seed("sdk_packages")
DATA_SOURCES = _seed("data_sources")
HEADLINE_EVENTS = _seed("headline_events")
ALL_SEEDS = tuple(_seed(name) for name in described("seeds"))


def read_seed(seed: Seed, settings: Settings) -> list[Row]:
    """Rows of a seed in key order: the shipped ones, overridden and extended by MODELTIDE_SEEDS.

    A user's row replaces the columns that its file has and leaves the others as shipped.
    Raises SeedError naming file, line, column and what is allowed.
    """
    rows = {key_of(row, seed): row for row in read_file(SHIPPED / seed.file_name, seed)}
    if settings.seeds_folder is not None:
        own = settings.seeds_folder / seed.file_name
        _refuse_unknown_files(settings.seeds_folder)
        if own.exists():
            for row in read_file(own, seed):
                row.setdefault("source", own.name)
                key = key_of(row, seed)
                rows[key] = {**rows.get(key, {}), **row}
    return [complete(rows[key], seed) for key in sorted(rows)]


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
    known = sorted(seed.name for seed in ALL_SEEDS)
    for path in sorted(folder.glob("*.csv")):
        if path.stem not in known:
            near = get_close_matches(path.stem, known)
            names = ", ".join(f"{name}.csv" for name in near or known)
            raise SeedError(
                f"MODELTIDE_SEEDS: {path} is no seed; {'near it' if near else 'allowed'}: {names}. "
                "Rename or remove it."
            )
