"""The seeds: decisions that are data (who publishes, what is open, what counts), each row with its source.

Belongs here: which seeds there are, laying the rows of the user's folder over the shipped ones of sql/seeds,
and loading the result into the schema `seeds`.
Does not belong here: how a file is read and checked (lib/seeds/files.py), and what the rows mean; the SQL
models and the crawl decide that.
"""

from difflib import get_close_matches
from pathlib import Path

import duckdb

from dagster_project.lib.checkout import SQL
from dagster_project.lib.seeds.files import Row, Seed, SeedError, complete, key_of, read_file
from dagster_project.lib.settings import Settings
from dagster_project.lib.warehouse.connection import transaction
from dagster_project.lib.warehouse.raw_tables import Column

SHIPPED = SQL / "seeds"


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
    ("is_primary_listing", "boolean", "The share that stands for its company where listings are pooled"),
)
FAMILIES = _seed(
    "families",
    "One row per model family: its name and who makes it.",
    ("family", "varchar", "Token of the family, as in publishers.family"),
    ("name", "varchar", "Name for readers"),
    ("company", "varchar", "Maker, as in publishers.company; NULL if none is known"),
    (
        "extra_root_pattern",
        "varchar",
        "Regular expression over lower-case repository names of re-uploads that are roots too; NULL if none",
    ),
)
CURATED_MODELS = _seed(
    "curated_models",
    "One row per family and pattern: which repositories the curated definition counts.",
    ("family", "varchar", "Family, or * for a rule over all of them"),
    ("repo_pattern", "varchar", "Regular expression over publisher/name"),
    ("is_included", "boolean", "true: counted where no rule excludes it; false: never counted"),
)
TEST_REPO_PATTERNS = _seed(
    "test_repo_patterns",
    "One row per pattern of repositories that exist for tests and continuous integration.",
    ("pattern", "varchar", "Regular expression over publisher/name in lower case"),
    ("meaning", "varchar", "What such repositories are"),
)
COUNTING_RULE_CHANGES = _seed(
    "counting_rule_changes",
    "One row per change of how the Hub counts downloads.",
    ("rule_change", "varchar", "Our id of the change: repository and pull request"),
    ("effective_date", "date", "UTC day from which the new rule counts, as far as known"),
    ("date_precision", "varchar", "day or month: how well effective_date is known"),
    ("applies_to_kind", "varchar", "library, file or none: what applies_to names"),
    ("applies_to", "varchar", "Hub library_name or file name whose repositories count anew; NULL for none"),
    ("change", "varchar", "What changed"),
)
PUBLISHED_CLAIMS = _seed(
    "published_claims",
    "One row per figure that others published, to stand beside ours.",
    ("claim", "varchar", "Our id of the claim"),
    ("family", "varchar", "Family that the claim is about"),
    ("published_date", "date", "Day of publication; NULL if not known to the day"),
    ("publisher", "varchar", "Who published it"),
    ("measure", "varchar", "cumulative (up to window_end) or window (between its two ends)"),
    ("metric", "varchar", "downloads, models or derivatives"),
    ("value", "bigint", "The figure, in units of metric"),
    ("is_lower_bound", "boolean", "The claim says more than, or at least"),
    ("window_start", "date", "First day that the figure covers; NULL for cumulative ones"),
    ("window_end", "date", "Last day that the figure covers"),
    ("scope", "varchar", "What the claim says that it counts"),
)
DAY_QUALITY_THRESHOLDS = _seed(
    "day_quality_thresholds",
    "One row per constant that decides whether a snapshot day is usable.",
    ("threshold", "varchar", "Name of the constant"),
    ("value", "double", "Its value, in unit"),
    ("unit", "varchar", "Unit of value"),
    ("meaning", "varchar", "What the constant decides"),
)
SIZE_CLASSES = _seed(
    "size_classes",
    "One row per size class of models.",
    ("size_class", "varchar", "Class; sorts by size"),
    ("name", "varchar", "Name for readers"),
    ("min_parameters", "bigint", "Least number of parameters of the class"),
    ("below_parameters", "bigint", "First number of parameters above the class; NULL for the last"),
)
NAMED_LICENCES = _seed(
    "named_licences",
    "One row per licence name that models with the licence id other carry.",
    (
        "licence_name",
        "varchar",
        "The name in a tag or on a card, or the link of a card without one; lower case, hyphens for spaces",
    ),
    ("licence_class", "varchar", "L4 to L0 as in licences"),
)
COUNTRIES = _seed(
    "countries",
    "One row per country code: the group that shares are counted by.",
    ("country", "varchar", "ISO 3166-1 alpha-2, or unknown"),
    ("name", "varchar", "Name for readers"),
    ("region", "varchar", "Region of the United Nations' M49; NULL if it names none"),
    ("country_group", "varchar", "China, United States, Europe (region of M49), rest or unknown"),
)
LIBRARIES = _seed(
    "libraries",
    "One row per library_name of the Hub whose kind says what a derivative is.",
    ("library_name", "varchar", "Hub library_name in lower case"),
    (
        "library_kind",
        "varchar",
        "runtime: what calls itself a finetune is a conversion to it; general: it is what it says",
    ),
    ("name", "varchar", "Name for readers"),
)
GROWTH_THRESHOLDS = _seed(
    "growth_thresholds",
    "One row per constant of growth, lineage and relative adoption.",
    ("threshold", "varchar", "Name of the constant"),
    ("value", "double", "Its value, in unit"),
    ("unit", "varchar", "Unit of value"),
    ("meaning", "varchar", "What the constant decides"),
)
SDK_PACKAGES = _seed(
    "sdk_packages",
    "One row per registry and package whose installs are counted.",
    ("registry", "varchar", "npm or pypi"),
    ("package", "varchar", "Package name on the registry"),
    (
        "basket",
        "varchar",
        "closed (talks to closed models), open (runs or serves open ones) or both_ways (in neither index)",
    ),
)
SDK_BASE_WEEKS = _seed(
    "sdk_base_weeks",
    "One row per registry: the week whose installs are 100.",
    ("registry", "varchar", "npm or pypi"),
    (
        "base_week",
        "date",
        "Monday of the week; where data begin later, or if empty: the first week with every package complete",
    ),
)
API_AUTHORS = _seed(
    "api_authors",
    "One row per author in OpenRouter's model names: who that is elsewhere.",
    ("author", "varchar", "The part before the slash of a permaslug"),
    ("company", "varchar", "As in publishers.company, so that their repositories on the Hub can be found"),
    ("country", "varchar", "Seat of the company, ISO 3166-1 alpha-2, or unknown"),
    ("models_dev_provider", "varchar", "The maker's own provider id in models.dev; NULL if it has none"),
)
API_MODEL_CLASSES = _seed(
    "api_model_classes",
    "One row per pattern of model names whose class is stated by its maker.",
    (
        "permaslug_pattern",
        "varchar",
        "Regular expression over the whole permaslug without :free and the like",
    ),
    ("api_class", "varchar", "open or closed"),
    ("since_date", "date", "Day from which the statement holds; NULL: ever since"),
)
SHARE_THRESHOLDS = _seed(
    "share_thresholds",
    "One row per constant of open against closed.",
    ("threshold", "varchar", "Name of the constant"),
    ("value", "double", "Its value, in unit"),
    ("unit", "varchar", "Unit of value"),
    ("meaning", "varchar", "What the constant decides"),
)
DATA_SOURCES = _seed(
    "data_sources",
    "One row per source of data: its terms, and what to write where its numbers are shown.",
    ("data_source", "varchar", "Our name of the source, as in the status of its fetches"),
    ("name", "varchar", "Name for readers"),
    ("licence", "varchar", "Licence of the data as the source states it; NULL if it states none"),
    ("terms", "varchar", "Terms of use that apply, in short"),
    ("terms_url", "varchar", "Where they are written"),
    (
        "attribution",
        "varchar",
        "Text to show with the numbers, {as_of} standing for their time; NULL if none is asked for",
    ),
)
HEADLINE_EVENTS = _seed(
    "headline_events",
    "One row per headline or report whose echo in the market is examined.",
    ("event_id", "varchar", "Our id of the event"),
    ("kind", "varchar", "headline (a newspaper) or report (the study that it quotes)"),
    ("company", "varchar", "Company that it is about, as in companies.company"),
    ("event_date", "date", "Day of publication in time_zone"),
    ("event_time", "varchar", "Time of publication in time_zone, HH:MM; NULL if not known"),
    ("time_zone", "varchar", "IANA time zone of event_date and event_time"),
    ("claim", "varchar", "What it says"),
)
EVENT_KINDS = _seed(
    "event_kinds",
    "One row per kind of event: how it is pooled, and what it does to another on the same session.",
    ("kind", "varchar", "headline, report, milestone or open_release"),
    ("event_group", "varchar", "Events of a group are pooled"),
    (
        "is_decisive",
        "boolean",
        "Two decisive events of a share on one session make each other untestable; one that is not decisive "
        "yields to any other",
    ),
    ("definition", "varchar", "Definition of a family whose crossing is the milestone; NULL for other kinds"),
)
EVENT_WINDOWS = _seed(
    "event_windows",
    "One row per window of sessions around an event.",
    ("event_window", "varchar", "Our id of the window"),
    ("start_session", "bigint", "First session, counted from the event session"),
    ("end_session", "bigint", "Last session, counted from the event session"),
    ("is_primary", "boolean", "The one window whose verdict counts; the others show how robust it is"),
)
EVENT_STUDY_THRESHOLDS = _seed(
    "event_study_thresholds",
    "One row per constant of events, returns and what is tested about them.",
    ("threshold", "varchar", "Name of the constant"),
    ("value", "double", "Its value, in unit"),
    ("unit", "varchar", "Unit of value"),
    ("meaning", "varchar", "What the constant decides"),
)
CONFOUNDERS = _seed(
    "confounders",
    "One row per other reason why a share may have moved.",
    ("confounder", "varchar", "Our id, starts with the day"),
    ("confounder_date", "date", "Day, in the zone of the place where it happened"),
    ("affected_company", "varchar", "Company that it is about, as in companies.company; NULL for several"),
    (
        "affected_country",
        "varchar",
        "Seat of the companies that it is about; NULL if one is named, or all",
    ),
    ("what", "varchar", "What happened"),
    ("verified", "boolean", "A primary source says so; false where only others' reports do"),
)
ALL_SEEDS = (
    PUBLISHERS,
    LICENCES,
    COMPANIES,
    FAMILIES,
    CURATED_MODELS,
    TEST_REPO_PATTERNS,
    COUNTING_RULE_CHANGES,
    PUBLISHED_CLAIMS,
    DAY_QUALITY_THRESHOLDS,
    SIZE_CLASSES,
    NAMED_LICENCES,
    GROWTH_THRESHOLDS,
    COUNTRIES,
    LIBRARIES,
    SDK_PACKAGES,
    SDK_BASE_WEEKS,
    API_AUTHORS,
    API_MODEL_CLASSES,
    SHARE_THRESHOLDS,
    DATA_SOURCES,
    HEADLINE_EVENTS,
    EVENT_KINDS,
    EVENT_WINDOWS,
    EVENT_STUDY_THRESHOLDS,
    CONFOUNDERS,
)


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
