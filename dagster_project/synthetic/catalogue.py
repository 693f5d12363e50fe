"""The named part of the synthetic Hub: models of the seeds' publishers, and the oddities that real
listings have.

Belongs here: names, release dates, sizes, licences, gating and relative popularity of every
model that carries a publisher's name, and one row for each trap (cycle, self parent, hostile
tag, name reused, ...).
Does not belong here: the anonymous accounts and anything that changes from day to day (world).

All figures are invented. Names follow the publishers' habits so that family rules have
something to match. How far a family's lineage lies beyond its organisation, and a curated list
below it, is near what a listing of August 2026 has for Qwen: 1.35 and 0.88 of the organisation.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

import numpy as np

from dagster_project.synthetic.chance import uniform

HUB_FLOOR = datetime(2022, 3, 2, 23, 29, 4, tzinfo=UTC)  # the Hub shows no earlier createdAt
FIRST_DAY, LAST_DAY = date(2026, 1, 14), date(2026, 2, 27)
REUSED_NAME_DELETED, REUSED_NAME_CREATED = date(2026, 2, 3), date(2026, 2, 6)
NEVER = date(9999, 12, 31)


@dataclass(frozen=True)
class NamedModel:
    """A model with a name of its own. `scale` is in downloads; `parents` are repository names."""

    account: str
    name: str
    created: datetime
    scale: float
    billions: float = 1.0
    parents: tuple[str, ...] = ()
    relation: str | None = None
    licences: tuple[str, ...] = ("apache-2.0",)
    licence_name: str = ""  # on the card, beside the id `other`
    gated: str = "false"
    pipeline: str | None = "text-generation"
    library: str | None = "transformers"
    weights: str = "safetensors"  # safetensors, gguf or none
    extra_tags: tuple[str, ...] = ()
    deleted: date = NEVER
    family: str = ""

    @property
    def repo_id(self) -> str:
        return f"{self.account}/{self.name}"


@dataclass(frozen=True)
class House:
    """How a publisher releases: series in order of appearance, sizes, and what it puts on them."""

    series: tuple[str, ...]
    sizes: tuple[float, ...] = (1, 4, 8, 14, 32)
    millions: float = 20.0  # all downloads of the account in January 2026
    licence: str = "apache-2.0"
    licence_name: str = ""
    gated: str = "false"
    start: date = date(2024, 1, 15)
    pipeline: str = "text-generation"
    forms: tuple[str, ...] = ("", "-Instruct")
    packed: tuple[str, ...] = ()  # the account's own quantisations


HOUSES = {
    "Qwen": House(
        (
            "Qwen1.5",
            "Qwen2",
            "Qwen2.5",
            "Qwen2.5-Coder",
            "Qwen2.5-VL",
            "Qwen3",
            "Qwen3-VL",
            "Qwen3.5",
        ),
        (0.5, 1.5, 3, 7, 14, 32, 72),
        650.0,
        start=date(2024, 1, 22),
        packed=("-GGUF", "-AWQ", "-FP8"),
    ),
    "meta-llama": House(
        ("Llama-2", "Llama-3", "Llama-3.1", "Llama-3.2", "Llama-4"),
        (1, 3, 8, 70),
        430.0,
        "llama3.1",
        gated="manual",
        start=date(2023, 7, 13),
    ),
    "google": House(
        ("gemma", "gemma-2", "gemma-3", "gemma-3n", "gemma-4"),
        (0.3, 1, 4, 12, 27),
        310.0,
        "gemma",
        gated="manual",
        forms=("", "-it"),
    ),
    "deepseek-ai": House(
        ("deepseek-llm", "DeepSeek-V2", "DeepSeek-R1-Distill", "DeepSeek-V3", "DeepSeek-V3.2"),
        (1.5, 7, 16, 67, 671),
        170.0,
        "mit",
        start=date(2023, 11, 29),
    ),
    "mistralai": House(
        ("Mistral", "Mixtral", "Ministral", "Mistral-Small", "Devstral"),
        (3, 7, 8, 24),
        190.0,
        gated="auto",
        start=date(2023, 9, 20),
    ),
    "openai": House(("clip-vit", "whisper", "gpt-oss"), (0.15, 0.8, 20, 120), 420.0, "mit"),
    "microsoft": House(("deberta", "phi-2", "Phi-3", "Phi-4"), (0.1, 2.7, 4, 14), 260.0, "mit"),
    "nvidia": House(
        ("parakeet", "Nemotron", "Nemotron-Nano"), (1, 9, 32), 90.0, "other", "nvidia-open-model-license"
    ),
    "moonshotai": House(("Moonlight", "Kimi-VL", "Kimi-K2"), (3, 16, 1000), 24.0, "other", "modified-mit"),
    "zai-org": House(("glm-4", "GLM-4.5", "GLM-4.6", "GLM-5"), (9, 32, 355), 40.0, "mit"),
    "MiniMaxAI": House(("MiniMax-Text", "MiniMax-M1", "MiniMax-M2"), (80, 230), 11.0, "mit"),
    "sentence-transformers": House(
        ("paraphrase-MiniLM", "multi-qa-mpnet", "msmarco-distil"),
        (0.02, 0.1, 0.3),
        380.0,
        start=date(2022, 2, 1),
        pipeline="sentence-similarity",
        forms=("-base", "-v2"),
    ),
}
STORY = "Qwen"  # the account of the newspaper's sentence: the most downloaded of its models come first
_STORY_MODELS = 4  # for one of each other account
# account, name, model of the story's account, relation, creation, millions of downloads on the day
# of the milestone: by organisation they are other people's, and the tiny ones exist for tests
DERIVED = (
    ("lmstudio-community", "Qwen2-1.5B-GGUF", "Qwen2-1.5B", "quantized", date(2024, 6, 3), 24),
    ("Alibaba-NLP", "gte-Qwen2-1.5B", "Qwen2-1.5B", "finetune", date(2024, 6, 29), 31),
    ("unsloth", "Qwen2.5-3B-bnb-4bit", "Qwen2.5-3B", "quantized", date(2024, 9, 9), 47),
    ("huihui-ai", "Qwen2.5-3B-abliterated", "Qwen2.5-3B", "finetune", date(2024, 10, 4), 5),
    ("bartowski", "Qwen2.5-Coder-7B-GGUF", "Qwen2.5-Coder-7B", "quantized", date(2024, 12, 20), 36),
    ("deepseek-ai", "DeepSeek-R1-Distill-Qwen-7B", "Qwen2.5-Coder-7B", "finetune", date(2025, 1, 20), 58),
    ("unsloth", "Qwen3-32B-GGUF", "Qwen3-32B", "quantized", date(2025, 7, 24), 21),
    ("mlx-community", "Qwen3-32B-4bit", "Qwen3-32B", "quantized", date(2025, 7, 28), 14),
    ("nvidia", "Qwen3-32B-NVFP4", "Qwen3-32B", "quantized", date(2025, 9, 2), 9),
    ("hf-internal-testing", "tiny-random-Qwen1.5", "Qwen1.5-0.5B", "finetune", date(2024, 3, 11), 9),
    ("trl-internal-testing", "tiny-Qwen2.5", "Qwen2.5-3B", "finetune", date(2024, 10, 1), 64),
    ("llamafactory", "tiny-random-Qwen3", "Qwen3-32B", "finetune", date(2025, 8, 6), 17),
)
# other people's text at its worst: what shows a name must show these as they are
HOSTILE = ("<script>alert(1)</script>", "'; drop table raw.hub_models; --", "=1+1", "ünï 🤗")
_FALLBACK_LICENCES = ("apache-2.0", "mit", "apache-2.0", "cc-by-nc-4.0", "other", "openrail")


def named_models(publishers: Sequence[dict[str, str]], budget: int) -> list[NamedModel]:
    """The oddities, what others made of STORY's models, and at most `budget` models of the publishers:
    first releases first, of STORY the most downloaded.
    """
    ranked = [
        (_turn(row["publisher"], rank), place, model)
        for place, row in enumerate(publishers)
        for rank, model in enumerate(_releases(row, place))
    ]
    ranked.sort(key=lambda entry: entry[:2])
    return [*_oddities(), *_derived(), *(model for _, _, model in ranked[:budget])]


def _turn(account: str, rank: int) -> int:
    """When an account's model has its turn to be in the world: the great ones first."""
    if account == STORY:
        return rank // _STORY_MODELS
    return rank if account in HOUSES else rank + 6


