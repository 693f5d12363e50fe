"""Every setting, read from the environment in one place and checked before anything starts.

Belongs here: names, defaults, allowed values and the derived paths of the data home.
Does not belong here: constants that a user cannot set; those stand beside the code that needs them.
"""

import hashlib
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from dagster_project.lib.errors import ModelTideError
from dagster_project.lib.redaction import keep_secret

HUB_ENDPOINT = "https://huggingface.co"
YAHOO_ENDPOINT = "https://query2.finance.yahoo.com"
OPENROUTER_ENDPOINT = "https://openrouter.ai"
MODELS_DEV_ENDPOINT = "https://models.dev"
NPM_ENDPOINT = "https://api.npmjs.org"
PYPISTATS_ENDPOINT = "https://pypistats.org"
HUB_ARCHIVE = "cfahlgren1/hub-stats"  # a revision of the listing a day since July 2024
SCOPES = ("top", "census")
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MOST_MODELS = 100_000_000  # the Hub has 3 million
LONGEST_SHOWN = 80  # characters of a refused value
_TRUE, _FALSE = ("1", "true", "yes"), ("", "0", "false", "no")


class SettingsError(ModelTideError):
    """A variable has a value that is not allowed; the message says what is."""


@dataclass(frozen=True)
class Settings:
    """What a run needs to know. Build it with `Settings.from_environment()`."""

    home: Path
    hub_endpoint: str = HUB_ENDPOINT
    yahoo_endpoint: str = YAHOO_ENDPOINT
    hub_archive: str = HUB_ARCHIVE
    openrouter_endpoint: str = OPENROUTER_ENDPOINT
    models_dev_endpoint: str = MODELS_DEV_ENDPOINT
    npm_endpoint: str = NPM_ENDPOINT
    pypistats_endpoint: str = PYPISTATS_ENDPOINT
    hub_token: str | None = field(default=None, repr=False)  # never in a log
    alert_webhook: str | None = field(default=None, repr=False)  # who has it can post: a secret, too
    openrouter_key: str | None = field(default=None, repr=False)  # never in a log
    dataset: str | None = None  # of the Hub, for everybody: what may be passed on
    private_dataset: str | None = None  # of the Hub, for the whole record and every table
    seeds_folder: Path | None = None
    scope: str = "top"
    hub_top: int = 50_000
    census_weekday: str | None = None
    refetch: bool = False
    accept: bool = False
    lake_address: str | None = None  # a path or what fsspec reads; lake/ of the home if None
    site_address: str | None = None  # where the site will be served; its pages name it if it is known
    memory_limit: str | None = None  # of a build, as DuckDB reads it; its own figure if None

    def __post_init__(self) -> None:
        for secret in (self.hub_token, self.alert_webhook, self.openrouter_key):
            keep_secret(secret)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Settings":
        def value(name: str, default: str = "") -> str:
            return environment.get(name, "").strip() or default

        def endpoint(name: str, default: str) -> str:
            return _url(name, value(name, default))

        seeds = value("MODELTIDE_SEEDS")
        webhook = value("ALERT_WEBHOOK_URL")
        return cls(
            home=_home("MODELTIDE_HOME", value("MODELTIDE_HOME", "data")),
            hub_endpoint=endpoint("HF_ENDPOINT", HUB_ENDPOINT),
            yahoo_endpoint=endpoint("YAHOO_ENDPOINT", YAHOO_ENDPOINT),
            openrouter_endpoint=endpoint("OPENROUTER_ENDPOINT", OPENROUTER_ENDPOINT),
            models_dev_endpoint=endpoint("MODELS_DEV_ENDPOINT", MODELS_DEV_ENDPOINT),
            npm_endpoint=endpoint("NPM_ENDPOINT", NPM_ENDPOINT),
            pypistats_endpoint=endpoint("PYPISTATS_ENDPOINT", PYPISTATS_ENDPOINT),
            hub_archive=_repository("HUB_ARCHIVE", value("HUB_ARCHIVE", HUB_ARCHIVE)),
            dataset=_dataset("MODELTIDE_DATASET", value("MODELTIDE_DATASET")),
            private_dataset=_dataset("MODELTIDE_PRIVATE_DATASET", value("MODELTIDE_PRIVATE_DATASET")),
            hub_token=_secret("HF_TOKEN", value("HF_TOKEN")),
            alert_webhook=_secret_url("ALERT_WEBHOOK_URL", webhook) if webhook else None,
            openrouter_key=_secret("OPENROUTER_API_KEY", value("OPENROUTER_API_KEY")),
            seeds_folder=_folder("MODELTIDE_SEEDS", seeds) if seeds else None,
            scope=_choice("HUB_SCOPE", value("HUB_SCOPE", "top"), SCOPES),
            hub_top=_top("HUB_TOP", value("HUB_TOP", "50000")),
            census_weekday=_weekday("HUB_CENSUS_WEEKDAY", value("HUB_CENSUS_WEEKDAY")),
            refetch=a_switch("REFETCH", value("REFETCH")),
            accept=a_switch("ACCEPT", value("ACCEPT")),
            lake_address=_lake("LAKE", value("LAKE")),
            site_address=endpoint("MODELTIDE_SITE_ADDRESS", "") if value("MODELTIDE_SITE_ADDRESS") else None,
            memory_limit=_memory_limit("MODELTIDE_MEMORY_LIMIT", value("MODELTIDE_MEMORY_LIMIT")),
        )

    @property
    def hub_host(self) -> str:
        return urlsplit(self.hub_endpoint).netloc

    @property
    def is_live_hub(self) -> bool:
        return self.hub_endpoint == HUB_ENDPOINT

    @property
    def landing(self) -> Path:
        return self.home / "landing"

    @property
    def snapshots(self) -> Path:
        return self.home / "snapshots"

    @property
    def cache(self) -> Path:
        """What can be deleted at any time, and is made again."""
        return self.home / "cache"

    @property
    def warehouse(self) -> Path:
        return self.home / "warehouse.duckdb"

    @property
    def published(self) -> Path:
        return self.home / "published"

    @property
    def lake(self) -> str:
        return self.lake_address or str(self.home / "lake")

    def on(self, day: date) -> "Settings":
        """The settings of a day: on the census's weekday its snapshot is a census, whatever the scope."""
        if self.census_weekday != WEEKDAYS[day.weekday()]:
            return self
        return replace(self, scope="census")

    @property
    def report(self) -> Path:
        return self.published / "report.html"

    def scope_id(self, followed: Iterable[str]) -> str:
        """Kind, size and hash of the followed publishers: only equal scopes are comparable."""
        if self.scope == "census":
            return "census"
        names = "\n".join(sorted(followed))
        return f"top-{self.hub_top}-{hashlib.sha256(names.encode()).hexdigest()[:8]}"


