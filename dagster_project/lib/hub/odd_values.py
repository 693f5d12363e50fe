"""Values of a day that cannot be: how many of each field, which, and whether the field itself has changed.

Belongs here: counting and naming them, for the run's log and raw.hub_snapshots, and the share from which a
day is refused.
Does not belong here: which values can be (fields), and finding them (read_pages, read_files).

A repository's owner writes a part of what the Hub lists, so that some single value is always odd: it is NULL
for its model, or the item is left out, and the day loads. A field that changed upstream shows in many models.
"""

import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

from dagster_project.lib.hub.fields import BY_NAME
from dagster_project.lib.seeds.tables import DAY_QUALITY_THRESHOLDS, read_seed
from dagster_project.lib.settings import Settings

ITEM = "item"  # stands where a field does, for what is no object with fields
SHOWN = 3  # examples of each field
LONGEST = 40  # characters of an example's value, and of its repository


@dataclass
class OddValues:
    """What cannot be of one day. `said` has how many models say anything of a field, or can be."""

    counts: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    begins: dict[str, str] = field(default_factory=dict)
    said: dict[str, int] = field(default_factory=dict)
    left_out: int = 0

    def note(self, name: str, model: str, value: Any, where: str) -> None:
        """One value, of JSON; `where` says what to open to see the first one of its field."""
        text = "missing" if value is None else _json(value)
        self.note_all(name, 1, [(model, text)] if len(self.examples[name]) < SHOWN else [], where)

    def note_all(self, name: str, count: int, examples: list[tuple[str, str]], where: str = "") -> None:
        """All values of a field or some more, with examples of model and value as text."""
        self.begins.setdefault(name, where)
        self.counts[name] += count
        self.examples[name] += [f"{_short(model)}: {_short(text)}" for model, text in examples]

    def columns(self) -> dict[str, Any]:
        """What raw.hub_snapshots says of them."""
        return {
            "odd_values": [
                f"{name}: {count} ({', '.join(self.examples[name])}{', …' if count > SHOWN else ''})"
                for name, count in sorted(self.counts.items())
            ],
            "odd_value_count": self.counts.total(),
            "left_out": self.left_out,
        }

    def changed_fields(self, settings: Settings) -> list[str]:
        """A reason to refuse the day for each field that looks changed, with both numbers."""
        return list(self.changes(settings).values())

    def changes(self, settings: Settings) -> dict[str, str]:
        """The same by the name of the field."""
        if not self.counts:
            return {}
        seed = read_seed(DAY_QUALITY_THRESHOLDS, settings)
        limits = {str(row["threshold"]): float(str(row["value"])) for row in seed}
        reasons = {}
        for name, count in sorted(self.counts.items()):
            owners = name in BY_NAME and BY_NAME[name].is_owners
            kind = "owners_field" if owners else "hub_field"
            share, least = limits[f"{kind}_odd_share"], limits[f"{kind}_odd_models"]
            said = max(self.said.get(name, 0), count)
            # a handful of models is no share, but all of them is
            is_many = count >= least and count >= share * said
            if is_many or (not owners and 1 < count == said):
                meaning = BY_NAME[name].kind.meaning if name in BY_NAME else "an object"
                reasons[name] = (
                    f"field {name} changed upstream: {count} of {said} models ({count / said:.1%}) have no "
                    f"{meaning.removeprefix('an ').removeprefix('a ')}, and from {least:.0f} models and "
                    f"{share:.0%} on the day is refused (seed day_quality_thresholds, {kind}_odd_share); "
                    f"{self.begins[name]}such as {self.examples[name][0]}"
                )
        return reasons


def _json(value: Any) -> str:
    try:
        return json.dumps(value)
    except RecursionError:
        return "nested too deep to be shown"


def _short(text: str) -> str:
    """One line: what others wrote may hold anything."""
    cut = text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
    return cut if cut.isprintable() else ascii(cut)[1:-1]
