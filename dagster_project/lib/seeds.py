"""The seeds: decisions that are data (who publishes, what is open, what counts), each row with its source.

Belongs here: reading the shipped CSV files of sql/seeds, laying the rows of the user's folder over them,
checking both, and loading the result into the schema `seeds`.
Does not belong here: what the rows mean; the SQL models and the crawl decide that.
"""

import csv
import io
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

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


def read_seed(seed: Seed, settings: Settings) -> list[Row]:
    """Rows of a seed in key order: the shipped ones, overridden and extended by MODELTIDE_SEEDS.

    A user's row replaces the columns that its file has and leaves the others as shipped.
    Raises SeedError naming file, line, column and what is allowed.
    """
    rows = {_key_of(row, seed): row for row in _read_file(SHIPPED / seed.file_name, seed)}
    if settings.seeds_folder is not None:
        own = settings.seeds_folder / seed.file_name
        _refuse_unknown_files(settings.seeds_folder)
        if own.exists():
            for row in _read_file(own, seed):
                row.setdefault("source", own.name)
                key = _key_of(row, seed)
                rows[key] = {**rows.get(key, {}), **row}
    return [_complete(rows[key], seed) for key in sorted(rows)]


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
    if not set(seed.key) <= set(header) or unknown or len(set(header)) < len(header):
        raise SeedError(
            f"{path}, line 1: the columns are {', '.join(header) or 'missing'}; "
            f"allowed: {', '.join(seed.column_names)}, and {' and '.join(seed.key)} is required."
        )
    rows: dict[tuple[str, ...], Row] = {}
    for record in reader:
        row = _check_row(record, seed, path, reader.line_num)
        key = _key_of(row, seed)
        if key in rows:
            raise SeedError(
                f"{path}, line {reader.line_num}: {' and '.join(seed.key)} "
                f"{' and '.join(map(repr, key))} is there twice."
            )
        rows[key] = row
    return list(rows.values())


def _key_of(row: Row, seed: Seed) -> tuple[str, ...]:
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


def _complete(row: Row, seed: Seed) -> Row:
    full = {name: row.get(name) or _DEFAULTS.get(name) for name in seed.column_names}
    for name in _REQUIRED:
        if name in full and full[name] is None:
            allowed = _check_of(seed, name)[1] or "any text"
            raise SeedError(
                f"{seed.file_name}: {_key_of(full, seed)[0]!r} has no {name}; allowed: {allowed}."
            )
    return full
