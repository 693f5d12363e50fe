"""The raw contract between the loaders and SQL: every table of the schema `raw`, column by column.

Belongs here: names, types, meaning and units of raw columns, and the statements that create the tables.
Does not belong here: how rows get in (hub/load_day, markets/vintages, seeds/tables) or what they are turned
into (sql/).

There is no primary key and no index on any table: at 2.5 million models a day an index costs 50 times the
space and 40 times the time. Loaders write inside one transaction and check uniqueness before they commit.

A model is stored three ways:
- `hub_models`, once per repository: the immutable Hub `_id` and the integer `model_key` given at first sight;
- `hub_model_counters`, once per day and model: the numbers that move every day;
- one table per *attribute group* (cards, lineage, access, weights), a row only where the attributes changed.
  The row with the greatest `first_seen` <= D holds on day D. A source that lacks a group (`lacks` in
  `hub_snapshots`) neither opens nor closes a row of it.
"""

from typing import NamedTuple

from dagster_project.lib.warehouse.sql_text import escaped

SCHEMA_VERSION = 2


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


def _raw(name: str, description: str, *columns: tuple[str, str, str]) -> Table:
    return Table("raw", name, description, tuple(Column(*column) for column in columns))


_SNAPSHOT_DATE = ("snapshot_date", "date", "UTC day of the snapshot, by the server's clock")
_MODEL_KEY = ("model_key", "integer", "Our integer for the repository, see hub_models")
_FIRST_SEEN = (
    "first_seen",
    "date",
    "Snapshot day from which this state was seen; it holds until the model's next row",
)

