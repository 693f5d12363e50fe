"""Published claims against counts made by hand: every kind of claim, and every verdict.

Belongs here: what a claim's verdict, bounds and reason are. Does not belong here: how counts come about
(test_families), and how `make claim` words it (tests/claim).
"""

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.worlds.warehouse import BUILT, Template, Warehouse

MILLION = 1_000_000
CLAIMS = ("int_families__countries", "int_claims__*", "fct_claim_checks")
DAY = date(2026, 1, 13)


class World(Warehouse):
    """Families counted by hand: of each day its snapshot, and a row of a family by a definition."""

    @classmethod
    def made(cls, folder: Path, template: Template) -> "World":
        world = cls(folder, template, BUILT)
        world.execute("delete from seeds.published_claims; delete from seeds.publishers")
        world.execute("delete from seeds.families")
        for family, country in (("alpha", "CN"), ("beta", "US"), ("gamma", "US")):
            world.insert("seeds.families", family=family, name=family, company=f"{family} inc", source="test")
            world.insert(
                "seeds.publishers", publisher=family, company=f"{family} inc", family=family,
                country=country, follow_all=True, source="test",
            )  # fmt: skip
        return world

    def snapshot(self, about: date, scope: str = "top") -> None:
        """An accepted snapshot, the day after the one that it is about."""
        taken = date.fromordinal(about.toordinal() + 1)
        self.insert("raw.hub_snapshots", snapshot_date=taken, scope=scope, scope_id=scope, row_count=1,
                    is_accepted=True, provenance="observed", load_id=f"{taken}", lacks=[])  # fmt: skip
        self.insert("intermediate.int_snapshot_days__statuses", snapshot_date=taken, status="ok", usable=True)

    def count(self, about: date, family: str, definition: str = "lineage", **figures: Any) -> None:
        row = {"models": 1, "activity_date": about, "family": family, "definition": definition}
        self.insert("intermediate.int_families__adopted_daily", **(row | figures))

    def claim(self, claim: str, **said: Any) -> None:
        row = {"claim": claim, "family": "alpha", "publisher": "somebody", "measure": "cumulative",
               "metric": "downloads", "is_lower_bound": True, "window_end": DAY, "verified": True,
               "scope": "all of it", "source": "test"}  # fmt: skip
        self.insert("seeds.published_claims", **(row | said))

    def checked(self, claim: str, definition: str | None = "lineage") -> tuple[Any, ...]:
        """Verdict and reason on the claim's own day."""
        ((verdict, reason),) = self.execute(
            "select verdict, verdict_reason from marts.fct_claim_checks "
            "where claim = ? and definition is not distinct from ? and is_of_claim_day",
            [claim, definition],
        )
        return verdict, reason


@pytest.fixture
def world(template: Template, tmp_path: Path) -> Iterator[World]:
    made = World.made(tmp_path, template)
    yield made
    made.connection.close()


FLOOR = "on a count that is a floor: smaller models are not listed"


def test_a_milestone_is_passed_or_short_and_held_from_a_day_on(world: World) -> None:
    """696.9 against 700 million, three days before it is passed: short by 0.4 %, and a floor."""
    for number, downloads in ((12, 690.0), (13, 696.9), (14, 698.0), (16, 701.5)):
        day = DAY.replace(day=number)
        world.snapshot(day)
        world.count(day, "alpha", downloads_all_time=downloads * MILLION)
        world.count(day, "alpha", "curated", downloads_all_time=(downloads + 30) * MILLION)
    world.claim("passed-700m", value=700 * MILLION)
    world.build(*CLAIMS)
    assert world.checked("passed-700m") == ("short by", f"0.4 % below, {FLOOR}")
    assert world.checked("passed-700m", "curated") == ("passed", "3.8 % above")
    assert world.execute(
        "select definition, activity_date, verdict, first_held_date, last_held_date "
        "from marts.fct_claim_checks where definition = 'lineage' order by activity_date"
    ) == [
        ("lineage", DAY.replace(day=day), verdict, date(2026, 1, 16), date(2026, 1, 16))
        for day, verdict in ((12, "short by"), (13, "short by"), (14, "short by"), (16, "passed"))
    ]


