"""The synthetic Hub as arrays: which models exist on a day, their counters, and their order in a
listing.

Belongs here: creation, deletion, renames, gating and licence changes, lineage, download curves,
and the days on which counters freeze, lag or roll back. Every quantity is a function of (row,
day), so any day since 2024-07 can be asked for without living through the days before it.
Does not belong here: JSON (items), HTTP (server), names of publishers' models (catalogue).

Rows below `len(world.named)` are the catalogue's, the others are anonymous accounts in order of
creation. A snapshot of day D counts what happened before D began.
"""

import csv
from bisect import bisect_left, bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dagster_project.lib.checkout import SQL
from dagster_project.synthetic.catalogue import HUB_FLOOR, NEVER, NamedModel, named_models
from dagster_project.synthetic.chance import Floats, Integers, bits, uniform

SEEDS = SQL / "seeds"
EPOCH = date(1970, 1, 1)
MILESTONE_FAMILY, MILESTONE = "qwen", 700_000_000
MILESTONE_SNAPSHOT = date(2026, 1, 20)  # the first snapshot at or above; the activity is the day before
FROZEN_DAYS = (date(2026, 1, 28), date(2026, 2, 5))
LOW_DAY = date(2026, 2, 19)  # its catch-up comes a day later
ROLLBACK_DAYS = (date(2026, 2, 11), date(2026, 2, 12))
SORTS = ("downloads", "likes", "createdAt", "lastModified", "trendingScore")
RELATIONS = ("", "finetune", "adapter", "merge", "quantized")
COMMON_LICENCES = (
    "apache-2.0",
    "mit",
    "apache-2.0",
    "openrail",
    "cc-by-nc-4.0",
    "llama3.1",
    "other",
    "",
)

_LAST_CREATED = date(2026, 3, 8)
_DAY = 86_400
_FAR = 10_000_000
_FROZEN_SHARE, _ROLLBACK_SHARE, _ROLLBACK_DEPTH = 0.93, 0.12, 0.1
_GROWTH = 0.002  # of creations, per day: 18 times as many at the end as at the floor


def day_number(day: date) -> int:
    """Days since the world's first, its unit of time."""
    return (day - EPOCH).days


_CLOCK_START, _CLOCK_DAYS = day_number(date(2022, 1, 1)), 4_000
_FROZEN = {day_number(day) for day in FROZEN_DAYS}
_ROLLBACK = {day_number(day) for day in ROLLBACK_DAYS}
_WINDOW = (day_number(date(2025, 6, 1)), day_number(date(2026, 3, 8)))  # of changes to cards


def _activity() -> tuple[Floats, Floats]:
    """How much happens on each day (weekends less), and the running total before it."""
    weight = np.ones(_CLOCK_DAYS)
    weekday = (np.arange(_CLOCK_DAYS) + _CLOCK_START + 3) % 7  # 0 is Monday
    weight[weekday >= 5] = 0.82
    low = day_number(LOW_DAY) - 1 - _CLOCK_START
    late = weight[low] * 0.85
    weight[low] -= late
    weight[low + 1] += late
    return weight, np.concatenate([[0.0], np.cumsum(weight)])


_WEIGHT, _TOTAL = _activity()


def _warped(seconds: Integers) -> Floats:
    day = seconds // _DAY - _CLOCK_START
    return np.asarray(_TOTAL[day] + _WEIGHT[day] * (seconds % _DAY) / _DAY)


@dataclass(frozen=True)
class DayState:
    """The listing of one day: rows that exist and their numbers, in the same order."""

    day: int
    rows: Integers
    downloads: Integers
    all_time: Integers  # -1 where the Hub does not say
    likes: Integers
    trending: Integers
    modified: Integers  # seconds since 1970

    def take(self, places: Integers) -> "DayState":
        return DayState(
            self.day,
            self.rows[places],
            self.downloads[places],
            self.all_time[places],
            self.likes[places],
            self.trending[places],
            self.modified[places],
        )


