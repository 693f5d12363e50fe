"""Where labels go, and which days are drawn."""

import math
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dagster_project.lib.report import marks


@given(st.lists(st.floats(1, 1e9), min_size=1, max_size=12))
def test_no_label_covers_another_and_their_order_is_that_of_the_values(values: list[float]) -> None:
    for log in (False, True):
        domain = marks.domain_of(values, log)
        places = marks.label_places(values, domain, log)
        spots = marks.label_places(sorted(values), domain, log)
        low, high = (math.log(end) if log else end for end in domain)
        pixels = [((math.log(at) if log else at) - low) / (high - low) * marks.HEIGHT for at in spots]
        assert all(above - below > marks.LABEL_GAP - 0.01 for below, above in pairwise(pixels))
        assert sorted(places) == pytest.approx(spots)


def test_labels_that_do_not_touch_stay_at_their_values() -> None:
    assert marks.label_places([10, 90], (0, 100)) == [10, 90]


def test_years_are_drawn_by_the_week_and_the_last_months_by_the_day() -> None:
    first = date(2024, 1, 1)
    rows = [{"day": first + timedelta(number)} for number in range(800)]
    drawn = [row["day"] for row in marks.weekly_before(rows, "day")]
    recent = [day for day in drawn if day > rows[-1]["day"] - timedelta(marks.RECENT_DAYS)]
    assert len(recent) == marks.RECENT_DAYS
    assert {day.isoweekday() for day in drawn[1 : -marks.RECENT_DAYS]} == {7}
    assert (drawn[0], drawn[-1]) == (rows[0]["day"], rows[-1]["day"]), "a Monday, the base of an index"


def test_history_that_has_one_day_a_week_is_drawn_whole() -> None:
    """An archive's Tuesdays, then every day."""
    tuesdays = [date(2025, 1, 7) + timedelta(weeks=number) for number in range(52)]
    rows = [{"day": day} for day in (*tuesdays, *(date(2026, 1, 13) + timedelta(n) for n in range(45)))]
    assert marks.weekly_before(rows, "day") == rows


def test_a_logarithmic_axis_is_labelled_at_1_2_and_5() -> None:
    assert marks.log_ticks(9e6, 6e7) == [1e7, 2e7, 5e7]