def test_days_without_a_snapshot_around_the_claims_day_leave_it_open(world: World) -> None:
    """Below on the 10th, above on the 15th, and on the 13th nobody counted."""
    for number, downloads in ((10, 695), (15, 705)):
        world.snapshot(DAY.replace(day=number), "census")
        world.count(DAY.replace(day=number), "alpha", downloads_all_time=downloads * MILLION)
    world.claim("between", value=700 * MILLION)
    world.claim("well-passed", value=690 * MILLION)
    world.claim("not-nearly", value=710 * MILLION)
    world.claim("before-us", value=700 * MILLION, window_end=date(2026, 1, 5))
    world.claim("short-before-us", value=800 * MILLION, window_end=date(2026, 1, 5))
    world.claim("after-us", value=800 * MILLION, window_end=date(2026, 1, 20))
    world.build(*CLAIMS)
    assert world.checked("between") == (
        "cannot be told",
        "it may have come true between the snapshots about 2026-01-10 and 2026-01-15; one nearer to the "
        "claim would be needed",
    )
    assert world.checked("well-passed") == ("passed", "0.7 % above")
    assert world.checked("not-nearly") == ("short by", "2.1 % below")
    verdict, reason = world.checked("before-us")
    assert verdict == "short by"
    assert world.checked("short-before-us")[0] == "short by"
    verdict, reason = world.checked("after-us")
    assert (verdict, "2026-01-20 or later would be needed" in reason) == ("cannot be told", True)


def test_a_claim_that_is_false_by_every_definition_and_one_that_nothing_can_tell(world: World) -> None:
    world.snapshot(DAY)
    for definition in ("organisation", "lineage", "lineage_clean", "curated"):
        world.count(DAY, "alpha", definition, downloads_all_time=10 * MILLION)
    world.claim("false", value=700 * MILLION)
    world.claim("unheard-of", value=5, family="delta")
    world.build(*CLAIMS)
    verdicts = world.execute(
        "select distinct verdict from marts.fct_claim_checks where claim = 'false' and is_of_claim_day"
    )
    assert verdicts == [("short by",)]
    assert world.checked("unheard-of", None) == (
        "cannot be told", "no usable snapshot counts it; one of 2026-01-13 would be needed"
    )  # fmt: skip
    # the accounts that are followed are listed whole, so their count is none
    assert world.checked("false", "organisation") == ("short by", "98.6 % below")


@pytest.mark.parametrize(
    ("value", "verdict"), [(942_100_000, "passed"), (942_200_000, "short by"), (941_900_000, "above by")]
)
def test_a_figure_is_true_to_the_last_digit_that_is_said(world: World, value: int, verdict: str) -> None:
    """Ours is 942,148,000: 942.1 million when rounded, not 942.2 and not 941.9."""
    world.snapshot(DAY, "census")
    world.count(DAY, "alpha", downloads_all_time=942_148_000.0)
    world.claim("exact", value=value, is_lower_bound=False)
    world.build(*CLAIMS)
    assert world.checked("exact")[0] == verdict


def test_a_claim_that_says_how_it_counts_is_compared_with_that_count_alone(world: World) -> None:
    world.snapshot(DAY)
    world.count(DAY, "alpha", downloads_all_time=800.0 * MILLION)
    world.count(DAY, "alpha", "curated", downloads_all_time=500.0 * MILLION)
    world.claim("curated", value=700 * MILLION, definition="curated")
    world.build(*CLAIMS)
    assert world.checked("curated")[0] == "not comparable"
    assert "definition curated" in world.checked("curated")[1]
    assert world.checked("curated", "curated") == ("short by", f"28.6 % below, {FLOOR}")