class World:
    """`size` models, those still to be created by 2026-03-08 included. `seeds` holds the seed
    files.
    """

    def __init__(self, size: int = 10_000, seeds: Path = SEEDS) -> None:
        if size < 300:
            raise ValueError(f"A world of {size} models is too small; ask for 300 or more.")
        self.publishers = read_rows(seeds / "publishers.csv")
        self.licences = _licence_choices(read_rows(seeds / "licences.csv"))
        self.licence_names = [row["licence_name"] for row in read_rows(seeds / "named_licences.csv")]
        self.named: list[NamedModel] = named_models(self.publishers, max(40, min(size * 3 // 20, 4_000)))
        self.size, self.head = size, len(self.named)
        self._stage_names()
        self._stage_creation()
        self._stage_lineage()
        self._stage_milestone()

    # ------------------------------------------------------------------ what never changes

    def _stage_names(self) -> None:
        self.row_of = {model.repo_id: row for row, model in enumerate(self.named)}
        self.named_scale = np.array([model.scale for model in self.named])
        self.named_rows_of: dict[str, list[int]] = {}
        for row, model in enumerate(self.named):
            self.named_rows_of.setdefault(model.account, []).append(row)
        self.accounts = max(20, (self.size - self.head) // 6)

    def _stage_creation(self) -> None:
        floor, last = int(HUB_FLOOR.timestamp()), (day_number(_LAST_CREATED)) * _DAY
        count = self.size - self.head
        tail = np.arange(count, dtype=np.int64)
        share = (tail + uniform(tail + self.head, "created")) / count
        days = np.log1p(share * np.expm1(_GROWTH * (last - floor) / _DAY)) / _GROWTH
        created = floor + (days * _DAY).astype(np.int64)
        created[: count // 50] = floor  # repositories older than the Hub's memory
        named = [int(model.created.timestamp()) for model in self.named]
        self.created = np.concatenate([np.array(named, dtype=np.int64), created]).astype(np.uint32)

    def _stage_lineage(self) -> None:
        tail = np.arange(self.head, self.size, dtype=np.int64)
        kind = uniform(tail, "kind")
        relation = np.select([kind < 0.35, kind < 0.62, kind < 0.74, kind < 0.78], [0, 1, 2, 3], 4)
        bases = np.array([r for r, m in enumerate(self.named) if not m.parents and m.family])
        if len(bases) == 0:
            bases = np.arange(self.head)
        bases = bases[np.argsort(self.created[bases], kind="stable")]
        weight = np.cumsum(self.named_scale[bases] ** 0.7)
        known = np.searchsorted(self.created[bases], self.created[tail])
        drawn = uniform(tail, "parent") * np.where(known > 0, weight[np.maximum(known - 1, 0)], 0.0)
        named_parent = bases[np.minimum(np.searchsorted(weight, drawn, side="right"), len(bases) - 1)]
        own = self.head + (uniform(tail, "parent") ** 1.5 * (tail - self.head)).astype(np.int64)
        in_tail = (uniform(tail, "parent.tail") < 0.25) & (tail > self.head)
        parent = np.where(in_tail, own, np.where(known > 0, named_parent, -1))
        relation = np.where(parent < 0, 0, relation)
        parent = np.where(relation == 0, -1, parent)
        root = np.where(parent < 0, tail, parent)
        for _ in range(40):
            deeper = (root >= self.head) & (root != tail)
            step = np.where(deeper, root - self.head, 0)
            above = np.where(deeper & (parent[step] >= 0), parent[step], root)
            if np.array_equal(above, root):
                break
            root = above
        self._bases = bases
        self._relation, self._parent, self._root = (
            relation.astype(np.int8),
            parent.astype(np.int32),
            root.astype(np.int32),
        )

    def _stage_milestone(self) -> None:
        """Scale the milestone family so that its accounts pass 700 million between two snapshots; what
        others made of its models has its stated downloads on that day.
        """
        accounts = {row["publisher"] for row in self.publishers if row.get("family") == MILESTONE_FAMILY}
        own = np.array([model.account in accounts for model in self.named], dtype=bool)
        below = np.array(
            [any(p.split("/")[0] in accounts for p in m.parents) for m in self.named], dtype=bool
        )
        self._undisturbed = own | below
        rows, others = np.flatnonzero(own), np.flatnonzero(below & ~own)
        if len(rows) == 0:
            return
        day = day_number(MILESTONE_SNAPSHOT)
        around = float(self._raw_total(rows, day).sum() + self._raw_total(rows, day - 1).sum()) / 2
        self.named_scale[rows] *= MILESTONE / around
        self.named_scale[others] *= self.named_scale[others] / self._raw_total(others, day)

    def scale(self, rows: Integers) -> Floats:
        """Downloads that a model's curve is multiplied by: a Pareto tail, bent at 40 million."""
        luck = np.maximum(1 - uniform(rows, "scale"), 1e-12)
        tail = 30 * luck ** (-1 / 0.85)
        tail = np.where(uniform(rows, "unused") < 0.08, 0.0, 1 / (1 / tail + 1 / 4e7))
        named = self.named_scale[np.minimum(rows, self.head - 1)]
        return np.where(rows < self.head, named, tail)

    def hub_ids(self, rows: Integers) -> list[str]:
        """Immutable ids: the creation time in hexadecimal, then chance."""
        words = bits(rows, "hub_id").tolist()
        stamps = self.created[rows].tolist()
        return [f"{stamp:08x}{word:016x}" for stamp, word in zip(stamps, words, strict=True)]

    @cached_property
    def creation_order(self) -> Integers:
        """All rows by creation time, then id."""
        rows = np.arange(self.size, dtype=np.int64)
        return np.lexsort((bits(rows, "hub_id"), self.created))

    def lineage(self, rows: Integers) -> tuple[list[str], list[int], list[int]]:
        """Relation, parent row and second parent row (-1: none) of anonymous rows."""
        at = rows - self.head
        relation = self._relation[at]
        second = self._bases[(uniform(rows, "second") * len(self._bases)).astype(np.int64)]
        fits = (relation == 3) & (self.created[second] < self.created[rows])
        second = np.where(fits & (second != self._parent[at]), second, -1)
        names = [RELATIONS[code] for code in relation.tolist()]
        return names, self._parent[at].tolist(), second.tolist()

    def roots(self, rows: Integers) -> list[int]:
        """The topmost known ancestor; the row itself where nothing is declared."""
        return [int(r) for r in np.where(rows < self.head, rows, self._root[rows - self.head])]

    # ------------------------------------------------------------------ what changes, and when

    def change_day(self, rows: Integers, purpose: str, share: float, first: int, last: int) -> Integers:
        """The day of a change that befalls a share of the anonymous rows, else far away."""
        hit = (uniform(rows, purpose) < share) & (rows >= self.head)
        when = first + (uniform(rows, purpose + ".day") * (last - first)).astype(np.int64)
        return np.where(hit, when, _FAR)

    def renamed_on(self, rows: Integers) -> Integers:
        return self.change_day(rows, "rename", 0.01, *_WINDOW)

    def gated_on(self, rows: Integers) -> tuple[Integers, Integers]:
        """Days of the first and, for a third of them, of the second gating change."""
        first = self.change_day(rows, "gate", 0.02, *_WINDOW)
        later = first + 5 + (uniform(rows, "gate.gap") * 20).astype(np.int64)
        return first, np.where(uniform(rows, "gate.twice") < 0.33, later, _FAR)

    def relicensed_on(self, rows: Integers) -> Integers:
        return self.change_day(rows, "relicense", 0.02, *_WINDOW)

    def licence_renamed_on(self, rows: Integers) -> Integers:
        return self.change_day(rows, "licence.name", 0.02, *_WINDOW)

    def deleted_on(self, rows: Integers) -> Integers:
        gone = self.change_day(rows, "delete", 0.02, day_number(date(2024, 7, 1)), _WINDOW[1])
        named = np.array([day_number(m.deleted) if m.deleted != NEVER else _FAR for m in self.named])
        return np.where(rows < self.head, named[np.minimum(rows, self.head - 1)], gone)

    def exists(self, rows: Integers, day: int) -> NDArray[np.bool_]:
        """Listed on the day: created before it, not deleted, not made private for two days."""
        hidden = self.change_day(rows, "hide", 0.003, *_WINDOW)
        away = (hidden <= day) & (day < hidden + 2)
        born = self.created[rows].astype(np.int64) < day * _DAY
        return np.asarray(born & (self.deleted_on(rows) > day) & ~away)

    # ------------------------------------------------------------------ counters

    def _raw_total(self, rows: Integers, day: Integers | int) -> Floats:
        """Downloads since creation as the curve has them, for one day or a day per row."""
        days = np.broadcast_to(np.asarray(day, dtype=np.int64), rows.shape)
        at = days - _CLOCK_START
        born = _warped(self.created[rows].astype(np.int64))
        now, before = _TOTAL[at], _WEIGHT[at - 1]
        period = 35 + 90 * uniform(rows, "period")
        phase = 2 * np.pi * uniform(rows, "phase")
        swing = 0.35 * period / (2 * np.pi)
        wave = np.sin(now * 2 * np.pi / period + phase) - np.sin(born * 2 * np.pi / period + phase)
        jitter = np.empty(len(rows))
        for one in np.unique(days).tolist():
            chosen = days == one
            jitter[chosen] = uniform(rows[chosen], "jitter", one) - 0.5
        # below the slower of the two days beside it, so that a sum can never fall
        age = now - born + swing * wave + 0.3 * jitter * np.minimum(before, _WEIGHT[at])
        age = np.where(days * _DAY > self.created[rows], np.maximum(age, 0.0), 0.0)
        burst, decay = 0.9 * uniform(rows, "burst"), 10 + 80 * uniform(rows, "decay")
        power = 0.6 + uniform(rows, "power")
        curve = burst * -np.expm1(-age / decay) + (1 - burst) * (age / 365) ** power
        return self.scale(rows) * curve

    def state(self, rows: Integers, day: int) -> DayState:
        """Numbers of rows that exist on the day."""
        frozen = (uniform(rows, "frozen", day) < _FROZEN_SHARE) & (day in _FROZEN)
        shown = np.where(frozen, day - 1, day)
        total = np.floor(self._raw_total(rows, shown)).astype(np.int64)
        downloads = total - np.floor(self._raw_total(rows, shown - 30)).astype(np.int64)
        protected = self._is_undisturbed(rows)
        reported = self._corrected(rows, total, shown, protected)
        if day in _ROLLBACK:
            rolled = (uniform(rows, "rollback") < _ROLLBACK_SHARE) & ~protected
            reported = np.where(rolled, np.floor(reported * (1 - _ROLLBACK_DEPTH)), reported)
        silent = (uniform(rows, "silent") < 0.01) & ~protected
        all_time = np.where(silent, -1, reported).astype(np.int64)
        fans = (0.02 + 0.3 * uniform(rows, "fans")) * (total + 1.0) ** 0.55
        likes = np.floor(fans) - (uniform(rows, "unlike", day // 7) < 0.1)
        age = day - self.created[rows].astype(np.int64) / _DAY
        heat = 60 * uniform(rows, "heat") ** 3 * np.exp(-age / 15)
        period = (20 + 300 * uniform(rows, "edit")) * _DAY
        born = self.created[rows].astype(np.int64)
        edits = np.minimum((day * _DAY - born) // period, 4)
        modified = np.maximum(born + (edits * period).astype(np.int64), self.version(rows, day) * _DAY)
        return DayState(
            day,
            rows,
            downloads,
            all_time,
            np.maximum(likes, 0).astype(np.int64),
            np.floor(heat).astype(np.int64),
            modified,
        )

    def _is_undisturbed(self, rows: Integers) -> NDArray[np.bool_]:
        """The milestone family and what has names below it: no sum may jump around a milestone."""
        own = self._undisturbed[np.minimum(rows, self.head - 1)]
        return np.asarray((rows < self.head) & own)

    def _corrected(
        self, rows: Integers, total: Integers, shown: Integers, protected: NDArray[np.bool_]
    ) -> Floats:
        """Totals after a lasting correction that lowers a few models on a day of their own."""
        reported = total.astype(np.float64)
        when = _WINDOW[0] + (uniform(rows, "correct.day") * (_WINDOW[1] - _WINDOW[0])).astype(np.int64)
        hit = (uniform(rows, "correct") < 0.01) & (when <= shown) & ~protected
        if hit.any():
            depth = 0.03 + 0.12 * uniform(rows[hit], "correct.depth")
            reported[hit] -= np.floor(depth * self._raw_total(rows[hit], when[hit]))
        return reported

    def version(self, rows: Integers, day: int) -> Integers:
        """The latest day up to `day` on which name, gating, licence, its name or the parent's name
        changed; else 0.
        """
        parents = self._parent_rows(rows)
        days = [self.renamed_on(rows), *self.gated_on(rows), self.relicensed_on(rows)]
        days.append(self.licence_renamed_on(rows))
        days.append(np.where(parents >= 0, self.renamed_on(np.maximum(parents, 0)), _FAR))
        return np.asarray(np.max([np.where(changed <= day, changed, 0) for changed in days], axis=0))

    def _parent_rows(self, rows: Integers) -> Integers:
        at = np.maximum(rows - self.head, 0)
        return np.where(rows < self.head, -1, self._parent[at] if len(self._parent) else -1)

    # ------------------------------------------------------------------ accounts and names

    def account_numbers(self, rows: Integers) -> Integers:
        return (self.accounts * uniform(rows, "account") ** 2).astype(np.int64)

    def account(self, row: int, number: int, is_moved: bool) -> str:
        if row < self.head:
            return self.named[row].account
        return f"org-{number % 64:02x}" if is_moved else f"user-{number:05x}"

    def rows_of_account(self, account: str, day: int) -> Integers:
        """Rows that an account owns on the day, existing or not."""
        named = np.array(self.named_rows_of.get(account, []), dtype=np.int64)
        prefix, _, digits = account.partition("-")
        if prefix not in ("user", "org") or not digits or set(digits) - set("0123456789abcdef"):
            return named
        tail = np.arange(self.head, self.size, dtype=np.int64)
        numbers, number = self.account_numbers(tail), int(digits, 16)
        moved = self.moves(tail) & (self.renamed_on(tail) <= day)
        if prefix == "org":
            return np.concatenate([named, tail[moved & (numbers % 64 == number)]])
        return np.concatenate([named, tail[~moved & (numbers == number)]])

    def moves(self, rows: Integers) -> NDArray[np.bool_]:
        """Of those that are renamed, the third that goes to another account."""
        return uniform(rows, "moves") < 0.33


class Listing:
    """One day in all its orders; `rows` restricts it (an account, or what a fault leaves over)."""

    def __init__(self, world: World, day: int, rows: Integers | None = None) -> None:
        chosen = np.arange(world.size, dtype=np.int64) if rows is None else rows
        self.world = world
        self.state = world.state(chosen[world.exists(chosen, day)], day)
        self._ids = bits(self.state.rows, "hub_id")
        self._orders: dict[str, Integers] = {}

    def values(self, sort: str) -> Integers:
        state = self.state
        if sort == "createdAt":
            return self.world.created[state.rows].astype(np.int64)
        return {
            "downloads": state.downloads,
            "likes": state.likes,
            "lastModified": state.modified,
            "trendingScore": state.trending,
        }[sort]

    def page(
        self, sort: str, ascending: bool, after: tuple[int, str] | None, limit: int, repeat: int = 0
    ) -> tuple[DayState, tuple[int, str] | None]:
        """The rows after a (value, id), and the (value, id) to go on from, None at the end.

        `repeat` shows that many rows of the page before once more.
        """
        values = self.values(sort) if ascending else -self.values(sort)
        key = f"{sort}{ascending}"
        if key not in self._orders:
            born = self.world.created[self.state.rows]
            self._orders[key] = np.lexsort((self._ids, born, values))
        order = self._orders[key]
        start = 0
        if after is not None:
            value = after[0] if ascending else -after[0]
            place: Callable[[np.int64], int] = lambda at: int(values[at])  # noqa: E731
            low = bisect_left(order, value, key=place)
            high = bisect_right(order, value, lo=low, key=place)
            start = bisect_right(order, after[1], lo=low, hi=high, key=self._id_at)
        picked = order[max(0, start - repeat) : start + limit]
        if start + limit >= len(order):
            return self.state.take(picked), None
        last = picked[-1]
        return self.state.take(picked), (int(self.values(sort)[last]), self._id_at(last))

    def _id_at(self, place: np.int64) -> str:
        return self.world.hub_ids(self.state.rows[[place]])[0]


def family_total(world: World, family: str, day: date) -> int:
    """Sum of downloadsAllTime over the models of the family's accounts, as the listing of the day
    has it.
    """
    accounts = {row["publisher"] for row in world.publishers if row.get("family") == family}
    rows = np.array([r for r, m in enumerate(world.named) if m.account in accounts], dtype=np.int64)
    number = day_number(day)
    counted = world.state(rows[world.exists(rows, number)], number).all_time
    return int(counted[counted >= 0].sum())


def read_rows(path: Path) -> list[dict[str, str]]:
    """Rows of a seed file as they are."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def _licence_choices(rows: list[dict[str, str]]) -> list[str]:
    """Licence ids to draw from: mostly common ones, each of the seed's once, and none at all."""
    return [*COMMON_LICENCES * 8, *(row["licence_id"] for row in rows), "", "no-such-licence"]
