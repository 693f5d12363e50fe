"""Claims and verdicts in words.

Belongs here: sentences.
Does not belong here: the verdicts (tests/sql/test_claims), and pages from fetched days (tests/end_to_end).
"""

from datetime import date
from typing import Any

import pytest

from dagster_project.claim import run_claim
from dagster_project.lib.claim.known import typed, write_list
from dagster_project.lib.claim.page import ClaimError
from dagster_project.lib.claim.verdicts import bounds, statement, told
from dagster_project.lib.report.words import NBSP
from dagster_project.lib.seeds.tables import PUBLISHED_CLAIMS, read_seed
from dagster_project.lib.settings import Settings


def row(definition: str | None, verdict: str, **more: Any) -> dict[str, Any]:
    return {"definition": definition, "verdict": verdict, "difference": None, "is_floor": False,
            "verdict_reason": "why"} | more  # fmt: skip


def test_the_verdicts_of_four_definitions_are_one_part_of_a_sentence() -> None:
    rows = [
        row("organisation", "short by", difference=-0.004, is_floor=True),
        row("lineage", "passed", difference=0.1),
        row("lineage_clean", "passed", difference=0.1),
        row("curated", "cannot be told", verdict_reason="a snapshot of that day would be needed"),
    ]
    assert told(rows).replace(NBSP, " ") == (
        "passed by lineage and lineage_clean; short by 0.4 % by organisation, on a count that is a floor; "
        "cannot be told by curated (a snapshot of that day would be needed)"
    )


@pytest.mark.parametrize(
    ("claim", "says"),
    [
        ("qwen-700m-xinhua", "the family qwen had more than 700 million downloads by 13 January 2026"),
        ("qwen-passes-llama-xinhua", "had more downloads than the family llama by 31 October 2025"),
        ("cn-share-mit-hugging-face",
         "17.1 % of the downloads of new models from 1 August 2024 to 31 August 2025 were of models of CN"),
        ("cn-base-share-stanford",
         "63.0 % of the finetunes made from 1 September 2025 to 30 September 2025 had models of CN as base"),
        ("gemma-variants-100k-google", "more than 100,000 derivatives (Gemma variants created"),
        ("qwen-december-group-xinhua", "together from 1 December 2025 to 31 December 2025"),
        ("moonshot-37m-hugging-face",
         "Moonshot AI had 37.0 million downloads from 1 January 2026 to 31 July 2026"),
        ("llama-20m-month-meta", "had more than 20.0 million downloads in the 30 days up to 29 August 2024"),
    ],
)  # fmt: skip
def test_each_kind_of_claim_is_a_sentence(settings: Settings, claim: str, says: str) -> None:
    rows = {str(one["claim"]): typed(one) for one in read_seed(PUBLISHED_CLAIMS, settings)}
    assert says in statement(rows[claim]).replace(NBSP, " ")


def test_a_floor_has_no_upper_bound() -> None:
    claim = {"share": None}
    floor = {"value": 5.0, "lower_bound": 5.0, "upper_bound": 5.0, "is_floor": True}
    assert bounds(floor, claim) == bounds(floor | {"upper_bound": None}, claim) == "5 or more"
    assert bounds(floor | {"upper_bound": 7.0}, claim) == "5 to 7 or more"
    assert bounds(floor | {"is_floor": False, "upper_bound": 7.0}, claim) == "5 to 7"
    assert bounds(floor | {"is_floor": False}, claim) == "5"


def test_the_list_shows_every_claim_and_says_what_there_is_without_a_publication(settings: Settings) -> None:
    claims = [typed(one) for one in read_seed(PUBLISHED_CLAIMS, settings)]
    page = write_list(None, claims)
    assert all(f"{claim['claim']}:" in page for claim in claims)
    assert "Nothing is published in this data home yet" in page


def test_a_claim_that_is_not_known_is_refused_with_the_names_near_it(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODELTIDE_HOME", str(settings.home))
    with pytest.raises(ClaimError, match=r"no published claim that is known; near it: .*qwen-700m-xinhua"):
        run_claim("qwen-700m-xinua", is_demo=False)


def test_every_claim_says_what_it_leaves_unsaid_and_where_it_is_from(settings: Settings) -> None:
    claims = [typed(one) for one in read_seed(PUBLISHED_CLAIMS, settings)]
    assert len(claims) >= 20
    assert {claim["kind"] for claim in claims} == {
        "milestone", "window", "overtaking", "against_group", "share", "share_of_derivatives", "count"
    }  # fmt: skip
    assert [claim["claim"] for claim in claims if not claim["unsaid"] or not claim["source"]] == []
    assert all(isinstance(claim["window_end"], date) for claim in claims)
