"""The raw contract between the loaders and SQL: every table of the schema `raw`, column by column.

Belongs here: reading the contract (sql/models/staging/_raw__sources.yml), the statements that create the
tables, and which of them a source adds rows to.
Does not belong here: a name, type, meaning or unit of a column (the yml), how rows get in (hub/load_day,
markets/vintages, seeds/tables) or what they are turned into (sql/).

There is no primary key and no index on any table: at 2.5 million models a day an index costs 50 times the
space and 40 times the time. Loaders write inside one transaction and check uniqueness before they commit.

A model is stored three ways:
- `hub_models`, once per repository: the immutable Hub `_id` and the integer `model_key` given at first sight;
- `hub_model_counters`, once per day and model: the numbers that move every day;
- one table per *attribute group* (cards, lineage, access, weights), a row only where the attributes changed.
  The row with the greatest `first_seen` <= D holds on day D. A source that lacks a group (`lacks` in
  `hub_snapshots`) neither opens nor closes a row of it.
"""

import re
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from dagster_project.lib.checkout import SQL
from dagster_project.lib.warehouse.sql_text import escaped

SCHEMA_VERSION = 2
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # for both files 15 ms, without C 220


class Column(NamedTuple):
    """Name, DuckDB type, and what it means with its unit."""

    name: str
    type: str
    description: str


class Table(NamedTuple):
    """A table and its columns; its description names the grain."""

    schema: str
    name: str
    description: str
    columns: tuple[Column, ...]

    @property
    def full_name(self) -> str:
        return f"{self.schema}.{self.name}"

    @property
    def column_names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    def ddl(self) -> str:
        """Statements that create the table and say what it and its columns mean."""
        body = ", ".join(f'"{column.name}" {column.type}' for column in self.columns)
        return "; ".join(
            [
                f"create table if not exists {self.full_name} ({body})",
                f"comment on table {self.full_name} is '{escaped(self.description)}'",
                *(
                    f"""comment on column {self.full_name}."{c.name}" is '{escaped(c.description)}'"""
                    for c in self.columns
                ),
            ]
        )


class Source(NamedTuple):
    """A source whose loads add rows to its tables, which stay as they are.

    `replaced` names the tables in which a row takes the place of the one with the same key columns, such as
    the status of a fetch by that of the day's last fetch.
    """

    name: str
    tables: tuple[Table, ...]
    replaced: dict[Table, tuple[str, ...]]


def contract(schema: str) -> Path:
    """The file that describes the tables of a schema, raw or seeds; dbt reads it as well."""
    return SQL / "models" / "staging" / f"_{schema}__sources.yml"


@cache
def described(schema: str) -> dict[str, dict[str, Any]]:
    """What the contract says of each table of a schema, by its name and in its order."""
    said = yaml.load(contract(schema).read_bytes(), _LOADER)
    return {table["name"]: table for table in said["sources"][0]["tables"]}


def columns_of(table: dict[str, Any]) -> tuple[Column, ...]:
    """The columns of a described table."""
    return tuple(Column(c["name"], c["data_type"], _text(c["description"])) for c in table["columns"])


def _text(description: str) -> str:
    """A description, or that of the block of sql/models/docs.md that it names."""
    named = re.fullmatch(r"\{\{ doc\(\"(\w+)\"\) \}\}", description)
    return _blocks()[named[1]] if named else description


@cache
def _blocks() -> dict[str, str]:
    text = (SQL / "models" / "docs.md").read_text(encoding="utf-8")
    return dict(re.findall(r"{% docs (\w+) %}(.*?){% enddocs %}", text))


def raw_table(name: str) -> Table:
    """A table of the schema `raw` as the contract describes it."""
    table = described("raw")[name]
    return Table("raw", name, table["description"], columns_of(table))