def test_counts_of_models_compare_only_with_a_census_unless_the_listed_are_enough(world: World) -> None:
    """136 derivatives among the most downloaded say nothing of 180,000; of 100 they say that it is passed."""
    world.snapshot(DAY)
    world.count(DAY, "alpha", derivatives=136, quantisations=90)
    world.claim("many", kind="count", metric="derivatives", value=180_000)
    world.claim("few", kind="count", metric="derivatives", value=100)
    world.claim("exactly", kind="count", metric="quantisations", value=90, is_lower_bound=False)
    world.build(*CLAIMS)
    verdict, reason = world.checked("many")
    assert (verdict, "HUB_SCOPE=census" in reason) == ("not comparable", True)
    assert world.checked("few")[0] == "passed"
    assert world.checked("exactly")[0] == "not comparable"

    world.execute("update raw.hub_snapshots set scope = 'census'")
    world.build(*CLAIMS)
    assert world.checked("many") == ("short by", "99.9 % below")
    assert world.checked("exactly")[0] == "passed"


def test_a_window_counts_what_came_in_it(world: World) -> None:
    """December: 31 days of a million, from daily snapshots; a claim of 31 is true, of 40 short by 22.5 %."""
    for ordinal in range(date(2025, 11, 28).toordinal(), date(2026, 1, 3).toordinal()):
        day = date.fromordinal(ordinal)
        world.snapshot(day, "census")
        world.count(
            day, "alpha", net_1d=1.0 * MILLION, downloads_all_time=(ordinal - 730_000) * 1.0 * MILLION
        )
    window = {"kind": "window", "measure": "window", "window_start": date(2025, 12, 1),
              "window_end": date(2025, 12, 31)}  # fmt: skip
    world.claim("true", value=31 * MILLION, **window)
    world.claim("false", value=40 * MILLION, **window)
    world.claim("exact", value=31 * MILLION, **(window | {"is_lower_bound": False}))
    world.claim("less", value=25 * MILLION, **(window | {"is_lower_bound": False}))
    world.claim("longer", value=40 * MILLION, **(window | {"window_end": date(2026, 1, 31)}))
    world.build(*CLAIMS)
    assert world.checked("true") == ("passed", "0.0 % above")
    assert world.checked("false") == ("short by", "22.5 % below")
    assert world.checked("exact")[0] == "passed"
    assert world.checked("less") == ("above by", "24.0 % above")
    verdict, reason = world.checked("longer")
    assert (verdict, "2025-11-30 or before and one about 2026-01-31" in reason) == ("cannot be told", True)


def test_snapshots_that_lie_across_the_ends_of_a_window_bound_it(world: World) -> None:
    """A count each ten days, a million a day: from 20 to 40 million, 31 on a straight line."""
    for ordinal in range(date(2025, 11, 20).toordinal(), date(2026, 1, 10).toordinal()):
        day = date.fromordinal(ordinal)
        is_snapshot = (ordinal - date(2025, 11, 25).toordinal()) % 10 == 0
        if is_snapshot:
            world.snapshot(day, "census")
        world.count(day, "alpha", net_1d=1.0 * MILLION, models=1 if is_snapshot else None,
                    downloads_all_time=ordinal * 1.0 * MILLION if is_snapshot else None)  # fmt: skip
    window = {"kind": "window", "measure": "window", "window_start": date(2025, 12, 1),
              "window_end": date(2025, 12, 31)}  # fmt: skip
    for value in (19, 25, 41):
        world.claim(f"{value}", value=value * MILLION, **window)
    world.build(*CLAIMS)
    assert world.execute(
        "select distinct value, lower_bound, upper_bound, first_date, last_date from marts.fct_claim_checks"
    ) == [(31.0 * MILLION, 20.0 * MILLION, 40.0 * MILLION, date(2025, 11, 25), date(2026, 1, 4))]
    assert [world.checked(name)[0] for name in ("19", "25", "41")] == [
        "passed", "cannot be told", "short by",
    ]  # fmt: skip