def _releases(row: dict[str, str], place: int) -> list[NamedModel]:
    account, family = row["publisher"], row.get("family") or ""
    luck = float(uniform(np.array([place]), "house")[0])
    house = HOUSES.get(account) or House(
        (account.split("-")[0], f"{account.split('-')[0]}-2"),
        (2, 7),
        (0.3 + 25 * luck**4) * (2 if family else 1),
        _FALLBACK_LICENCES[place % len(_FALLBACK_LICENCES)],
        gated="auto" if luck > 0.9 else "false",
        start=date(2023, 6, 1) + timedelta(days=int(luck * 700)),
    )
    models = list(_unscaled(account, family, house, place))
    weights = [1 / (1 + (rank * 7) % len(models)) ** 1.05 for rank in range(len(models))]
    total = sum(weights)
    scaled = [
        replace(model, scale=house.millions * 1e6 * weight / total)
        for model, weight in zip(models, weights, strict=True)
    ]
    # a base of the story has more downloads than what is made of it, so it comes first all the same
    return sorted(scaled, key=lambda model: -model.scale) if account == STORY else scaled


def _derived() -> list[NamedModel]:
    """What others made of the story's models; the world sees to the stated downloads."""
    return [
        NamedModel(
            account,
            name,
            datetime.combine(created, time(9), UTC),
            millions * 1e6,
            0.002 if "tiny" in name else float(parent.rpartition("-")[2].removesuffix("B")),
            (f"{STORY}/{parent}",),
            relation,
            library=None if name.endswith("-GGUF") else "transformers",
            weights="gguf" if name.endswith("-GGUF") else "safetensors",
        )
        for account, name, parent, relation, created, millions in DERIVED
    ]