HUB_SNAPSHOTS = raw_table("hub_snapshots")
HUB_MODELS = raw_table("hub_models")
HUB_MODEL_COUNTERS = raw_table("hub_model_counters")
HUB_MODEL_CARDS = raw_table("hub_model_cards")
HUB_MODEL_LINEAGE = raw_table("hub_model_lineage")
HUB_MODEL_ACCESS = raw_table("hub_model_access")
HUB_MODEL_WEIGHTS = raw_table("hub_model_weights")
LICENCE_CARDS = raw_table("licence_cards")
LICENCE_CARD_PASSES = raw_table("licence_card_passes")
PRICE_BARS = raw_table("price_bars")
PRICE_VINTAGES = raw_table("price_vintages")
PRICE_FETCHES = raw_table("price_fetches")
EXCHANGE_SESSIONS = raw_table("exchange_sessions")
OPENROUTER_TOKENS = raw_table("openrouter_tokens")
OPENROUTER_FETCHES = raw_table("openrouter_fetches")
MODELS_DEV_CATALOGUE = raw_table("models_dev_catalogue")
MODELS_DEV_FETCHES = raw_table("models_dev_fetches")
NPM_INSTALLS = raw_table("npm_installs")
NPM_FETCHES = raw_table("npm_fetches")
PYPI_INSTALLS = raw_table("pypi_installs")
PYPI_FETCHES = raw_table("pypi_fetches")
HEADLINE_FIGURES = raw_table("headline_figures")
# which files of snapshots/ are loaded: no SQL model reads it, so it is no source of dbt
LOADS = Table(
    "raw",
    "loads",
    "One row per file of snapshots/ that is in the warehouse; a file that is not here is loaded first.",
    (
        Column("source", "varchar", "hub, or the name of the source whose rows were added, such as prices"),
        HUB_SNAPSHOTS.columns[0],
        Column("load_id", "varchar", "Identifies the load; later loads sort after earlier ones"),
    ),
)

ATTRIBUTE_GROUPS = {
    "cards": HUB_MODEL_CARDS,
    "lineage": HUB_MODEL_LINEAGE,
    "access": HUB_MODEL_ACCESS,
    "weights": HUB_MODEL_WEIGHTS,
}

# of a file of snapshots/hub: what a day says of a model, each column once
DAY_COLUMNS = {
    column.name: column.type
    for table in (HUB_MODELS, HUB_MODEL_COUNTERS, *ATTRIBUTE_GROUPS.values())
    for column in table.columns
    if column.name not in ("snapshot_date", "first_seen")
}

HUB_TABLES = (
    HUB_SNAPSHOTS,
    HUB_MODELS,
    HUB_MODEL_COUNTERS,
    HUB_MODEL_CARDS,
    HUB_MODEL_LINEAGE,
    HUB_MODEL_ACCESS,
    HUB_MODEL_WEIGHTS,
)
LICENCES = Source(
    "licence_cards",
    (LICENCE_CARDS, LICENCE_CARD_PASSES),
    {LICENCE_CARDS: ("snapshot_date", "hub_id"), LICENCE_CARD_PASSES: ("snapshot_date",)},
)
PRICES = Source(
    "prices", (PRICE_BARS, PRICE_VINTAGES, PRICE_FETCHES), {PRICE_FETCHES: ("snapshot_date", "symbol")}
)
_FETCH_KEY = ("snapshot_date", "item")
OPENROUTER = Source(
    "openrouter_tokens",
    (OPENROUTER_TOKENS, OPENROUTER_FETCHES),
    {
        # the same pages read again; another fetch adds to them
        OPENROUTER_TOKENS: ("fetched_at", "token_date", "model_permaslug"),
        OPENROUTER_FETCHES: _FETCH_KEY,
    },
)
MODELS_DEV = Source(
    "models_dev_catalogue",
    (MODELS_DEV_CATALOGUE, MODELS_DEV_FETCHES),
    {MODELS_DEV_CATALOGUE: ("provider", "model_id", "first_seen"), MODELS_DEV_FETCHES: _FETCH_KEY},
)
NPM = Source("npm_installs", (NPM_INSTALLS, NPM_FETCHES), {NPM_FETCHES: _FETCH_KEY})
PYPI = Source("pypi_installs", (PYPI_INSTALLS, PYPI_FETCHES), {PYPI_FETCHES: _FETCH_KEY})
HEADLINES = Source("headlines", (HEADLINE_FIGURES,), {})
ROW_SOURCES = (LICENCES, PRICES, OPENROUTER, MODELS_DEV, NPM, PYPI, HEADLINES)
ALL_TABLES = (
    LOADS,
    *HUB_TABLES,
    *(table for source in ROW_SOURCES for table in source.tables),
    EXCHANGE_SESSIONS,
)
