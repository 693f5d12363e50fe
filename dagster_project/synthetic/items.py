"""A day's rows as the Hub's JSON: items of GET /api/models, and whole listings as pages of bytes.

Belongs here: which fields an item has, how they are spelt, and writing big listings without HTTP.
Does not belong here: the numbers (world), cursors in addresses and headers (server).
"""

from collections.abc import Iterable, Iterator
from datetime import date
from itertools import repeat
from pathlib import Path
from typing import NamedTuple

import numpy as np
import orjson
from numpy.typing import NDArray

from dagster_project.synthetic.cards import card_data
from dagster_project.synthetic.chance import Integers, uniform
from dagster_project.synthetic.world import DayState, Listing, World, day_number

COUNTERS = ("downloads", "downloadsAllTime", "likes", "trendingScore", "lastModified")
CARD = (
    "author",
    "baseModels",
    "createdAt",
    "gated",
    "gguf",
    "library_name",
    "modelId",
    "pipeline_tag",
    "private",
    "safetensors",
    "tags",
    "usedStorage",
)
FIELDS = frozenset(COUNTERS + CARD)
EXPANDABLE = FIELDS | {"cardData"}  # many times the bytes of all the others: only where it is asked for
DEFAULT_FIELDS = frozenset(
    {
        "createdAt",
        "downloads",
        "library_name",
        "likes",
        "modelId",
        "pipeline_tag",
        "private",
        "tags",
        "trendingScore",
    }
)
FULL_FIELDS = DEFAULT_FIELDS | {"author", "gated", "lastModified"}

_CACHED_ROWS = 50_000  # about 60 MB; bigger worlds render each page anew
_GATES = ("false", "auto", "manual")
_PIPELINES = (
    "text-generation",
    "text-generation",
    "image-text-to-text",
    "feature-extraction",
    None,
)


class _Parent(NamedTuple):
    hub_id: str
    name: str
    first_name: str  # a card keeps the name that its author typed


class _Anonymous(NamedTuple):
    """Drawn facts of one anonymous row."""

    relation: str
    bases: list[_Parent]
    root: int
    licences: tuple[str, ...]
    gate: str
    form: float
    said: float