def test_overtaking_compares_two_counts_of_one_day(world: World) -> None:
    for number, ours, theirs in ((10, 90, 100), (13, 101, 100), (14, 99, 100)):
        world.snapshot(DAY.replace(day=number), "census")
        world.count(DAY.replace(day=number), "alpha", downloads_all_time=ours * 1.0 * MILLION)
        world.count(DAY.replace(day=number), "beta", downloads_all_time=theirs * 1.0 * MILLION)
    said = {"kind": "overtaking", "against": "family:beta", "value": None}
    world.claim("by-13", **said)
    world.claim("by-12", window_end=DAY.replace(day=12), **said)
    world.claim("by-10", window_end=DAY.replace(day=10), **said)
    world.claim("countries", kind="overtaking", family=None, subject="country:CN", against="country:US",
                value=None)  # fmt: skip
    world.build(*CLAIMS)
    assert world.checked("by-13") == ("passed", "1.0 % above")
    assert world.checked("by-12")[0] == "cannot be told"
    assert world.checked("by-10") == ("short by", "10.0 % below")
    assert world.checked("countries") == ("passed", "1.0 % above")
    held = "select distinct first_held_date, last_held_date from marts.fct_claim_checks where claim = 'by-13'"
    assert world.execute(held) == [(DAY, DAY)]


def test_a_group_is_added_up_and_a_member_without_a_count_leaves_it_open(world: World) -> None:
    for number in range(1, 15):
        day = DAY.replace(day=number)
        world.snapshot(day, "census")
        for family, net in (("alpha", 5.0), ("beta", 3.0), ("gamma", 1.0)):
            world.count(day, family, net_1d=net, downloads_all_time=1000.0)
    said = {"kind": "against_group", "measure": "window", "window_start": DAY.replace(day=3), "value": None}
    world.claim("both", against="publisher:beta inc; publisher:gamma inc", **said)
    world.claim("unknown", against="publisher:beta inc; publisher:delta inc", **said)
    world.build(*CLAIMS)
    assert world.checked("both") == ("passed", "25.0 % above")
    assert world.execute("select value, compared_value from marts.fct_claim_checks where claim = 'both'") == [
        (55.0, 44.0)
    ]
    assert world.checked("unknown") == (
        "cannot be told", "not everything that it names has a count in the snapshots"
    )  # fmt: skip


def add_model(
    world: World, key: int, publisher: str, created: date, counts: dict[date, int], **state: Any
) -> None:
    """A repository with cumulative counts by the day that they are about."""
    world.insert("raw.hub_models", model_key=key, hub_id=f"{key:024x}",
                 created_at=datetime(created.year, created.month, created.day, 12))  # fmt: skip
    world.insert("raw.hub_model_cards", model_key=key, first_seen=date(2025, 1, 1), tags=[],
                 repo_id=f"{publisher}/{key}", publisher=publisher)  # fmt: skip
    world.insert("intermediate.int_models__at_last_sight", model_key=key, **state)
    for about, count in counts.items():
        world.insert("raw.hub_model_counters", snapshot_date=date.fromordinal(about.toordinal() + 1),
                     model_key=key, downloads_30d=0, downloads_all_time=count)  # fmt: skip


BEFORE = date(2025, 11, 30)
PERIOD = {"family": None, "measure": "window", "window_start": date(2025, 12, 1), "is_lower_bound": False,
          "window_end": date(2025, 12, 31)}  # fmt: skip
END = date(2025, 12, 31)


@pytest.fixture
def shares(world: World) -> World:
    """December's downloads: 300 of alpha's (CN), 500 of beta's (US), 200 of nobody knows whom; of them 100
    each of models that are new, alpha's and beta's.
    """
    world.snapshot(BEFORE, "census")
    world.snapshot(END, "census")
    old, new = date(2025, 6, 1), date(2025, 12, 10)
    of = {
        "licence_id": "mit",
        "is_open_weights": True,
        "size_class": "1_under_1b",
        "relation_kind": "undeclared",
        "model_kind": "language_model",
    }
    add_model(world, 1, "alpha", old, {BEFORE: 1000, END: 1200}, **of)
    add_model(world, 2, "alpha", new, {END: 100}, **of)
    embedding = {"licence_id": "llama3", "model_kind": "text_embedding"}
    add_model(world, 3, "beta", old, {BEFORE: 0, END: 400}, **(of | embedding))
    add_model(world, 4, "beta", new, {END: 100}, **(of | {"is_open_weights": False}))
    add_model(world, 5, "user", old, {BEFORE: 5, END: 205}, **(of | {"licence_id": None}))
    # seen for the first time, and older than that: nobody counted its December
    add_model(world, 6, "user", old, {END: 9_000}, **of)
    return world


