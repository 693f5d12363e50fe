"""Figures in words: amounts, shares, days, lists.

Belongs here: how a number, a day or a definition reads in a sentence, on an axis and in a table; missing is a
dash.
Does not belong here: which number is worth a sentence (the sections).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple


class Definition(NamedTuple):
    """A way to say which models are a family's: its name, and what it counts."""

    name: str
    counts: str


DEFINITIONS = {
    "lineage": Definition("Lineage", "all below its roots, by declared base models"),
    "lineage_clean": Definition("Lineage without test repositories", "the same without test repositories"),
    "organisation": Definition("Organisation", "models of the family's own accounts"),
    "curated": Definition("Curated list", "main language and vision-language models"),
}
MISSING = "–"
READS_AS_NOTHING = 0.0005  # a share below it is shown as 0.0 %
NBSP = "\N{NO-BREAK SPACE}"  # between a figure and its unit: no line ends there
# the same steps on an axis, for Vega's expression language
AXIS_AMOUNT = (
    "datum.value >= 1e9 ? format(datum.value / 1e9, ',.3~f') + ' bn' : "
    "datum.value >= 1e6 ? format(datum.value / 1e6, ',.3~f') + ' M' : "
    "datum.value >= 1e3 ? format(datum.value / 1e3, ',.3~f') + ' k' : format(datum.value, ',.3~f')"
)
AXIS_SIGNED = "datum.value == 0 ? '0' : format(datum.value, '+d')"
AXIS_CHANGE = "datum.value == 0 ? '0' : format(100 * datum.value, '+.3~f') + ' %'"
AXIS_CORRELATION = "datum.value == 0 ? '0' : format(datum.value, '+.2~f')"
AXIS_PERCENT = "format(100 * datum.value, '.0f') + ' %'"
_STEPS = ((1e12, "trillion", "tn"), (1e9, "billion", "bn"), (1e6, "million", "M"))


def amount(value: float | None) -> str:
    """Three significant digits with their unit in full: 727 million."""
    return _scaled(value, short=False)


def short_amount(value: float | None) -> str:
    """The same for a label: 727 M."""
    return _scaled(value, short=True)


def _scaled(value: float | None, short: bool) -> str:
    if value is None:
        return MISSING
    for size, name, letter in _STEPS:
        if abs(value) >= size * 0.9995:
            return f"{_digits(value / size)}{NBSP}{letter if short else name}"
    if short and abs(value) >= 1e4:
        return f"{_digits(value / 1e3)}{NBSP}k"
    return exact(value)


def _digits(value: float) -> str:
    decimals = 0 if abs(value) >= 99.95 else 1 if abs(value) >= 9.995 else 2
    return number(value, decimals)


def span(low: float, high: float) -> str:
    """588 to 727 million; one amount where both read the same."""
    return _joined(amount(low), amount(high))


def percent_span(low: float, high: float) -> str:
    """39.0 to 48.3 %; one share where both read the same."""
    return _joined(percent(low), percent(high))


def _joined(first: str, last: str) -> str:
    if first == last:
        return last
    unit = last.partition(NBSP)[2]
    return f"{first.removesuffix(NBSP + unit) if unit else first} to {last}"


def exact(value: float | None) -> str:
    """Every digit, for a table."""
    return number(value, 0)


def number(value: float | None, decimals: int, signed: bool = False) -> str:
    """A plain number with a true minus sign."""
    if value is None:
        return MISSING
    return f"{value:{'+' if signed else ''},.{decimals}f}".replace("-", "−")


def percent(share: float | None, signed: bool = False) -> str:
    """A share as a percentage: 12.3 %; with a sign where it is a change."""
    if share is None:
        return MISSING
    return f"{number(100 * share, 0 if abs(share) >= 0.9995 else 1, signed)}{NBSP}%"


def signed_percent(change: float | None) -> str:
    """A change as a percentage, with its sign: +12.3 %."""
    return percent(change, signed=True)


def points(change: float | None) -> str:
    """A change of a share: 14.7 points more, 0.3 points less."""
    if change is None:
        return MISSING
    return f"{abs(100 * change):.1f}{NBSP}points {'more' if change >= 0 else 'less'}"


def day(value: date | None) -> str:
    """25 February 2026, on one line."""
    return MISSING if value is None else f"{value.day}{NBSP}{value:%B}{NBSP}{value:%Y}"


def short_day(value: date | None) -> str:
    """25 Feb 2026, for a label."""
    return MISSING if value is None else f"{value.day}{NBSP}{value:%b}{NBSP}{value:%Y}"


def between(first: date | None, last: date) -> str:
    """When something was reached: after the end of `first`, by the end of `last`."""
    if first is None:
        return f"by {day(last)}, our first day"
    if (last - first).days == 1:
        return f"on {day(last)}"
    return f"between {day(first)} and {day(last)}"


def text(value: object) -> str:
    """Whatever it is; missing is a dash."""
    return MISSING if value is None else str(value)


def listed(items: Sequence[str]) -> str:
    """One, two and three."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} and {items[-1]}"


def shortened(text: str, letters: int) -> str:
    """The text up to the last word that fits."""
    if len(text) <= letters:
        return text
    return text[: letters + 1].rsplit(" ", maxsplit=1)[0].rstrip(",;:") + "…"


def first_upper(text: str) -> str:
    """The text as the beginning of a sentence; a name keeps its own capitals."""
    return text[:1].upper() + text[1:]


def plain_name(name: str) -> str:
    """A family's name without what the seed adds in brackets."""
    return name.split(" (", maxsplit=1)[0]


def distinct(names: Mapping[str, str]) -> dict[str, str]:
    """Plain names by key; two that are called the same keep their key beside them."""
    plain = {key: plain_name(name) for key, name in names.items()}
    counts = Counter(plain.values())
    return {key: name if counts[name] == 1 else f"{name}, {key}" for key, name in plain.items()}


def scope(scope_id: str | None) -> str:
    """The scope of a listing: which models a share is a share of."""
    if scope_id == "census":
        return "every public model"
    parts = (scope_id or "").split("-")
    if parts[0] == "top" and len(parts) > 1 and parts[1].isdigit():
        return f"up to {int(parts[1]):,} of the most downloaded models, and all of the followed makers"
    return "the listed models"