def _unscaled(account: str, family: str, house: House, place: int) -> Iterable[NamedModel]:
    start = datetime.combine(house.start, datetime.min.time(), UTC)
    watched = datetime.combine(FIRST_DAY, datetime.min.time(), UTC)
    last = watched + timedelta(days=2 + place * 11 % 41)  # the last series appears while we watch
    step = (last - start) / max(1, len(house.series) - 1)
    for order, series in enumerate(house.series):
        for at, size in enumerate(house.sizes):
            released = start + step * order + timedelta(hours=9 + at, minutes=(place * 17) % 60)
            base, best = (
                f"{series}-{size:g}B{house.forms[0]}",
                f"{series}-{size:g}B{house.forms[-1]}",
            )
            model = NamedModel(
                account,
                base,
                max(released, HUB_FLOOR),
                0.0,
                size,
                licences=(house.licence,),
                licence_name=house.licence_name,
                gated=house.gated,
                pipeline=house.pipeline,
                family=family,
            )
            yield model
            for form in house.forms[1:]:
                yield replace(
                    model,
                    name=f"{series}-{size:g}B{form}",
                    parents=(model.repo_id,),
                    relation="finetune",
                )
            for packing in house.packed:
                is_gguf = packing == "-GGUF"
                yield replace(
                    model,
                    name=best + packing,
                    parents=(f"{account}/{best}",),
                    relation="quantized",
                    library=None if is_gguf else "transformers",
                    weights="gguf" if is_gguf else "safetensors",
                )


def _oddities() -> list[NamedModel]:
    def at(year: int, month: int, day: int) -> datetime:
        return datetime(year, month, day, 12, 30, tzinfo=UTC)

    def tuned(account: str, name: str, created: datetime, scale: float, parent: str) -> NamedModel:
        return NamedModel(account, name, created, scale, 7, (parent,), "finetune", licences=("mit",))

    reused = NamedModel(
        "user-reuse",
        "Phoenix-7B",
        at(2025, 9, 5),
        80_000,
        7,
        deleted=REUSED_NAME_DELETED,
    )
    back = datetime.combine(REUSED_NAME_CREATED, datetime.min.time(), UTC) - timedelta(hours=5)
    echoes = ("user-case/Echo-7B", "user-case/echo-7b")
    return [
        tuned("user-loop", "loop-one", at(2025, 3, 1), 900, "user-loop/loop-two"),
        tuned("user-loop", "loop-two", at(2025, 3, 2), 800, "user-loop/loop-one"),
        tuned("user-self", "own-parent", at(2025, 4, 1), 700, "user-self/own-parent"),
        tuned("user-orphan", "lost-7B", at(2025, 4, 2), 650, "user-gone/never-listed"),
        tuned("user-early", "older-than-parent", at(2024, 3, 1), 1_200, "user-merge/Twin-8B"),
        NamedModel("user-case", "Echo-7B", at(2025, 5, 1), 3_000, 7),
        NamedModel("user-case", "echo-7b", at(2025, 5, 9), 40, 7),
        NamedModel("user-merge", "Twin-8B", at(2025, 6, 1), 5_000, 8, echoes, "merge"),
        NamedModel("user-minilm", "MiniLM-L6-H384-uncased", HUB_FLOOR, 400_000, 0.02),
        NamedModel(
            "sentence-transformers",
            "all-MiniLM-L6-v2",
            HUB_FLOOR,
            8e8,
            0.02,
            ("user-minilm/MiniLM-L6-H384-uncased",),
            "quantized",
            pipeline="sentence-similarity",
            library="sentence-transformers",
        ),
        NamedModel("user-twolic", "Both-3B", at(2025, 7, 1), 2_000, 3, licences=("mit", "cc-by-nc-4.0")),
        NamedModel("user-nolic", "Silent-3B", at(2025, 7, 2), 2_500, 3, licences=()),
        NamedModel("user-other", "Own-Terms-3B", at(2025, 7, 3), 2_500, 3, licences=("other",)),
        NamedModel("user-empty", "Announced-100B", at(2025, 8, 1), 300, 100, weights="none"),
        NamedModel("user-ci", "tiny-random-model", at(2024, 2, 1), 4_000_000, 0.001),
        NamedModel("user-tags", "hostile-tags", at(2025, 9, 1), 60, extra_tags=HOSTILE),
        reused,
        replace(reused, created=back, scale=90_000, deleted=NEVER),
    ]