@pytest.mark.parametrize(
    ("subject", "population", "expected"),
    [
        ("country:CN", None, (0.375, 0.3, 0.5)),
        ("country:CN", "created_in_window", (0.5, 0.5, 0.5)),
        ("country:CN", "language_models", (0.75, 0.5, 5 / 6)),
        ("licence:llama3", None, (0.5, 0.4, 0.6)),
        ("class:open_weights", None, (0.9, 0.9, 0.9)),
        ("class:1_under_1b", None, (1.0, 1.0, 1.0)),
        ("family:beta", None, (0.5, 0.5, 0.5)),
    ],
)
def test_a_share_lies_between_what_it_is_with_none_and_with_all_of_the_unknown(
    shares: World, subject: str, population: str | None, expected: tuple[float, float, float]
) -> None:
    shares.claim("share", **PERIOD, kind="share", subject=subject, population=population, share=0.4)
    shares.build(*CLAIMS)
    (found,) = shares.execute("select value, lower_bound, upper_bound from marts.fct_claim_checks")
    assert found == pytest.approx(expected)


def test_a_share_is_told_where_its_bounds_tell_it(shares: World) -> None:
    """China's is between 30 and 50 %."""
    for share in (0.25, 0.4, 0.6):
        shares.claim(f"{share}", **PERIOD, kind="share", subject="country:CN", share=share)
    shares.claim(
        "at-least", **(PERIOD | {"is_lower_bound": True}), kind="share", subject="country:CN", share=0.3
    )
    shares.claim("no-snapshot", **(PERIOD | {"window_end": date(2026, 1, 31)}), kind="share",
                 subject="country:CN", share=0.3)  # fmt: skip
    shares.build(*CLAIMS)
    assert shares.checked("0.25", "organisation") == ("above by", "50.0 % above")
    assert shares.checked("0.4", "organisation") == (
        "cannot be told", "what is not known of the models leaves it between 30.0 % and 50.0 %"
    )  # fmt: skip
    assert shares.checked("0.6", "organisation") == ("short by", "37.5 % below")
    assert shares.checked("at-least", "organisation") == ("passed", "25.0 % above")
    assert shares.checked("no-snapshot", None)[0] == "cannot be told"


def test_new_finetunes_count_by_the_country_of_their_base(shares: World) -> None:
    """Of four finetunes of December two are below alpha (CN), one below beta (US), one below nothing."""
    bases = ("alpha", "alpha", "beta", None)
    for key, base in enumerate(bases, start=11):
        add_model(
            shares, key, "user", date(2025, 12, 5), {END: 1}, lineage_family=base, relation_kind="finetune"
        )
    add_model(
        shares, 20, "user", date(2025, 12, 5), {END: 1}, lineage_family="beta", relation_kind="quantized"
    )
    add_model(
        shares, 21, "user", date(2025, 11, 5), {END: 1}, lineage_family="beta", relation_kind="finetune"
    )
    said = PERIOD | {
        "kind": "share_of_derivatives",
        "metric": "derivatives",
        "population": "created_in_window",
    }
    shares.claim("china", **said, subject="country:CN", share=0.9)
    shares.claim("alpha", **said, subject="family:alpha", share=0.6)
    shares.build(*CLAIMS)
    assert shares.execute(
        "select claim, definition, lower_bound, upper_bound, verdict from marts.fct_claim_checks order by all"
    ) == [
        ("alpha", "base_model", 0.5, 0.75, "cannot be told"),
        ("china", "base_model", 0.5, 0.75, "short by"),
    ]
    shares.execute("update raw.hub_snapshots set scope = 'top'")
    shares.build(*CLAIMS)
    assert {shares.checked(claim, "base_model")[0] for claim in ("alpha", "china")} == {"not comparable"}


