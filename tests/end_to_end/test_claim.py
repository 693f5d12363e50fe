"""`make claim`, from the archive and the prices to the page.

Belongs here: what the page says of the synthetic story.
Does not belong here: the figures themselves (dbt unit tests), and which days are chosen (test_claim).
"""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from dagster_project.claim import run_claim
from dagster_project.synthetic.server import Upstream


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The data home of the founding claim, checked on 27 February 2026."""
    home = tmp_path_factory.mktemp("claim")
    before = dict(os.environ)
    with Upstream(models=2_500, now=datetime(2026, 2, 27, 6, tzinfo=UTC)) as upstream:
        try:
            os.environ.update(MODELTIDE_HOME=str(home), **upstream.environment)
            run_claim("", is_demo=False)
        finally:
            os.environ.clear()
            os.environ.update(before)
    yield home / "claims" / "qwen-2026-01-13"


@pytest.fixture(scope="module")
def page(checked: Path) -> str:
    return (checked / "published" / "claim.txt").read_text()


def test_the_page_says_how_many_downloads_by_each_of_four_definitions(page: str):
    section = page.partition("1. How many downloads")[2].partition("2. What others")[0]
    for definition in ("organisation", "lineage", "lineage_clean", "curated"):
        assert any(line.split()[1:2] == [definition] for line in section.splitlines()), section
    assert "The definitions lie" in section


def test_the_crossing_lies_in_the_interval_that_the_page_names(checked: Path, page: str):
    """The world passes 700 million on 19 January, by the accounts' own models."""
    with duckdb.connect(str(checked / "published" / "modeltide.duckdb"), read_only=True) as published:
        after, by = published.execute(
            "select reached_after, reached_by from fct_family_milestones "
            "where family = 'qwen' and definition = 'organisation' and milestone = 700000000"
        ).fetchall()[0]
    assert after.isoformat() in page and by.isoformat() in page
    assert after < datetime(2026, 1, 19).date() <= by
    assert (by - after).days <= 14  # the coarse days leave at most as much


def test_the_definitions_pass_700_million_in_2025_in_january_and_not_yet(checked: Path) -> None:
    with duckdb.connect(str(checked / "published" / "modeltide.duckdb"), read_only=True) as published:
        reached = published.execute(
            "select definition, reached_after >= date '2025-04-01' and reached_by < date '2026-01-01' "
            "from fct_family_milestones where family = 'qwen' and milestone = 700000000 order by all"
        ).fetchall()
    assert reached == [("lineage", True), ("lineage_clean", True), ("organisation", False)]


def test_published_claims_stand_beside_our_figures(page: str):
    section = page.partition("2. What others")[2].partition("3. What these")[0]
    assert all(f"{name}: " in section for name in ("Xinhua", "AIBase", "South China Morning Post"))
    assert "    synthetic  passed by lineage" in section


def test_the_page_says_what_it_rests_on_and_what_that_cannot_say(page: str):
    section = page.partition("3. What these")[2].partition("4. Did the market")[0]
    assert section.count("archive:") >= 6
    assert "never held gating" in section and "no cumulative counter before 2025-02-27" in section


def test_the_share_has_a_verdict_under_three_models_beside_the_confounders(page: str):
    market, _, rest = page.partition("4. Did the market")[2].partition("5. What else")
    assert market.count("BABA") >= 9  # three headlines under three models
    assert "market+sector" in market and "market+peers" in market and " of " in market
    rest = " ".join(rest.split())  # a line of the page may end anywhere
    assert "AI + manufacturing" in rest and "(reported, not verified)" in rest


def test_synthetic_figures_are_never_a_finding(page: str):
    assert "SYNTHETIC" in page
    figures = [line for line in page.splitlines() if "archive:" in line or " of 250 " in line]
    assert len(figures) >= 15 and all(line.split()[0] == "synthetic" for line in figures), figures
    assert any(line.startswith("real  2026-01-13") for line in page.splitlines())


def test_three_sentences_answer_before_anything_is_explained(page: str) -> None:
    answer = " ".join(page.partition("Answer\n------\n")[2].partition("\n1. How many")[0].split())
    first, _, rest = answer.partition(" 2. ")
    second, _, third = rest.partition(" 3. ")
    assert first.startswith("1. 700 million downloads of qwen by 2026-01-13: passed by lineage")
    assert "short by" in first and "organisation" in first
    assert "BABA" in second and third.startswith("Counts and prices are SYNTHETIC")
