"""Which days and prices a claim needs, and what is refused before anything is fetched."""

import csv
from datetime import date
from pathlib import Path

import pytest

from dagster_project.claim import check_names, halving_days, nearest, needed_symbols, own_home
from dagster_project.lib.claim.page import FOUNDING, Claim, ClaimError
from dagster_project.lib.seeds.tables import COMPANIES, HEADLINE_EVENTS, SHIPPED, read_seed
from dagster_project.lib.settings import Settings


def days(*numbers: int) -> list[date]:
    return [date(2026, 1, number) for number in numbers]


def test_a_claim_is_a_family_a_company_and_a_day():
    assert Claim.parse("qwen Alibaba 2026-01-13") == FOUNDING
    assert Claim.parse("glm  Z.ai and friends 2026-01-08") == Claim(
        "glm", "Z.ai and friends", date(2026, 1, 8)
    )


@pytest.mark.parametrize("text", ["qwen", "qwen 2026-01-13", "qwen Alibaba", "qwen Alibaba 13.1.2026"])
def test_a_claim_that_cannot_be_read_says_what_is_allowed(text: str):
    with pytest.raises(ClaimError, match='allowed: "family company date" such as "qwen Alibaba 2026-01-13"'):
        Claim.parse(text)


def test_a_family_that_no_seed_knows_is_refused_with_the_names_near_it(settings: Settings):
    with pytest.raises(ClaimError, match="the family 'qwenn', which no seed knows; near it: qwen"):
        check_names(Claim("qwenn", "Alibaba", date(2026, 1, 13)), settings)


def test_a_company_that_no_seed_knows_is_refused(settings: Settings):
    with pytest.raises(ClaimError, match="the company 'Alibabba', which no seed knows; near it: Alibaba"):
        check_names(Claim("qwen", "Alibabba", date(2026, 1, 13)), settings)


def test_the_founding_claim_can_be_checked(settings: Settings):
    check_names(FOUNDING, settings)


def test_prices_are_those_of_the_share_its_peers_and_the_factors_of_both(settings: Settings):
    """BABA needs SPY, KWEB and its peers JD, PDD, BIDU and 0700.HK, whose factors are ^HSI and 3033.HK; the
    other listing, 9988.HK, has peers in Hong Kong. No chip maker has a part in it.
    """
    found = {str(row["symbol"]) for row in needed_symbols(read_seed(COMPANIES, settings), "Alibaba")}
    assert {"BABA", "9988.HK", "SPY", "KWEB", "JD", "PDD", "BIDU", "0700.HK", "^HSI", "3033.HK"} <= found
    assert not found & {"NVDA", "AMD", "INTC", "QQQ"}


def test_a_company_without_a_share_needs_no_prices(settings: Settings):
    assert needed_symbols(read_seed(COMPANIES, settings), "DeepSeek") == []


def test_the_nearest_revision_stands_in_for_a_day_up_to_three_days_away():
    assert nearest(days(1, 10, 12), date(2026, 1, 9)) == date(2026, 1, 10)
    assert nearest(days(7, 11), date(2026, 1, 9)) == date(2026, 1, 7)  # as near: the earlier one
    assert nearest(days(1, 20), date(2026, 1, 9)) is None


def test_days_halve_the_widest_interval_again_and_again():
    """From the 1st to the 17th: the 9th first, then the 5th of the earlier half and the 13th of the later."""
    every = days(*range(1, 18))
    assert halving_days([(every[0], every[-1])], every, 1) == days(9)
    assert halving_days([(every[0], every[-1])], every, 3) == days(5, 9, 13)


def test_an_interval_without_a_revision_inside_is_left_and_the_next_is_cut():
    assert halving_days([(days(1)[0], days(17)[0]), (days(20)[0], days(24)[0])], days(1, 17, 22), 4) == days(
        22
    )


def test_crossings_that_share_an_interval_are_cut_once():
    interval = (date(2026, 1, 1), date(2026, 1, 3))
    assert halving_days([interval, interval], days(1, 2, 3), 4) == days(2)


def test_the_headlines_of_the_founding_story_are_seeded():
    with open(Path(SHIPPED) / "headline_events.csv", encoding="utf-8") as file:
        near = [row for row in csv.DictReader(file) if row["company"] == FOUNDING.company]
    assert (
        len([row for row in near if abs((date.fromisoformat(row["event_date"]) - FOUNDING.day).days) <= 7])
        >= 3
    )


def test_a_story_without_a_headline_gets_an_event_of_its_own_beside_the_users_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "headline_events.csv").write_text(
        "event_id,kind,company,event_date,time_zone,claim,source\nold,headline,Meta,2024-04-18,UTC,said,here\n"
    )
    monkeypatch.setenv("MODELTIDE_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("MODELTIDE_SEEDS", str(mine))
    home = own_home(Settings.from_environment(), Claim("deepseek", "NVIDIA", date(2024, 1, 26)))
    events = {str(row["event_id"]): row for row in read_seed(HEADLINE_EVENTS, home)}
    assert events["claim-deepseek-2024-01-26"]["company"] == "NVIDIA"
    assert events["old"]["claim"] == "said" and "qwen-700m-scmp" in events
    assert home.home == tmp_path / "data" / "claims" / "deepseek-2024-01-26"


def test_a_story_with_a_headline_near_it_keeps_the_seeds_as_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("MODELTIDE_HOME", str(tmp_path / "data"))
    assert own_home(Settings.from_environment(), FOUNDING).seeds_folder is None