@settings(max_examples=15, deadline=None, phases=[Phase.generate])  # to shrink takes minutes
@given(
    counts=st.lists(st.integers(0, 1000), min_size=3, max_size=3),
    share=st.integers(0, 100),
    unknown=st.integers(1, 5000),
    is_lower_bound=st.booleans(),
)
def test_models_of_unknown_country_never_turn_cannot_be_told_into_a_verdict(
    template: Template, tmp_path_factory: pytest.TempPathFactory, counts: list[int], share: int, unknown: int,
    is_lower_bound: bool,
) -> None:  # fmt: skip
    world = World.made(tmp_path_factory.mktemp("unknown"), template)
    world.snapshot(END, "census")
    for key, (publisher, count) in enumerate(zip(("alpha", "beta", "user"), counts, strict=True), start=1):
        add_model(world, key, publisher, date(2025, 12, 2), {END: count})
    said = PERIOD | {"is_lower_bound": is_lower_bound, "population": "created_in_window"}
    world.claim("share", **said, kind="share", subject="country:CN", share=share / 100)
    verdicts = []
    for _ in range(2):
        world.build(*CLAIMS)
        verdicts += world.execute("select verdict from marts.fct_claim_checks")
        add_model(world, 9, "nobody", date(2025, 12, 3), {END: unknown}) if len(verdicts) == 1 else None
    world.connection.close()
    assert verdicts[0] != ("cannot be told",) or verdicts[1] == ("cannot be told",)


def test_claims_of_one_total_that_falls_contradict_each_other(world: World) -> None:
    """More than 180,000 in January and 151,448 in August; 170,000 before contradicts it too."""
    count = {"kind": "count", "metric": "derivatives"}
    world.claim("january", value=180_000, **count)
    world.claim("august", value=151_448, is_lower_bound=False, window_end=date(2026, 8, 14), **count)
    world.claim("before", value=170_000, window_end=date(2025, 9, 30), **(count | {"is_lower_bound": False}))
    world.claim("other", value=113_000, family="beta", window_end=date(2026, 8, 1), **count)
    world.claim("rounded", value=151_000, is_lower_bound=True, window_end=date(2026, 8, 20), **count)
    world.build("fct_claim_contradictions")
    assert world.execute("select claim, contradicting_claim from marts.fct_claim_contradictions") == [
        ("before", "august"), ("january", "august"),
    ]  # fmt: skip


def test_what_can_fall_is_told_only_from_a_snapshot_near_the_day(world: World) -> None:
    """Of August 2024 a listing of 2026 says nothing, neither of 30 days nor of how many models there were."""
    far, near = date(2024, 8, 29), date(2026, 1, 9)
    world.snapshot(DAY, "census")
    world.count(DAY, "alpha", downloads_30d=16.0 * MILLION, derivatives=151_448, models=160_000)
    rolling = {"kind": "window", "measure": "rolling_30d", "value": 20 * MILLION}
    derivatives = {"kind": "count", "metric": "derivatives", "value": 170_000}
    for when, day in (("far", far), ("near", near)):
        world.claim(f"rolling-{when}", window_end=day, **rolling)
        world.claim(f"derivatives-{when}", window_end=day, **derivatives)
    world.claim(
        "derivatives-later", window_end=date(2026, 8, 1), kind="count", metric="derivatives", value=150_000
    )
    world.build(*CLAIMS)
    for claim in ("rolling-far", "derivatives-far"):
        assert world.checked(claim) == (
            "cannot be told",
            "the nearest snapshot is about 2026-01-13; one about 2024-08-29 would be needed",
        )
    assert world.checked("rolling-near") == ("short by", "20.0 % below")
    assert world.checked("derivatives-near") == ("short by", "10.9 % below")
    assert world.checked("derivatives-later") == ("passed", "1.0 % above")
