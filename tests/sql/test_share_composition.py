"""What shares rest on, from cells of the cube that are small enough to work out by hand.

Belongs here: shares without the largest family and without suspect relations, and language models alone.
Does not belong here: how a model comes into its cell (test_families).
"""

from datetime import date, datetime
from typing import Any

import pytest

from tests.worlds.warehouse import BUILT, Template, Warehouse

DAY = date(2026, 1, 14)
OPEN, GATED, NO_LICENCE = ("A3", "L4"), ("A1", "L2"), ("A3", "L0")
LLM, EMBEDDING = "language_model", "text_embedding"
# family, country, classes, kind, requests, models, suspect
ORGANISATION = (
    ("st", "US", OPEN, EMBEDDING, 84, 1, True),
    ("st", "US", OPEN, EMBEDDING, 16, 3, False),
    ("llama", "US", GATED, LLM, 50, 4, False),
    ("qwen", "CN", OPEN, LLM, 60, 2, False),
    (None, "unknown", NO_LICENCE, "unknown", 40, 1, False),
)
LINEAGE = (
    ("st", "US", OPEN, EMBEDDING, 110, 4, False),
    ("qwen", "CN", OPEN, LLM, 20, 1, True),
    ("qwen", "CN", OPEN, LLM, 80, 2, False),
    (None, "unknown", NO_LICENCE, "unknown", 40, 4, False),
)


@pytest.fixture(scope="module")
def told(template: Template, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Rows of the mart: told(share_of, subject, measure, population)."""
    warehouse = Warehouse(tmp_path_factory.mktemp("composition"), template, BUILT)
    cube = "intermediate.int_adoption_cube__in_scope"
    warehouse.execute(f"create table cells as from {cube} limit 0")
    warehouse.execute(f"drop view {cube}")
    warehouse.execute(f"create table {cube} as from cells")
    for definition, cells in (("organisation", ORGANISATION), ("lineage", LINEAGE)):
        for family, country, (access, licence), kind, requests, models, is_suspect in cells:
            warehouse.insert(cube, snapshot_date=date(2026, 1, 15), activity_date=DAY, family=family,
                    definition=definition, country=country, base_country=country, access_class=access,
                    licence_class=licence, model_kind=kind, downloads_30d=requests, models=models,
                    weighted_models=models, weighted_new_models=0, is_relation_suspect=is_suspect,
                    relation_kind="quantized" if is_suspect else "undeclared")  # fmt: skip
    warehouse.insert("raw.hub_snapshots", snapshot_date=date(2026, 1, 15), scope="top", scope_id="top-9-x",
                     is_accepted=True, lacks=[], captured_at=datetime(2026, 1, 15, 6))  # fmt: skip
    warehouse.build("fct_share_composition_daily")

    def ask(share_of: str, subject: str, measure: str = "downloads_30d", population: str = "all") -> Any:
        (row,) = warehouse.execute(
            "select amount, share, suspect_share, share_without_suspect, largest_family, "
            "largest_family_suspect_share, share_without_largest_family "
            "from marts.fct_share_composition_daily where activity_date = ? and share_of = ? "
            "and subject = ? and measure = ? and population = ?",
            [DAY, share_of, subject, measure, population],
        )
        return row

    return ask


def test_a_country_is_told_without_its_largest_family_and_without_suspect_relations(told: Any) -> None:
    """150 of 250 requests. Without st, which has 100, 50 of 150; without the 84 suspect ones 66 of 166."""
    assert told("publisher_country", "United States") == pytest.approx(
        (150, 150 / 250, 84 / 150, 66 / 166, "st", 84 / 100, 50 / 150)
    )


def test_a_country_of_one_family_has_nothing_without_it(told: Any) -> None:
    assert told("publisher_country", "China") == pytest.approx((60, 60 / 250, 0, 60 / 166, "qwen", 0, 0))


def test_accounts_of_no_family_rest_on_none(told: Any) -> None:
    assert told("publisher_country", "unknown")[4:] == (None, None, None)


def test_a_group_of_openness_is_told_without_the_largest_family_of_it(told: Any) -> None:
    """OSI-licensed: 160 of 250; st has 100 of them, so 60 of 150 without it. Gated: all of llama's."""
    assert told("openness", "osi_licence") == pytest.approx(
        (160, 160 / 250, 84 / 160, 76 / 166, "st", 84 / 100, 60 / 150)
    )
    assert told("openness", "gated") == pytest.approx((50, 50 / 250, 0, 50 / 166, "llama", 0, 0))


def test_language_models_are_a_population_of_their_own(told: Any) -> None:
    """110 requests: 50 of llama and 60 of qwen; embeddings and what says nothing are left out."""
    of = "language_models"
    assert told("publisher_country", "United States", population=of)[:2] == pytest.approx((50, 50 / 110))
    assert told("openness", "osi_licence", population=of)[:2] == pytest.approx((60, 60 / 110))
    assert told("family", "qwen", population=of)[:2] == pytest.approx((100, 1))


def test_models_are_counted_as_requests_are(told: Any) -> None:
    """Eight of eleven models are of the United States, four of them of llama, which the alphabet puts first;
    one is suspect.
    """
    assert told("publisher_country", "United States", "models") == pytest.approx(
        (8, 8 / 11, 1 / 8, 7 / 10, "llama", 0, 4 / 7)
    )
    assert told("publisher_country", "United States", "derivatives")[:3] == pytest.approx((1, 1, 1))


def test_a_family_is_told_without_the_largest_of_all_and_the_largest_has_no_such_share(told: Any) -> None:
    """By lineage: qwen has 100 of 250, 20 of them suspect: 80 of 230. Without st, with 110, 100 of 140."""
    assert told("family", "qwen") == pytest.approx((100, 0.4, 0.2, 80 / 230, "st", 0, 100 / 140))
    assert told("family", "st")[4:] == ("st", 0, None)


def test_what_is_not_known_is_no_share(told: Any) -> None:
    assert told("publisher_country", "United States", "net_1d")[:2] == (None, None)
