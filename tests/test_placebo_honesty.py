"""Chance is called an effect about as often as the level says, and large effects are found.

Belongs here: the claims about the simulations of benchmarks/placebo_honesty, whose seed is fixed.
Does not belong here: the formulas (test_event_study).
"""

from pathlib import Path

from benchmarks.placebo_honesty import LEVEL, POWER, SLACK, simulate_pooled, simulate_single


def test_single_events_without_effect_are_rarely_called_and_large_effects_are_found(tmp_path: Path) -> None:
    found = simulate_single(tmp_path)
    assert found.events == 1000
    assert set(found.without_effect) == set(found.with_effect) == {"market", "market_sector", "market_peers"}
    assert all(abs(share - LEVEL) <= SLACK for share in found.without_effect.values()), found
    assert all(share >= POWER for share in found.with_effect.values()), found


def test_clustered_events_are_pooled_honestly_only_with_their_correlation(tmp_path: Path) -> None:
    found = simulate_pooled(tmp_path)
    assert found.groups == 1000
    assert abs(found.rejected["kolari_pynnonen"] - LEVEL) <= SLACK, found
    assert abs(found.rejected["corrado"] - LEVEL) <= SLACK, found
    assert min(found.rejected["patell"], found.rejected["bmp"]) > 0.2, found  # why the verdict is not theirs
