"""The synthetic world shows the product's own point: how many downloads Qwen has depends on the definition.

Belongs here: the four definitions, counted from the listing in plain Python.
Does not belong here: the definitions as the product computes them (test_families, end_to_end).
"""

import re
from collections import Counter
from datetime import date, timedelta

import orjson
import pytest

from dagster_project.synthetic import catalogue
from dagster_project.synthetic.items import pages
from dagster_project.synthetic.world import (
    MILESTONE,
    MILESTONE_FAMILY,
    MILESTONE_SNAPSHOT,
    SEEDS,
    World,
    read_rows,
)

FIRST_ALL_TIME = date(2025, 3, 1)  # the first weekly day of the archive that has the counter
YEAR_END = date(2025, 12, 31)
ACCOUNTS = {
    row["publisher"] for row in read_rows(SEEDS / "publishers.csv") if row["family"] == MILESTONE_FAMILY
}
TESTS = [re.compile(row["pattern"]) for row in read_rows(SEEDS / "test_repo_patterns.csv")]
CURATED = [
    (row["is_included"] == "true", re.compile(row["repo_pattern"]))
    for row in read_rows(SEEDS / "curated_models.csv")
    if row["family"] in ("*", MILESTONE_FAMILY)
]


@pytest.fixture(scope="module", params=[2_500, 11_000])
def world(request: pytest.FixtureRequest) -> World:
    return World(request.param)


def downloads(world: World, day: date) -> Counter[str]:
    """All-time downloads of the family by each definition."""
    listing = [item for body in pages(world, day) for item in orjson.loads(body)]
    parents = {item["id"]: declared_parents(item) for item in listing}

    def weight(name: str, depth: int = 0) -> float:
        above = parents.get(name, []) if depth < 6 else []
        if not above:
            return float(name.partition("/")[0] in ACCOUNTS)
        return sum(weight(parent, depth + 1) for parent in above) / len(above)

    counted: Counter[str] = Counter()
    for item in listing:
        name, number = item["id"], item.get("downloadsAllTime", 0)
        matching = {is_included for is_included, pattern in CURATED if pattern.search(name)}
        lineage = weight(name) * number
        counted["organisation"] += number * (name.partition("/")[0] in ACCOUNTS)
        counted["lineage"] += lineage
        counted["lineage_clean"] += lineage * (not any(p.search(name.lower()) for p in TESTS))
        counted["curated"] += number * (matching == {True})
    return counted


def declared_parents(item: dict) -> list[str]:
    if "baseModels" in item:
        return [base["id"] for base in item["baseModels"]["models"]]
    tags = [tag.split(":") for tag in item["tags"]]
    return [words[1] for words in tags if words[0] == "base_model" and len(words) == 2]


@pytest.mark.parametrize("day", [catalogue.FIRST_DAY, catalogue.LAST_DAY])
def test_each_definition_lies_visibly_apart_from_the_next(world: World, day: date) -> None:
    counted = downloads(world, day)
    assert counted["lineage"] > 1.08 * counted["lineage_clean"], "test repositories"
    assert counted["lineage_clean"] > 1.3 * counted["organisation"], "derivatives of other accounts"
    assert counted["organisation"] > 1.1 * counted["curated"], "quantisations, and an account off the list"


def test_700_million_are_passed_in_2025_in_january_2026_or_not_yet(world: World) -> None:
    days = (
        FIRST_ALL_TIME,
        YEAR_END,
        MILESTONE_SNAPSHOT - timedelta(days=1),
        MILESTONE_SNAPSHOT,
        catalogue.LAST_DAY,
    )
    passed = [{name for name, number in downloads(world, day).items() if number >= MILESTONE} for day in days]
    by_lineage = {"lineage", "lineage_clean"}
    with_accounts = {*by_lineage, "organisation"}
    assert passed == [set(), by_lineage, by_lineage, with_accounts, with_accounts]


def test_the_two_lineages_pass_it_weeks_apart(world: World) -> None:
    """So that the weekly days of the archive tell them apart."""
    between = downloads(world, date(2025, 8, 20))
    assert between["lineage_clean"] < MILESTONE < between["lineage"]


def test_what_others_made_has_the_stated_downloads_at_every_size(world: World) -> None:
    items = {item["id"]: item for body in pages(world, MILESTONE_SNAPSHOT) for item in orjson.loads(body)}
    for account, name, *_, millions in catalogue.DERIVED:
        assert items[f"{account}/{name}"]["downloadsAllTime"] == pytest.approx(millions * 1e6, abs=1)
