"""Chance is called an effect about as often as the level says, and large effects are found.

Belongs here: the claims about the simulations of benchmarks/placebo_honesty, whose seed is fixed.
Does not belong here: the formulas (test_event_study).
"""

import math
from pathlib import Path

import pytest

from benchmarks.placebo_honesty import LEVEL, POWER, SLACK, Pooled, Single, simulate_pooled, simulate_single
from tests.worlds.warehouse import Template

FEW = 200  # enough for what chance leaves to be smaller than what a wrong formula would do


@pytest.mark.slow
def test_single_events_without_effect_are_rarely_called_and_large_effects_are_found(
    tmp_path: Path, template: Template
) -> None:
    assert_single_events_are_honest(simulate_single(tmp_path, template), 1_000, SLACK, POWER)


@pytest.mark.slow
def test_clustered_events_are_pooled_honestly_only_with_their_correlation(
    tmp_path: Path, template: Template
) -> None:
    assert_pooled_events_are_honest(simulate_pooled(tmp_path, template), 1_000, SLACK)


def test_few_events_show_it_within_three_standard_errors(tmp_path: Path, template: Template) -> None:
    slack = 3 * math.sqrt(LEVEL * (1 - LEVEL) / FEW)
    power = POWER - 3 * math.sqrt(POWER * (1 - POWER) / FEW)
    assert_single_events_are_honest(simulate_single(tmp_path / "single", template, FEW), FEW, slack, power)
    assert_pooled_events_are_honest(simulate_pooled(tmp_path / "pooled", template, FEW), FEW, slack)


def assert_single_events_are_honest(found: Single, events: int, slack: float, power: float) -> None:
    assert found.events == events
    assert set(found.without_effect) == set(found.with_effect) == {"market", "market_sector", "market_peers"}
    assert all(abs(share - LEVEL) <= slack for share in found.without_effect.values()), found
    assert all(share >= power for share in found.with_effect.values()), found


def assert_pooled_events_are_honest(found: Pooled, groups: int, slack: float) -> None:
    assert found.groups == groups
    assert abs(found.rejected["kolari_pynnonen"] - LEVEL) <= slack, found
    assert abs(found.rejected["corrado"] - LEVEL) <= slack, found
    assert min(found.rejected["patell"], found.rejected["bmp"]) > 0.2, found  # why the verdict is not theirs
