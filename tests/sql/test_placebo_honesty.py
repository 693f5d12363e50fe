"""Chance is called an effect about as often as the level says, and large effects are found.

Belongs here: the claims about the simulations of benchmarks/placebo_honesty, whose seed is fixed.
Does not belong here: the formulas (test_event_study).
"""

import math
from pathlib import Path

import pytest

from benchmarks.placebo_honesty import (
    LEVEL,
    POWER,
    SLACK,
    STORY_SLACK,
    Pooled,
    Single,
    Stories,
    simulate_pooled,
    simulate_single,
    simulate_stories,
)
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


@pytest.mark.slow
def test_stories_of_three_events_without_effect_are_rarely_called_though_one_event_alone_often_is(
    tmp_path: Path, template: Template
) -> None:
    assert_stories_are_honest(simulate_stories(tmp_path, template), 1_000, STORY_SLACK)


def test_few_events_show_it_within_three_standard_errors(tmp_path: Path, template: Template) -> None:
    slack = 3 * math.sqrt(LEVEL * (1 - LEVEL) / FEW)
    power = POWER - 3 * math.sqrt(POWER * (1 - POWER) / FEW)
    assert_single_events_are_honest(simulate_single(tmp_path / "single", template, FEW), FEW, slack, power)
    assert_pooled_events_are_honest(simulate_pooled(tmp_path / "pooled", template, FEW), FEW, slack)
    assert_stories_are_honest(simulate_stories(tmp_path / "stories", template, FEW), FEW, slack)


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


def assert_stories_are_honest(found: Stories, stories: int, slack: float) -> None:
    """With no effect at most 7 % of 1,000; one event alone calls twice as many."""
    assert found.stories == stories
    assert max(found.without_effect.values()) <= LEVEL + slack, found
    assert min(found.by_one_event_alone.values()) > 1.6 * LEVEL, found
    assert min(found.with_effect.values()) > 0.5, found  # the tests cost power, and do not take it away
