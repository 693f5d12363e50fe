"""The synthetic world of APIs and packages: tokens per model and day, offers, installs.

Belongs here: which models are sold through APIs, how much each is used on a day, how figures are
restated in the days after, what the catalogue lists when, and how often a package is installed.
Does not belong here: paths, keys and faults (api_routes).

All figures are invented. Names follow the makers' habits, so that classes and authors have
something to match; one maker stays unnamed, and one model's weights are published on the way.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache

import numpy as np

from dagster_project.synthetic.chance import bits, uniform

FIRST_TOKENS = date(2025, 1, 1)
TOP = 50
REFRESHED_HOUR = 2  # UTC, of each day
OPENED_MODEL, OPENED_ON = "mistralai/mistral-medium-3.1", date(2026, 2, 5)
CHEAPER_MODEL, CHEAPER_ON = "google/gemini-2.5-flash", date(2026, 2, 1)
LATE_MODEL, LATE_LISTED = "moonshotai/kimi-k2.5", date(2026, 1, 30)  # used 9 days before it is listed
NPM_LOST_DAY = date(2026, 1, 22)  # answered as 0 for every package
PYPI_DAYS = 180
HOSTS = ("openrouter", "togetherai", "deepinfra")  # they offer the models of others, under full names
_EPOCH = date(2025, 1, 1)
_TOKENS = 1e11  # of the largest model a day in January 2026, when all come to 8 trillion a week


@dataclass(frozen=True)
class ApiModel:
    """A model sold through an API. `offered_by` are providers of the catalogue, none: not listed."""

    slug: str
    is_open: bool | None
    weight: float
    released: date
    price: tuple[float, float] = (0.3, 1.2)
    context: int = 128_000
    suffix: str = ""  # date in the permaslug, which the catalogue does not have
    offered_by: tuple[str, ...] = ("openrouter",)
    listed: date = date(2024, 1, 1)
    yearly_growth: float = 1.5
    has_free: bool = False

    @property
    def permaslug(self) -> str:
        return self.slug + self.suffix


def _closed(slug: str, weight: float, released: str, price: tuple[float, float], **more: object) -> ApiModel:
    author = slug.partition("/")[0]
    return ApiModel(
        slug,
        False,
        weight,
        date.fromisoformat(released),
        price,
        200_000,
        offered_by=("openrouter", {"x-ai": "xai"}.get(author, author)),
        **more,  # type: ignore[arg-type]
    )


def _open(slug: str, weight: float, released: str, price: tuple[float, float], **more: object) -> ApiModel:
    hosts = {"offered_by": HOSTS, **more}
    return ApiModel(slug, True, weight, date.fromisoformat(released), price, **hosts)  # type: ignore[arg-type]


MODELS = (
    _closed("anthropic/claude-sonnet-4.5", 1.0, "2025-09-29", (3, 15), suffix="-20250929"),
    _closed("anthropic/claude-opus-4.5", 0.45, "2025-11-24", (5, 25), suffix="-20251124"),
    _closed("anthropic/claude-3.7-sonnet", 0.22, "2025-02-24", (3, 15), yearly_growth=0.4),
    _closed("anthropic/claude-haiku-4.5", 0.31, "2025-10-15", (1, 5), suffix="-20251001"),
    _closed("google/gemini-2.5-pro", 0.52, "2025-06-17", (1.25, 10)),
    _closed(CHEAPER_MODEL, 0.83, "2025-06-17", (0.3, 2.5)),
    _closed("google/gemini-2.0-flash-001", 0.3, "2025-02-05", (0.1, 0.4), yearly_growth=0.6),
    _closed("openai/gpt-5", 0.4, "2025-08-07", (1.25, 10), suffix="-2025-08-07"),
    _closed("openai/gpt-5-mini", 0.26, "2025-08-07", (0.25, 2), suffix="-2025-08-07"),
    _closed("openai/gpt-4o-mini", 0.24, "2024-07-18", (0.15, 0.6), yearly_growth=0.7),
    _closed("openai/gpt-4.1", 0.12, "2025-04-14", (2, 8), suffix="-2025-04-14"),
    _closed("openai/o4-mini", 0.05, "2025-04-16", (1.1, 4.4)),
    _closed("x-ai/grok-4", 0.2, "2025-07-09", (3, 15), suffix="-07-09"),
    _closed("x-ai/grok-code-fast-1", 0.95, "2025-08-26", (0.2, 1.5)),
    _closed("x-ai/grok-4-fast", 0.42, "2025-09-19", (0.2, 0.5), has_free=True),
    _closed("perplexity/sonar", 0.02, "2025-01-27", (1, 1)),
    _closed("qwen/qwen3-max", 0.06, "2025-09-23", (1.2, 6)),
    _closed(OPENED_MODEL, 0.07, "2025-08-13", (0.4, 2)),
    _open("deepseek/deepseek-chat-v3-0324", 0.35, "2025-03-24", (0.2, 0.8), has_free=True, yearly_growth=0.9),
    _open("deepseek/deepseek-r1-0528", 0.2, "2025-05-28", (0.4, 1.75), has_free=True),
    _open("deepseek/deepseek-v3.2", 0.66, "2025-12-01", (0.27, 0.4), suffix="-20251201", yearly_growth=4),
    _open("qwen/qwen3-coder", 0.27, "2025-07-22", (0.22, 0.95), suffix="-480b-a35b-07-25", has_free=True),
    _open("qwen/qwen3-235b-a22b-2507", 0.18, "2025-07-21", (0.1, 0.6)),
    _open("qwen/qwen3-32b", 0.09, "2025-04-28", (0.08, 0.24)),
    _open("qwen/qwen3-30b-a3b", 0.1, "2025-04-28", (0.06, 0.22)),
    _open("qwen/qwen-2.5-72b-instruct", 0.05, "2024-09-19", (0.07, 0.26), yearly_growth=0.5),
    _open("meta-llama/llama-3.3-70b-instruct", 0.12, "2024-12-06", (0.13, 0.39), has_free=True),
    _open("meta-llama/llama-4-maverick", 0.06, "2025-04-05", (0.15, 0.6)),
    _open("meta-llama/llama-3.1-8b-instruct", 0.05, "2024-07-23", (0.02, 0.03)),
    _open("mistralai/mistral-nemo", 0.11, "2024-07-18", (0.02, 0.04)),
    _open("mistralai/mistral-small-3.2-24b-instruct", 0.04, "2025-06-20", (0.06, 0.18)),
    _open("mistralai/devstral-small", 0.02, "2025-07-10", (0.07, 0.28)),
    _open("moonshotai/kimi-k2", 0.14, "2025-07-11", (0.5, 2.4)),
    _open("moonshotai/kimi-k2-0905", 0.16, "2025-09-05", (0.39, 1.9)),
    _open(LATE_MODEL, 0.5, "2026-01-21", (0.5, 2.8), listed=LATE_LISTED, yearly_growth=6),
    _open("z-ai/glm-4.5", 0.11, "2025-07-28", (0.35, 1.55)),
    _open("z-ai/glm-4.5-air", 0.13, "2025-07-28", (0.13, 0.85), has_free=True),
    _open("z-ai/glm-4.6", 0.34, "2025-09-30", (0.4, 1.75), yearly_growth=3),
    _open("z-ai/glm-4-32b", 0.04, "2025-07-24", (0.1, 0.1), offered_by=()),  # its weights are on the Hub
    _open("minimax/minimax-m2", 0.38, "2025-10-27", (0.255, 1.02), yearly_growth=3),
    _open("minimax/minimax-m1", 0.03, "2025-06-16", (0.4, 2.2)),
    _open("openai/gpt-oss-120b", 0.3, "2025-08-05", (0.04, 0.2), yearly_growth=2),
    _open("openai/gpt-oss-20b", 0.15, "2025-08-05", (0.03, 0.14), has_free=True),
    _open("google/gemma-3-27b-it", 0.09, "2025-03-12", (0.09, 0.16), has_free=True),
    _open("google/gemma-3-12b-it", 0.03, "2025-03-12", (0.03, 0.1)),
    _open("nvidia/nemotron-nano-9b-v2", 0.05, "2025-09-05", (0.04, 0.16), has_free=True),
    _open("microsoft/phi-4", 0.02, "2025-01-10", (0.06, 0.14)),
    _open("nousresearch/hermes-3-llama-3.1-405b", 0.02, "2024-08-15", (1, 1)),
    _open("allenai/olmo-2-0325-32b-instruct", 0.01, "2025-03-14", (0.2, 0.35)),
    _open("tencent/hunyuan-a13b-instruct", 0.02, "2025-06-27", (0.14, 0.57)),
    _open("baidu/ernie-4.5-300b-a47b", 0.02, "2025-06-30", (0.28, 1.1)),
    # nobody says who makes it, and no catalogue lists it
    ApiModel("openrouter/quiet-alpha", None, 0.16, date(2026, 1, 6), offered_by=()),
    _closed("openai/gpt-5.2", 0.1, "2025-12-11", (1.75, 14), suffix="-20251211"),
    _closed("google/gemini-3-flash-preview", 0.12, "2025-12-17", (0.5, 3), suffix="-20251217"),
)
# registry, package: installs of a weekday in January 2026, growth in a year
PACKAGES = {
    ("npm", "@anthropic-ai/sdk"): (1_450_000, 5.0),
    ("npm", "@google/genai"): (640_000, 9.0),
    ("npm", "@huggingface/transformers"): (130_000, 2.2),
    ("npm", "ollama"): (72_000, 1.8),
    ("npm", "openai"): (2_300_000, 2.0),
    ("pypi", "anthropic"): (2_900_000, 3.0),
    ("pypi", "google-genai"): (2_600_000, 6.0),
    ("pypi", "llama-cpp-python"): (31_000, 1.3),
    ("pypi", "ollama"): (190_000, 1.7),
    ("pypi", "openai"): (7_400_000, 1.9),
    ("pypi", "sglang"): (46_000, 2.6),
    ("pypi", "transformers"): (3_900_000, 1.35),
    ("pypi", "vllm"): (260_000, 2.1),
}
_PACKAGE_ROWS = {key: row for row, key in enumerate(PACKAGES)}


def tokens_of(day: date, as_of: datetime) -> list[tuple[str, int]]:
    """The top models of a day and `other`, as they are stated at `as_of`; empty before it is over."""
    age = (as_of.date() - day).days
    if age < 1 or day < FIRST_TOKENS:
        return []
    used = sorted(_usage(day, age), key=lambda item: (-item[1], item[0]))
    rest = sum(count for _, count in used[TOP:]) + used[0][1] // 3  # hundreds of models nobody names
    return [*used[:TOP], ("other", rest)]


def _usage(day: date, age: int) -> Iterator[tuple[str, int]]:
    number = (day - _EPOCH).days
    reported = 1 - 0.03 * 0.5 ** (age - 1) if age < 6 else 1.0  # late records: restated for five days
    weekday = 0.86 if day.weekday() >= 5 else 1.0
    rows = np.arange(2 * len(MODELS), dtype=np.int64)
    noise, odd = uniform(rows, "api.noise", number), bits(rows, "api.odd", number)
    for row, model in enumerate(MODELS):
        days = (day - model.released).days
        if days < 0:
            continue
        grown = model.yearly_growth ** (number / 365 - 1) * min(1.0, (days + 1) / 30)
        for variant, share in (("", 1.0), (":free", 0.35 if model.has_free else 0.0)):
            at = 2 * row + (variant == ":free")
            level = _TOKENS * model.weight * grown * weekday * (0.92 + 0.16 * float(noise[at])) * share
            if level:
                yield model.permaslug + variant, int(level * reported) + int(odd[at]) % 1_000


def catalogue_of(day: date) -> dict[str, dict[str, object]]:
    """api.json of a day: providers with their models."""
    providers: dict[str, dict[str, object]] = {}
    for model in MODELS:
        if model.listed > day or model.released > day:
            continue
        for provider in model.offered_by:
            name = model.slug if provider in HOSTS else model.slug.partition("/")[2]
            entry = providers.setdefault(provider, {"id": provider, "name": provider, "models": {}})
            entry["models"][name] = _offer(model, name, provider, day)  # type: ignore[index]
    return providers


def _offer(model: ApiModel, name: str, provider: str, day: date) -> dict[str, object]:
    factor = {"togetherai": 1.1, "deepinfra": 0.9}.get(provider, 1.0)
    if model.slug == CHEAPER_MODEL and day >= CHEAPER_ON:
        factor *= 0.5
    is_open = model.is_open or (model.slug == OPENED_MODEL and day >= OPENED_ON)
    return {
        "id": name,
        "name": model.slug.split("/")[1],
        "attachment": False,
        "reasoning": False,
        "release_date": model.released.isoformat(),
        "last_updated": model.released.isoformat(),
        "open_weights": is_open,
        "cost": {"input": round(model.price[0] * factor, 4), "output": round(model.price[1] * factor, 4)},
        "limit": {"context": model.context, "output": 8_192},
    }


@cache  # a fetch asks for the days of earlier ones again
def installs_of(registry: str, package: str, day: date) -> int:
    """Installs of a package on a day, as they are stated for good."""
    weekday_level, growth = PACKAGES[registry, package]
    number = (day - _EPOCH).days
    noise = float(uniform(np.array([_PACKAGE_ROWS[registry, package]]), "installs", number)[0])
    level = weekday_level * math.exp(math.log(growth) * (number - 380) / 365)
    return int(level * (0.45 if day.weekday() >= 5 else 1.0) * (0.94 + 0.12 * noise))


def as_of(now: datetime) -> datetime:
    """When the token figures were last refreshed."""
    refreshed = datetime(now.year, now.month, now.day, REFRESHED_HOUR, tzinfo=UTC)
    return refreshed if refreshed <= now else refreshed - timedelta(days=1)