def _refuse(name: str, value: str, allowed: str) -> SettingsError:
    shown = value if len(value) <= LONGEST_SHOWN else f"{value[:LONGEST_SHOWN]}…"
    return SettingsError(f"{name} is {shown!r}; allowed: {allowed}. Set or unset it, then run again.")


def a_path(name: str, value: str) -> Path:
    """An absolute path; `~` and `~user` are homes. Raises SettingsError for an address or a line break."""
    if re.match(r"[A-Za-z][\w+.-]*:/", value):
        raise _refuse(name, value, "a path of this machine, without a scheme such as s3:// or file://")
    if re.search(r"[\x00-\x1f\x7f]", value):
        raise _refuse(name, value, "a path without control characters")
    try:
        return Path(value).expanduser().absolute()
    except RuntimeError:  # nobody of that name is here, or nobody knows where the home is
        raise _refuse(name, value, "a path whose ~ is the home of a user of this machine") from None


def _home(name: str, value: str) -> Path:
    path = a_path(name, value)
    # DuckDB looks for what belongs to a warehouse elsewhere, Dagster for its store
    if re.search(r"[?\\]|%[0-9A-Fa-f]{2}", str(path)):
        raise _refuse(
            name, str(path), "a path without ?, backslash and %20, which databases read as more than a name"
        )
    return path