HUB_SNAPSHOTS = _raw(
    "hub_snapshots",
    "One row per snapshot day: what was fetched, whether it was accepted, and if not, why.",
    _SNAPSHOT_DATE,
    ("scope", "varchar", "top, census or import (a user's own file)"),
    (
        "scope_id",
        "varchar",
        "Scope kind, size and hash of the follow_all publishers; only equal ones are compared",
    ),
    ("pages", "integer", "Listing pages landed"),
    ("row_count", "bigint", "Distinct public models loaded"),
    ("duplicates", "bigint", "Rows removed because the same listing showed a model twice"),
    ("overlap", "bigint", "Rows removed because a followed publisher's model was in the top listing already"),
    ("private_rows", "bigint", "Rows removed because the token's owner alone can see them"),
    (
        "beyond_boundary",
        "bigint",
        "Rows removed because the model was created after created_until, while the census was running",
    ),
    (
        "created_until",
        "timestamp",
        "UTC time of the newest creation that a census counts, set when it began; NULL for other scopes",
    ),
    ("is_complete", "boolean", "The crawl reached the end of every listing"),
    (
        "is_accepted",
        "boolean",
        "The day passed the checks, or was accepted by hand; only then has it rows elsewhere",
    ),
    ("reasons", "varchar[]", "Checks that failed; kept also when the day was accepted by hand"),
    (
        "lacks",
        "varchar[]",
        "Attribute groups that the source does not carry (cards, lineage, access, weights); key where the "
        "repository id stands in for a missing _id",
    ),
    (
        "provenance",
        "varchar",
        "observed, archive:<sha>, import:<sha256>, archive alone where it has no revision, or removed: an "
        "observed day that was taken out by hand",
    ),
    ("origin", "varchar", "live, synthetic, mirror:<host> or file: who answered"),
    (
        "captured_from",
        "timestamp",
        "UTC time of the first page by the server's clock; of an archive day its commit's; NULL for a file",
    ),
    (
        "captured_at",
        "timestamp",
        "UTC time of the last page by the server's clock; of an archive day its commit's; NULL for a file",
    ),
    ("loaded_at", "timestamp", "UTC time of this load by the local clock"),
    ("load_id", "varchar", "Identifies the load; changes when a day is loaded again"),
)
LOADS = _raw(
    "loads",
    "One row per file of snapshots/ that is in the warehouse; a file that is not here is loaded first.",
    ("source", "varchar", "hub, or the name of the source whose rows were added, such as prices"),
    _SNAPSHOT_DATE,
    ("load_id", "varchar", "Identifies the load; later loads sort after earlier ones"),
)
HUB_MODELS = _raw(
    "hub_models",
    "One row per repository ever loaded.",
    _MODEL_KEY,
    (
        "hub_id",
        "varchar",
        "The Hub's immutable _id, 24 hexadecimal digits; the repository id where a file has none",
    ),
    (
        "created_at",
        "timestamp",
        "UTC creation time by the Hub; its floor is 2022-03-02; NULL where no source says it",
    ),
    ("last_modified", "timestamp", "Latest UTC modification time seen; opens no version"),
)
HUB_MODEL_COUNTERS = _raw(
    "hub_model_counters",
    "One row per snapshot day and model in it, ordered by model_key inside a day.",
    _SNAPSHOT_DATE,
    _MODEL_KEY,
    (
        "downloads_30d",
        "bigint",
        "Hub `downloads`: requests of the trailing 30 days; falls as often as it rises",
    ),
    (
        "downloads_all_time",
        "bigint",
        "Hub `downloadsAllTime`: cumulative requests; NULL where absent, can fall",
    ),
    ("likes", "bigint", "Likes on the day"),
    ("trending_score", "double", "Hub trendingScore, no unit"),
)
HUB_MODEL_CARDS = _raw(
    "hub_model_cards",
    "Name, publisher and tags: a row per model and change.",
    _MODEL_KEY,
    _FIRST_SEEN,
    ("repo_id", "varchar", "Repository name at that time, publisher/name; names change, model_key does not"),
    ("publisher", "varchar", "Account that owns the repository (the part before the slash, or NULL)"),
    ("library_name", "varchar", "Hub library_name"),
    ("pipeline_tag", "varchar", "Hub pipeline_tag (task)"),
    ("tags", "varchar[]", "All tags as listed; free text of the publisher, untrusted"),
)
HUB_MODEL_LINEAGE = _raw(
    "hub_model_lineage",
    "Declared base models: a row per model and change.",
    _MODEL_KEY,
    _FIRST_SEEN,
    (
        "base_relation",
        "varchar",
        "finetune, adapter, merge, quantized or what the Hub says; NULL if none declared",
    ),
    (
        "base_models",
        "varchar[]",
        "Repository names of the declared parents, in the Hub's order; NULL if none",
    ),
)
HUB_MODEL_ACCESS = _raw(
    "hub_model_access",
    "Gating: a row per model and change.",
    _MODEL_KEY,
    _FIRST_SEEN,
    ("gated", "varchar", "false, auto, manual, or yes where a source only says that it is gated"),
)
HUB_MODEL_WEIGHTS = _raw(
    "hub_model_weights",
    "Storage and parameter counts: a row per model and change.",
    _MODEL_KEY,
    _FIRST_SEEN,
    ("used_storage_bytes", "bigint", "Hub usedStorage in bytes, all revisions; NULL if unknown"),
    ("safetensors_parameters", "bigint", "safetensors.total: number of parameters; NULL if none"),
    ("gguf_parameters", "bigint", "gguf.total: number of parameters; NULL if none"),
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

LICENCE_CARDS = _raw(
    "licence_cards",
    "What a card says of a licence that is none of the Hub's ids: a row per repository and change.",
    ("snapshot_date", "date", "UTC day of the pass that saw this state; it holds until the next row"),
    ("hub_id", "varchar", "The Hub's immutable _id, 24 hexadecimal digits"),
    ("repo_id", "varchar", "Repository name at that time, publisher/name"),
    (
        "licence_names",
        "varchar[]",
        "license_name of the card, of a list each; NULL if it gives none. Free text, untrusted, cut at 300",
    ),
    ("licence_link", "varchar", "license_link of the card, NULL if it gives none. Untrusted, cut at 300"),
)
LICENCE_CARD_PASSES = _raw(
    "licence_card_passes",
    "One row per snapshot day on which cards were asked for: how the pass ended.",
    _SNAPSHOT_DATE,
    ("status", "varchar", "ok, empty (nothing to read in the answer) or error; only ok is a pass"),
    ("detail", "varchar", "What went wrong; NULL when there is nothing to add"),
    ("crawl", "varchar", "Folder of its pages in landing, which counts the day's crawls; NULL if none"),
    ("pages", "integer", "Listing pages landed"),
    ("cards", "integer", "Cards read"),
    ("unread", "integer", "Items without a readable card; what was known of them stays"),
    ("changed", "integer", "Rows added to licence_cards"),
    ("fetched_at", "timestamp", "UTC time of the pass by the Hub's clock"),
)

PRICE_BARS = _raw(
    "price_bars",
    "One row per symbol, vintage and session; rows are only ever added.",
    ("symbol", "varchar", "Yahoo symbol"),
    ("vintage", "integer", "1 for the first history fetched; one more each time the past was restated"),
    ("session_date", "date", "Session of the exchange, in its own time zone"),
    ("open", "double", "Split-adjusted, in the listing's currency"),
    ("high", "double", "Split-adjusted, in the listing's currency"),
    ("low", "double", "Split-adjusted, in the listing's currency"),
    ("close", "double", "Split-adjusted, not dividend-adjusted, in the listing's currency"),
    ("adj_close", "double", "Adjusted for splits and dividends as known at fetched_at"),
    ("volume", "bigint", "Shares, split-adjusted"),
    ("dividend", "double", "Cash dividend with this ex-date, 0 if none"),
    ("split_ratio", "double", "New shares per old share on this date, 0 if none"),
    ("fetched_at", "timestamp", "UTC time of the fetch by the Hub's clock"),
)
PRICE_VINTAGES = _raw(
    "price_vintages",
    "One row per symbol and vintage: why a new history was needed.",
    ("symbol", "varchar", "Yahoo symbol"),
    ("vintage", "integer", "Counts from 1"),
    _SNAPSHOT_DATE,
    ("fetched_at", "timestamp", "UTC time of the fetch by the Hub's clock"),
    ("reason", "varchar", "first, or what was restated: split, dividend, close, adjusted close, no overlap"),
    (
        "restated_session",
        "date",
        "First session in the overlap that no longer agreed; NULL for the first vintage",
    ),
    ("restated_ratio", "double", "New over old adjusted close on that session; NULL for the first vintage"),
    ("currency", "varchar", "Currency of the prices as Yahoo says it"),
    ("exchange_timezone", "varchar", "IANA time zone of session_date"),
)
PRICE_FETCHES = _raw(
    "price_fetches",
    "One row per snapshot day and symbol: how the fetch ended.",
    _SNAPSHOT_DATE,
    ("symbol", "varchar", "Yahoo symbol"),
    (
        "status",
        "varchar",
        "ok, missing (the source says it does not exist), empty, pending (only unfinished bars) or error",
    ),
    ("detail", "varchar", "What the source said; NULL when there is nothing to add"),
    ("new_bars", "integer", "Bars added"),
    ("pending_bars", "integer", "Bars left out because the session was running or had no price yet"),
    ("vintage", "integer", "Vintage that the new bars belong to; NULL if none was ever stored"),
    ("last_session", "date", "Latest stored session after the fetch; NULL if none"),
    ("fetched_at", "timestamp", "UTC time of the fetch by the Hub's clock"),
)
EXCHANGE_SESSIONS = _raw(
    "exchange_sessions",
    "One row per exchange and expected session, from exchange_calendars.",
    ("exchange", "varchar", "Market identifier code: XNYS or XHKG"),
    ("session_date", "date", "Session in the exchange's own time zone"),
    ("open_at", "timestamp", "UTC time of the open"),
    ("close_at", "timestamp", "UTC time of the close, early closes included"),
)

HEADLINE_FIGURES = _raw(
    "headline_figures",
    "One row per publication and headline figure that it published first or with another value.",
    (
        "published_at",
        "timestamp",
        "UTC time of the publication, by the local clock, but later than every earlier one",
    ),
    ("snapshot_date", "date", "Newest accepted snapshot day of the publication"),
    ("provenance", "varchar", "live, synthetic or mirror:<host>, as in about"),
    ("scope_id", "varchar", "Scope of the newest snapshot"),
    ("about_date", "date", "UTC day that the figure is about"),
    ("figure", "varchar", "What is counted"),
    ("subject", "varchar", "Family, group or country that it is counted for"),
    ("definition", "varchar", "By which definition, where there are several"),
    ("value", "double", "The figure, in unit; NULL where the publication had none"),
    ("value_text", "varchar", "The figure where it is a word, such as a verdict; else NULL"),
    ("unit", "varchar", "Unit of value"),
)


def _fetches(name: str, item: str) -> Table:
    return _raw(
        name,
        f"One row per snapshot day and item asked for ({item}): how the fetch ended.",
        _SNAPSHOT_DATE,
        ("item", "varchar", f"What was asked for: {item}"),
        (
            "status",
            "varchar",
            "ok, partial (some rows unusable), empty (a valid answer without rows), malformed, renamed, "
            "missing (404), refused (401, 403), no_key, short (far less than before) or error",
        ),
        ("detail", "varchar", "What is wrong and what to do; NULL when all is well"),
        ("answered_rows", "integer", "Rows in the answer; NULL without an answer"),
        ("new_rows", "integer", "Rows added to the warehouse"),
        ("as_of", "timestamp", "UTC time of the data as the source says it, else of the answer"),
        ("attribution", "varchar", "What to write wherever the data is shown; NULL if nothing is asked for"),
        ("origin", "varchar", "live, synthetic or mirror:<host>: who answered; NULL without an answer"),
        ("fetched_at", "timestamp", "UTC time of the fetch by the Hub's clock"),
    )


OPENROUTER_TOKENS = _raw(
    "openrouter_tokens",
    "One row per fetch, day and model: tokens as stated then; every fetch is kept.",
    ("fetched_at", "timestamp", "UTC time of the fetch by the Hub's clock"),
    ("as_of", "timestamp", "UTC time that the source gives its figures"),
    ("token_date", "date", "UTC day that the tokens were used"),
    (
        "model_permaslug",
        "varchar",
        "OpenRouter's permanent name of the model, with :free and the like; other: all below the top 50",
    ),
    ("total_tokens", "decimal(38,0)", "Prompt and completion tokens; NULL if the answer's text is no number"),
    ("unreadable_text", "varchar", "What stood there instead of a number; NULL for numbers"),
)
OPENROUTER_FETCHES = _fetches("openrouter_fetches", "a window of days, first..last")
MODELS_DEV_CATALOGUE = _raw(
    "models_dev_catalogue",
    "One row per offer of a provider and change of it; it holds until the offer's next row.",
    ("provider", "varchar", "Who offers the model, id of models.dev"),
    ("model_id", "varchar", "Name of the model at the provider"),
    ("first_seen", "date", "Snapshot day from which this state was seen"),
    ("is_listed", "boolean", "false: the offer has left the catalogue"),
    ("name", "varchar", "Name for readers"),
    ("open_weights", "boolean", "The catalogue says that the weights are public; NULL if it says nothing"),
    ("release_date", "date", "Release as the catalogue states it; NULL unless known to the day"),
    ("input_price_usd", "double", "US dollars per million prompt tokens; NULL if none is stated"),
    ("output_price_usd", "double", "US dollars per million completion tokens; NULL if none is stated"),
    ("context_tokens", "bigint", "Context length in tokens; NULL if none is stated"),
)
MODELS_DEV_FETCHES = _fetches("models_dev_fetches", "the whole catalogue")


def _installs(name: str, registry: str) -> Table:
    return _raw(
        name,
        f"One row per package, day and changed count of {registry}; the newest fetch counts.",
        ("package", "varchar", f"Package name on {registry}"),
        ("install_date", "date", "UTC day of the downloads"),
        ("fetched_at", "timestamp", "UTC time of the fetch by the Hub's clock"),
        (
            "downloads",
            "bigint",
            "Downloads as stated then, mirrors excluded where they are known; 0 is no data",
        ),
    )


NPM_INSTALLS = _installs("npm_installs", "npm")
NPM_FETCHES = _fetches("npm_fetches", "a package")
PYPI_INSTALLS = _installs("pypi_installs", "PyPI")
PYPI_FETCHES = _fetches("pypi_fetches", "a package")

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