class Items:
    """Renders rows of a world; keeps the part of an item that no day changes."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._cards: dict[tuple[int, int, frozenset[str]], bytes] = {}

    def page(self, state: DayState, fields: frozenset[str] = FIELDS) -> bytes:
        """The rows as a JSON list."""
        return b"[" + b",".join(self._render(state, fields)) + b"]"

    def _render(self, state: DayState, fields: frozenset[str]) -> Iterator[bytes]:
        cards = self._cards_of(state, fields)
        names = [name for name in COUNTERS if name in fields]
        columns: dict[str, Iterable[object]] = {
            "downloads": state.downloads.tolist(),
            "downloadsAllTime": state.all_time.tolist(),
            "likes": state.likes.tolist(),
            "trendingScore": state.trending.tolist(),
            "lastModified": _times(state.modified),
        }
        shape = "".join(f',"{n}":"%s"' if n == "lastModified" else f',"{n}":%d' for n in names)
        silent = shape.replace(',"downloadsAllTime":%d', "")
        speaks = (state.all_time >= 0).tolist()
        full = [columns[name] for name in names]
        short = [columns[name] for name in names if name != "downloadsAllTime"]
        long_rows = zip(*full, strict=True) if full else [()] * len(cards)
        short_rows = zip(*short, strict=True) if short else [()] * len(cards)
        for card, told, values, fewer in zip(cards, speaks, long_rows, short_rows, strict=True):
            tail = shape % values if told else silent % fewer
            yield card + tail.encode() + b"}"

    def _cards_of(self, state: DayState, fields: frozenset[str]) -> list[bytes]:
        versions = self.world.version(state.rows, state.day).tolist()
        keys = [(row, v, fields) for row, v in zip(state.rows.tolist(), versions, strict=True)]
        missing = [place for place, key in enumerate(keys) if key not in self._cards]
        fresh: dict[int, bytes] = {}
        if missing:
            places = np.array(missing, dtype=np.int64)
            cards = self._cards_for(state.rows[places], state.day, fields)
            for place, card in zip(missing, cards, strict=True):
                kept = {k: v for k, v in card.items() if k in fields or k in ("_id", "id")}
                fresh[place] = orjson.dumps(kept)[:-1]
        if self.world.size <= _CACHED_ROWS:
            self._cards.update((keys[place], card) for place, card in fresh.items())
            return [self._cards[key] for key in keys]
        return [fresh[place] for place in range(len(keys))]

    # ------------------------------------------------------------------ what stands on a card

    def _cards_for(self, rows: Integers, day: int, fields: frozenset[str]) -> Iterator[dict[str, object]]:
        head = self.world.head
        said = self._card_data(rows, day) if "cardData" in fields else repeat(None)
        tail = iter(self._anonymous(rows[rows >= head], day))
        storage = uniform(rows, "storage").tolist()
        ids, names = self.world.hub_ids(rows), self.names(rows, day)
        born = _times(self.world.created[rows].astype(np.int64))
        columns = zip(rows.tolist(), ids, names, born, storage, strict=True)
        for (row, hub_id, name, created, stored), data in zip(columns, said, strict=False):
            card: dict[str, object] = {"_id": hub_id, "id": name, "modelId": name, "cardData": data}
            card |= {"author": name.partition("/")[0], "createdAt": created, "private": False}
            if row < head:
                self._name_card(card, row, stored)
            else:
                self._anonymous_card(card, next(tail), stored)
            yield card

    def _anonymous(self, rows: Integers, day: int) -> Iterator[_Anonymous]:
        """What the cards of anonymous rows say, a row at a time, computed for all at once."""
        world = self.world
        relations, parents, seconds = world.lineage(rows)
        above = np.unique(np.array([r for r in (*parents, *seconds) if r >= 0], dtype=np.int64))
        known = zip(world.hub_ids(above), self.names(above, day), self.names(above, 0), strict=True)
        parent_of = dict(zip(above.tolist(), (_Parent(*one) for one in known), strict=True))
        columns = zip(
            relations,
            zip(parents, seconds, strict=True),
            world.roots(rows),
            self._licences(rows, day),
            self._gates(rows, day),
            uniform(rows, "form").tolist(),
            uniform(rows, "lineage.form").tolist(),
            strict=True,
        )
        for relation, declared, root, licence, gate, form, said in columns:
            bases = [parent_of[row] for row in declared if row >= 0]
            yield _Anonymous(relation, bases, root, licence, gate, form, said)

    def _name_card(self, card: dict[str, object], row: int, stored: float) -> None:
        model = self.world.named[row]
        card["gated"] = False if model.gated == "false" else model.gated
        bases = []
        for parent in model.parents:
            known = self.world.row_of.get(parent)
            base = {} if known is None else {"_id": self.world.hub_ids(np.array([known]))[0]}
            bases.append({**base, "id": parent})
        tags = self._describe(card, model.weights, model.billions, stored, model.library, model.pipeline)
        tags += _lineage_tags(model.relation or "", model.parents)
        tags += [f"license:{licence}" for licence in model.licences]
        if bases:
            card["baseModels"] = {"relation": model.relation, "models": bases}
        card["tags"] = [*tags, *model.extra_tags, "region:us"]

    def _anonymous_card(self, card: dict[str, object], one: _Anonymous, stored: float) -> None:
        card["gated"] = False if one.gate == "false" else one.gate
        named = self.world.named[one.root] if one.root < self.world.head else None
        billions = named.billions if named else (0.1, 0.5, 1.0, 3.0, 7.0)[int(one.form * 5)]
        weights, library = "safetensors", "transformers"
        if one.relation == "quantized":
            weights = "gguf" if one.form < 0.7 else "safetensors"
            library = "gguf" if weights == "gguf" else "mlx"
        elif one.relation == "adapter":
            billions, library = billions / 100, "peft"
        elif not one.relation and one.form < 0.08:
            weights = "none"
        pipeline = named.pipeline if named else _PIPELINES[int(one.form * 5)]
        stated = library if stored > 0.06 else None
        tags = self._describe(card, weights, billions, stored, stated, pipeline)
        if one.bases and one.said > 0.1:
            models = [{"_id": base.hub_id, "id": base.name} for base in one.bases]
            card["baseModels"] = {"relation": one.relation, "models": models}
        if one.bases and one.said < 0.98:
            tags += _lineage_tags(one.relation, [base.first_name for base in one.bases])
        tags += [f"license:{licence}" for licence in one.licences]
        card["tags"] = [*tags, "region:us"]

    def _describe(
        self,
        card: dict[str, object],
        weights: str,
        billions: float,
        stored: float,
        library: str | None,
        pipeline: str | None,
    ) -> list[str]:
        """Files and task of a card; returns its tags for them."""
        parameters = int(billions * 1_024_000_000)
        if weights == "safetensors":
            card["safetensors"] = {"parameters": {"BF16": parameters}, "total": parameters}
        elif weights == "gguf":
            about = {"total": parameters, "architecture": "llama", "context_length": 32_768}
            card["gguf"] = about
        if weights == "none":
            card["usedStorage"] = 3_000 + int(stored * 90_000)
        elif stored > 0.08:
            card["usedStorage"] = int(parameters * (0.6 if weights == "gguf" else 2) * (1 + stored))
        if library:
            card["library_name"] = library
        if pipeline:
            card["pipeline_tag"] = pipeline
        return [tag for tag in (library, None if weights == "none" else weights, pipeline) if tag]

    def _card_data(self, rows: Integers, day: int) -> Iterator[dict[str, object] | None]:
        """What authors wrote into their cards; a few name another licence one day."""
        world = self.world
        renamed = world.licence_renamed_on(rows) <= day
        draws = np.where(renamed, uniform(rows, "licence.name.new"), uniform(rows, "licence.name"))
        for row, licences, draw in zip(rows.tolist(), self.licences(rows, day), draws.tolist(), strict=True):
            stated = world.named[row].licence_name if row < world.head else ""
            yield card_data(licences, stated, world.licence_names, draw)

    def has_licence(self, rows: Integers, day: int, licence: str) -> NDArray[np.bool_]:
        """Which rows bear the tag license:<licence> on the day."""
        return np.array([licence in own for own in self.licences(rows, day)], dtype=bool)

    def licences(self, rows: Integers, day: int) -> list[tuple[str, ...]]:
        """The licence ids of each row on the day, as its tags have them."""
        tail = iter(self._licences(rows[rows >= self.world.head], day))
        named = self.world.named
        return [named[row].licences if row < self.world.head else next(tail) for row in rows.tolist()]

    def _gates(self, rows: Integers, day: int) -> list[str]:
        start = np.digitize(uniform(rows, "gated"), [0.93, 0.97])
        first, second = self.world.gated_on(rows)
        return [_GATES[code % 3] for code in (start + (first <= day) + (second <= day)).tolist()]

    def _licences(self, rows: Integers, day: int) -> list[tuple[str, ...]]:
        choices = self.world.licences
        changed = self.world.relicensed_on(rows) <= day
        inherits = (uniform(rows, "licence.kept") < 0.75) & ~changed
        before, after = uniform(rows, "licence"), uniform(rows, "licence.new")
        drawn = (np.where(changed, after, before) * len(choices)).astype(np.int64).tolist()
        twice = (uniform(rows, "licence.twice") < 0.005).tolist()
        roots = self.world.roots(rows)
        result = []
        for code, kept, root, two in zip(drawn, inherits.tolist(), roots, twice, strict=True):
            own: tuple[str, ...] = (choices[code],) if choices[code] else ()
            if kept and root < self.world.head:
                own = self.world.named[root].licences
            result.append(("mit", *own) if two and own != ("mit",) else own)
        return result

    def names(self, rows: Integers, day: int) -> list[str]:
        """Repository names on a day (day 0: the first names)."""
        world = self.world
        numbers = world.account_numbers(rows).tolist()
        renamed = (world.renamed_on(rows) <= day).tolist()
        moves = world.moves(rows).tolist()
        roots = world.roots(rows)
        relations = world.lineage(np.maximum(rows, world.head))[0]
        result = []
        for row, number, new, goes, root, relation in zip(
            rows.tolist(), numbers, renamed, moves, roots, relations, strict=True
        ):
            if row < world.head:
                result.append(world.named[row].repo_id)
                continue
            stem = world.named[root].name if root < world.head else "model"
            suffix = {"quantized": "GGUF", "finetune": "ft", "adapter": "lora"}.get(relation, "x")
            suffix = relation if relation == "merge" else suffix
            version = "-v2" if new and not goes else ""
            owner = world.account(row, number, new and goes)
            result.append(f"{owner}/{stem}-{suffix}-{row:x}{version}")
        return result


def pages(
    world: World,
    day: date,
    *,
    fields: frozenset[str] = FIELDS,
    sort: str = "createdAt",
    page_size: int = 1_000,
) -> Iterator[bytes]:
    """A day's whole listing as page bodies. By createdAt it needs no more memory than a page."""
    items, number = Items(world), day_number(day)
    if sort == "createdAt":
        for start in range(0, world.size, page_size):
            rows = world.creation_order[start : start + page_size]
            present = rows[world.exists(rows, number)]
            if len(present):
                yield items.page(world.state(present, number), fields)
        return
    listing, after = Listing(world, number), None
    while True:
        state, after = listing.page(sort, False, after, page_size)
        yield items.page(state, fields)
        if after is None:
            return


def write_pages(folder: Path, world: World, day: date, **options: object) -> int:
    """Write `pages` as files page-000000.json, ...; returns how many."""
    folder.mkdir(parents=True, exist_ok=True)
    count = 0
    for body in pages(world, day, **options):  # type: ignore[arg-type]
        (folder / f"page-{count:06d}.json").write_bytes(body)
        count += 1
    return count


def _lineage_tags(relation: str, parents: Iterable[str]) -> list[str]:
    named = list(parents)
    plain = [f"base_model:{name}" for name in named]
    return plain + [f"base_model:{relation}:{name}" for name in named]


def _times(seconds: Integers) -> list[str]:
    stamps = np.datetime_as_string(seconds.astype("datetime64[s]"), unit="s")
    return [f"{stamp}.000Z" for stamp in stamps.tolist()]
