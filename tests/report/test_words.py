"""Figures in words."""

from datetime import date

import pytest

from dagster_project.lib.report import words
from dagster_project.lib.report.words import NBSP


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "–"),
        (0, "0"),
        (12_345, "12,345"),
        (999_499, "999,499"),
        (999_600, "1.00 million"),
        (727_000_000, "727 million"),
        (999_900_000, "1.00 billion"),
        (2_061_000_000, "2.06 billion"),
        (140_289_787_200_000_000, "140,290 trillion"),
        (-1_500_000, "−1.50 million"),
    ],
)
def test_an_amount_has_three_digits_and_its_unit(value: float | None, expected: str) -> None:
    assert words.amount(value).replace(NBSP, " ") == expected


def test_a_span_names_a_common_unit_once() -> None:
    plain = [
        words.span(*ends).replace(NBSP, " ") for ends in ((588e6, 727e6), (9e8, 1.1e9), (5e6, 5e6), (3, 9))
    ]
    assert plain == ["588 to 727 million", "900 million to 1.10 billion", "5.00 million", "3 to 9"]


def test_a_share_has_a_decimal_below_100_per_cent_and_a_true_minus() -> None:
    figures = [words.percent(0.0734), words.signed_percent(-0.016), words.signed_percent(2.744)]
    assert [figure.replace(NBSP, " ") for figure in figures] == ["7.3 %", "−1.6 %", "+274 %"]
    assert words.percent(None) == "–"


def test_a_milestone_is_a_day_an_interval_or_before_our_first_day() -> None:
    first, last = date(2026, 1, 18), date(2026, 1, 22)
    plain = [words.between(since, last).replace(NBSP, " ") for since in (date(2026, 1, 21), first, None)]
    assert plain == [
        "on 22 January 2026",
        "between 18 January 2026 and 22 January 2026",
        "by 22 January 2026, our first day",
    ]


def test_a_day_has_its_year_and_breaks_on_no_line() -> None:
    assert words.day(date(2026, 2, 3)) == f"3{NBSP}February{NBSP}2026"
    assert words.short_day(date(2023, 8, 3)) == f"3{NBSP}Aug{NBSP}2023"
    assert words.short_day(None) == "–"


def test_a_span_of_shares_names_the_unit_once() -> None:
    plain = [words.percent_span(*ends).replace(NBSP, " ") for ends in ((0.39, 0.483), (0.5, 0.5))]
    assert plain == ["39.0 to 48.3 %", "50.0 %"]


def test_a_long_text_ends_at_a_word() -> None:
    assert words.shortened("Xinhua: Qwen has 700 million downloads", 20) == "Xinhua: Qwen has 700…"
    assert words.shortened("Xinhua: Qwen", 20) == "Xinhua: Qwen"


def test_a_scope_is_told_in_words() -> None:
    assert words.scope("census") == "every public model"
    assert words.scope("top-50000-08c93a9b") == (
        "up to 50,000 of the most downloaded models, and all of the followed makers"
    )
    assert words.scope(None) == "the listed models"


def test_two_families_of_one_name_keep_their_keys() -> None:
    names = {"llama": "Llama (Meta)", "other": "Llama (research)", "qwen": "Qwen"}
    assert words.distinct(names) == {"llama": "Llama, llama", "other": "Llama, other", "qwen": "Qwen"}