def _memory_limit(name: str, value: str) -> str | None:
    """As DuckDB reads it: `2GB`, `50%`."""
    if not value:
        return None
    if re.fullmatch(r"[1-9][0-9]?%", value, re.ASCII):
        return value
    found = re.fullmatch(r"([0-9]{1,9}(?:\.[0-9]{1,3})?) ?([KMGT]i?B)", value, re.IGNORECASE | re.ASCII)
    factors = {"K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12}
    size = float(found[1]) * factors[found[2][0].upper()] if found else 0.0
    if not 100e6 <= size <= 64e12:  # what a build cannot start with, and what no machine has
        raise _refuse(name, value, "a size such as 2GB, from 100MB to 64TB, a share such as 50%, or nothing")
    return value


def _lake(name: str, value: str) -> str | None:
    """A path, or an address of fsspec: its keys come from where the store's own library looks for them."""
    if "://" not in value:
        return str(a_path(name, value)) if value else None
    found = re.fullmatch(r"[A-Za-z][\w+.-]*://([^/?#]*)([^?#]*)", value, re.ASCII)
    if found is None or ":" in found[1].rpartition("@")[0]:
        raise _refuse(
            name, "<not shown>", "a path, or an address such as s3://bucket/folder without password, ? and #"
        )
    return value.rstrip("/")


def whole_number(name: str, value: str, least: int, most: int, of: str) -> int:
    """Raises SettingsError unless the text is a whole number from `least` to `most`."""
    number = int(value) if value.isascii() and value.isdigit() and len(value) < 20 else least - 1
    if not least <= number <= most:
        raise _refuse(name, value, f"{of} from {least} to {most}")
    return number


def _address_of(value: str) -> SplitResult | None:
    """The parts of an http or https address; None if it is none, or could not be asked for."""
    if not value.isascii() or not value.isprintable() or " " in value:
        return None
    try:
        parts = urlsplit(value)
        is_whole = bool(parts.hostname) and parts.port != 0
    except ValueError:  # brackets that do not close, a port beyond 65535
        return None
    return parts if is_whole and parts.scheme in ("http", "https") else None


def _url(name: str, value: str) -> str:
    parts = _address_of(value)
    if "@" in (parts.netloc if parts else value):
        raise _refuse(name, "<not shown>", "an address without user name and password in it")
    if parts is None or parts.query or parts.fragment:
        raise _refuse(name, value, "an http:// or https:// address such as https://example.org")
    return value.rstrip("/")


def _secret(name: str, value: str) -> str | None:
    if not (value.isascii() and value.isprintable()) or " " in value:
        raise _refuse(name, "<not shown>", "one word of ASCII, without a space or a line break in it")
    return value or None


def _secret_url(name: str, value: str) -> str:
    if _address_of(value) is None:
        raise _refuse(name, "<not shown>", "an http:// or https:// address in ASCII, or nothing")
    return value


def _repository(name: str, value: str) -> str:
    if re.fullmatch(r"[\w.-]+/[\w.-]+", value) is None:
        raise _refuse(name, value, "a dataset of the Hub as publisher/name")
    return value


def _dataset(name: str, value: str) -> str | None:
    return _repository(name, value) if value else None


def _folder(name: str, value: str) -> Path:
    path = a_path(name, value)
    if not path.is_dir():
        raise _refuse(name, value, "an existing folder of CSV files, or nothing")
    return path


def _choice(name: str, value: str, choices: tuple[str, ...]) -> str:
    if value not in choices:
        raise _refuse(name, value, " or ".join(choices))
    return value


def _weekday(name: str, value: str) -> str | None:
    if value and value.lower() not in WEEKDAYS:
        raise _refuse(name, value, f"{', '.join(WEEKDAYS)}, or nothing")
    return value.lower() or None


def _top(name: str, value: str) -> int:
    # whole pages: a page is 1,000 models, and a listing is cut only between pages
    is_number = value.isascii() and value.isdigit() and len(value) < 20
    number = int(value) if is_number else 0
    if not 1 <= number <= MOST_MODELS or (number > 1_000 and number % 1_000):
        raise _refuse(name, value, f"1 to 1000, or a multiple of 1000 up to {MOST_MODELS}")
    return number


def a_switch(name: str, value: str) -> bool:
    """Raises SettingsError for what is neither yes nor no."""
    if value.lower() not in _TRUE + _FALSE:
        raise _refuse(name, value, "1 or 0")
    return value.lower() in _TRUE
