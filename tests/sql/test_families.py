"""Lineage, families and what is counted over them, on a world small enough to work out by hand.

Belongs here: input that is wrong or odd (cycles, unknown parents, reused names, lists of licences), each
with the right answer in the docstring, and the properties that hold for any input.
Does not belong here: windows and reloads of the daily models (test_sql_models).
"""

import random
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dagster_project.lib.seeds import tables as seeds
from tests.rows import assert_equal
from tests.worlds.warehouse import VIEWS, Template, Warehouse, insert_rows

FIRST = date(2026, 1, 1)
SNAPSHOTS = (1, 2, 3, 5, 6)  # the fourth day is missing
MILLION = 1_000_000
OLD = datetime(2025, 6, 1)
INCREMENTAL = ("intermediate.int_adoption_cube__daily", "intermediate.int_publisher_downloads__daily",
               "marts.fct_concentration_daily")  # fmt: skip
OF_MODELS = ("intermediate.int_models__declared_parents", "intermediate.int_models__parents",
             "intermediate.int_models__classified", "intermediate.int_models__families")  # fmt: skip
TABLES = (*INCREMENTAL, *OF_MODELS, "marts.fct_family_adoption_daily", "marts.fct_family_milestones",
          "marts.fct_derivatives_daily", "marts.fct_country_adoption_daily",
          "marts.fct_openness_groups_daily")  # fmt: skip


# numbers of accounts are those of one warehouse
NAMED = {
    "intermediate.int_publisher_downloads__daily": "(select f.* exclude (publisher_key), n.publisher "
    "from intermediate.int_publisher_downloads__daily as f "
    "join intermediate.int_publishers__numbered as n using (publisher_key))"
}
# all that a mart of this file is built from, the daily facts of single models apart
FOR_TABLES = tuple(f"+{name.split('.')[1]}" for name in TABLES)
BUILT = (*FOR_TABLES, "+dim_families", "+dim_models", "+dim_publishers",
         "+fct_licence_drift", "+fct_openness_changes", "+fct_openness_daily",
         "+fct_relative_adoption", "+fct_share_composition_daily")  # fmt: skip


class Repo(NamedTuple):
    """A repository: its names and parents by first day, its counts by day."""

    names: dict[int, str]
    parents: tuple[str, ...] | None = None
    relation: str = "finetune"
    created: datetime = OLD
    counts: dict[int, int | None] | int = 1000
    tags: tuple[str, ...] = ("safetensors",)
    library: str | None = None
    pipeline: str | None = None
    gated: str = "false"


def day(number: int) -> date:
    return FIRST + timedelta(number - 1)


REPOS: dict[int, Repo] = {
    1: Repo({1: "alpha/Main"}, counts={1: 190 * MILLION, 2: 195 * MILLION, 3: 198 * MILLION,
            5: 204 * MILLION, 6: 304 * MILLION}, tags=("safetensors", "license:llama3"),
            created=datetime(2024, 1, 1), pipeline="text-generation"),
    2: Repo({1: "beta/Base", 3: "beta/Base-v2"}, tags=("license:mit",), created=datetime(2024, 1, 1),
            pipeline="a-task-of-tomorrow"),
    3: Repo({1: "user/from-old-name"}, ("beta/Base",)),
    10: Repo({1: "user/cycle-older"}, ("user/cycle-younger", "alpha/Main"), created=datetime(2025, 1, 1)),
    11: Repo({1: "user/cycle-younger"}, ("user/cycle-older",), created=datetime(2025, 2, 1)),
    12: Repo({1: "user/selfish"}, ("user/selfish", "alpha/Main")),
    13: Repo({1: "user/half-known"}, ("alpha/Main", "nobody/Ghost")),
    14: Repo({1: "user/of-unseen"}, ("beta/Unseen",)),
    15: Repo({1: "user/merge-1"}, ("alpha/Main", "beta/Base"), "merge"),
    16: Repo({1: "user/merge-2"}, ("user/merge-1", "beta/Base-v2"), "merge"),
    17: Repo({1: "user/merge-3"}, ("user/merge-1", "user/merge-2"), "merge"),
    18: Repo({1: "user/Case"}, ("alpha/Main",)),
    19: Repo({1: "user/case"}, ("beta/Base",)),
    20: Repo({1: "user/of-lower-case"}, ("user/case",)),
    21: Repo({1: "user/phoenix"}, ("alpha/Main",), counts={1: 400, 2: 500}),
    22: Repo({5: "user/phoenix"}, ("beta/Base",), counts={5: 10, 6: 20}, created=datetime(2026, 1, 4, 12)),
    23: Repo({1: "user/of-phoenix"}, ("user/phoenix",), created=datetime(2025, 7, 1)),
    24: Repo({1: "user/tagged"}, None, tags=("gguf", "base_model:alpha/Main",
             "base_model:adapter:alpha/Main")),
    25: Repo({1: "ci/tiny"}, ("alpha/Main",)),
    26: Repo({1: "user/more-open"}, ("user/two-licences",), tags=("license:mit",)),
    27: Repo({1: "user/two-licences"}, tags=("license:mit", "license:llama3"), created=datetime(2024, 5, 1)),
    28: Repo({1: "user/as-open"}, ("user/two-licences",), tags=("license:llama3",)),
    29: Repo({1: "user/of-unlicensed"}, ("user/merge-1",), tags=("license:mit",)),
    30: Repo({1: "alpha/Small"}, counts=1000, created=datetime(2025, 1, 1)),
    31: Repo({1: "user/ten-times"}, ("alpha/Small",), "quantized", counts=10_000,
             pipeline="sentence-similarity"),
    32: Repo({1: "user/nearly-ten-times"}, ("alpha/Small",), "quantized", counts=9_999),
    33: Repo({1: "user/too-early"}, ("alpha/Small",), "quantized", counts=5,
             created=datetime(2024, 12, 31)),
    34: Repo({1: "user/mlx-copy"}, ("alpha/Small",), "finetune", library="mlx"),
    35: Repo({1: "user/renamed-itself", 3: "user/new-name"}, ("user/renamed-itself",)),
    36: Repo({1: "user/twins-a"}, ("user/twins-b",), created=datetime(2022, 3, 2)),
    37: Repo({1: "user/twins-b"}, ("user/twins-a",), created=datetime(2022, 3, 2)),
    38: Repo({1: "user/gone"}, ("beta/Base",), counts={1: 300, 2: 700}),
    39: Repo({1: "user/uncounted"}, ("beta/Base",), counts={n: None for n in SNAPSHOTS}),
    **{  # a chain of eight below beta/Base: the seventh and eighth are too deep to count
        40 + n: Repo({1: f"user/depth-{n}"}, (f"user/depth-{n - 1}" if n > 1 else "beta/Base",))
        for n in range(1, 9)
    },
    # parents that are no repositories
    90: Repo({1: "user/of-a-path"}, tags=("base_model:adapter:/cache/models/45363f1dab78e110",), counts={}),
    91: Repo({1: "user/of-a-folder"}, tags=("base_model:adapter:outputs/a/checkpoints/last",), counts={}),
    92: Repo({1: "user/of-two"}, ("/cache/models/x", "alpha/Main"), counts={}),
}  # fmt: skip


class World(Warehouse):
    """A warehouse of these repositories."""

    def load(self, *numbers: int) -> None:
        for number in numbers:
            _write_day(self, number)

    def families(self, name: str, number: int = 6, definition: str = "lineage") -> dict[str, float]:
        """Family and weight of the repository that has the name on the day."""
        found = self.execute(
            f"""
            select f.family, f.weight from intermediate.int_models__families as f
            inner join staging.stg_hub__cards as s on f.model_key = s.model_key
                and s.valid_from <= '{day(number)}' and coalesce(s.valid_to > '{day(number)}', true)
            where s.repo_id = '{name}' and f.definition = '{definition}'
                and f.valid_from <= '{day(number)}' and coalesce(f.valid_to > '{day(number)}', true)
            order by s.valid_from, f.family
            """
        )
        return dict(found)

    def parents(self, key: int, number: int = 6) -> list[tuple[Any, ...]]:
        return self.execute(
            "select parent_name, parent_key, parents from intermediate.int_models__parents "
            f"where model_key = {key} and valid_from <= '{day(number)}' "
            f"and coalesce(valid_to > '{day(number)}', true) order by parent_name"
        )


def _write_seeds(world: World) -> None:
    for publisher, family, country in (("alpha", "alpha", "CN"), ("beta", "beta", "US")):
        world.insert("seeds.publishers", publisher=publisher, company=f"{family} inc", family=family,
                country=country, follow_all=True, source="test")  # fmt: skip
        world.insert("seeds.families", family=family, name=family, source="test")
    for licence, licence_class in (("mit", "L4"), ("llama3", "L2")):
        world.insert("seeds.licences", licence_id=licence, licence_class=licence_class, source="test")
    for pattern, included in (("^alpha/", True), ("Small$", False)):
        world.insert("seeds.curated_models", family="alpha" if included else "*",
                repo_pattern=pattern, is_included=included, source="test")  # fmt: skip
    world.insert("seeds.test_repo_patterns", pattern="^ci/", meaning="tests", source="test")
    for threshold, value in (("lineage_max_depth", 6), ("relation_suspect_ratio", 10),
                             ("relative_adoption_min_models", 10)):  # fmt: skip
        world.insert("seeds.growth_thresholds", threshold=threshold, value=value, source="test")


def _write_repos(world: World) -> None:
    for key, repo in REPOS.items():
        first = day(min(repo.names))
        world.insert("raw.hub_models", model_key=key, hub_id=f"{key:024x}", created_at=repo.created)
        for number, name in repo.names.items():
            world.insert("raw.hub_model_cards", model_key=key, first_seen=day(number),
                    repo_id=name, publisher=name.split("/")[0], library_name=repo.library,
                    pipeline_tag=repo.pipeline, tags=list(repo.tags))  # fmt: skip
        world.insert("raw.hub_model_lineage", model_key=key, first_seen=first,
                base_relation=repo.relation if repo.parents else None,
                base_models=list(repo.parents) if repo.parents else None)  # fmt: skip
        world.insert("raw.hub_model_access", model_key=key, first_seen=first, gated=repo.gated)
        world.insert("raw.hub_model_weights", model_key=key, first_seen=first,
                used_storage_bytes=10**9, safetensors_parameters=10**9)  # fmt: skip


def _write_day(world: World, number: int) -> None:
    listed: dict[int, int | None] = {}
    for key, repo in REPOS.items():
        if isinstance(repo.counts, int):
            listed[key] = repo.counts
        elif number in repo.counts:
            listed[key] = repo.counts[number]
    world.insert("raw.hub_snapshots", snapshot_date=day(number), scope="top", scope_id="top-9-x",
            row_count=len(listed), lacks=[], is_complete=True, is_accepted=True, provenance="observed",
            origin="synthetic", captured_at=datetime.combine(day(number), time(6)),
            load_id=f"load-{number}")  # fmt: skip
    for key, count in listed.items():
        world.insert("raw.hub_model_counters", snapshot_date=day(number), model_key=key,
                downloads_30d=100 if count is None else min(count, 100), downloads_all_time=count,
                likes=1, trending_score=0)  # fmt: skip


def _new_world(template: Template, folder: Path) -> World:
    world = World(folder, template)
    world.keep_seeds(seeds.DAY_QUALITY_THRESHOLDS, seeds.COUNTRIES, seeds.LIBRARIES,
                     seeds.PIPELINE_KINDS)  # fmt: skip
    _write_seeds(world)
    return world


@pytest.fixture(scope="module")
def world(template: Template, tmp_path_factory: pytest.TempPathFactory) -> World:
    """All five days built at once; only to be read."""
    built = _new_world(template, tmp_path_factory.mktemp("families"))
    _write_repos(built)
    built.load(*SNAPSHOTS)
    built.build(*BUILT)
    return built


def test_every_key_contract_and_sum_holds_in_it(world: World) -> None:
    # cautious: no test that needs a model which is not built here
    world.dbt("test", "--select", *BUILT, "--exclude", "test_type:unit", "int_model_growth__daily",
              "fct_model_growth_daily", "model_history", "--indirect-selection", "cautious")  # fmt: skip


def test_a_cycle_loses_the_edge_whose_child_is_older_than_its_parent(world: World) -> None:
    """cycle-older (January) names cycle-younger (February) as a parent and the other way round. It cannot
    be made from what came later, so that edge goes; its only parent left is alpha/Main, and both are alpha.
    """
    assert world.parents(10) == [("alpha/Main", 1, 1)]
    assert world.parents(11) == [("user/cycle-older", 10, 1)]
    assert world.families("user/cycle-older") == world.families("user/cycle-younger") == {"alpha": 1.0}


def test_a_cycle_of_equal_age_is_opened_as_well(world: World) -> None:
    """Both twins bear the Hub's floor date, 2022-03-02; the one with the smaller key gives way."""
    assert world.parents(36) == [] and world.parents(37) == [("user/twins-a", 36, 1)]


def test_nobody_is_its_own_parent_under_any_of_its_names(world: World) -> None:
    """selfish has one parent besides itself; key 35 names itself by the name it had before day 3."""
    assert world.parents(12) == [("alpha/Main", 1, 1)] and world.families("user/selfish") == {"alpha": 1.0}
    assert world.parents(35) == []


def test_an_unknown_parent_takes_its_share_and_gives_no_family(world: World) -> None:
    """Two parents, one never seen and of an unknown account: alpha gets 1/2, nobody the other half."""
    assert world.parents(13) == [("alpha/Main", 1, 2), ("nobody/Ghost", None, 2)]
    assert world.families("user/half-known") == {"alpha": 0.5}


def test_a_path_is_no_parent(world: World) -> None:
    """A path is not one parent that unrelated models are made of; of two parents the other is left alone."""
    assert world.parents(90) == world.parents(91) == []
    assert world.parents(92) == [("alpha/Main", 1, 1)]


def test_an_unseen_parent_counts_by_the_account_in_its_name(world: World) -> None:
    assert world.families("user/of-unseen") == {"beta": 1.0}


def test_merges_of_merges_share_by_the_parents_of_each_step(world: World) -> None:
    """merge-1: 1/2 alpha, 1/2 beta. merge-2 of merge-1 and beta: alpha 1/4, beta 1/4 + 1/2 = 3/4.
    merge-3 of both: alpha (1/2 + 1/4) / 2 = 3/8, beta (1/2 + 3/4) / 2 = 5/8.
    """
    assert world.families("user/merge-1") == {"alpha": 0.5, "beta": 0.5}
    assert world.families("user/merge-2") == {"alpha": 0.25, "beta": 0.75}
    assert world.families("user/merge-3") == {"alpha": 0.375, "beta": 0.625}


def test_a_merge_of_two_families_is_one_derivative_in_each_and_its_weights_are_one(world: World) -> None:
    """The three merges count in both families: 6. By weight alpha has 1/2 + 1/4 + 3/8, beta the rest of 3.

    What dim_families says of a family is the sum over its kinds of relation.
    """
    merges = "from marts.fct_derivatives_daily where relation_kind = 'merge'"
    assert world.execute(
        f"select family, models, weighted_models {merges} and activity_date = '{day(5)}' order by family"
    ) == [("alpha", 3, 1.125), ("beta", 3, 1.875)]
    differing = world.execute(
        f"""
        select f.family, f.derivatives, f.weighted_derivatives, sum(d.models), sum(d.weighted_models)
        from marts.dim_families as f
        inner join marts.fct_derivatives_daily as d on f.family = d.family
        where d.activity_date = '{day(5)}' group by all
        having f.derivatives <> sum(d.models)
            or abs(f.weighted_derivatives - sum(d.weighted_models)) > 1e-9
        """
    )
    assert differing == []
    both = world.execute("select family, derivatives > weighted_derivatives from marts.dim_families "
                         "where derivatives > 0 order by family")  # fmt: skip
    assert both == [("alpha", True), ("beta", True)]


def test_names_that_differ_only_in_case_are_two_repositories(world: World) -> None:
    """user/Case descends from alpha, user/case from beta; the child names the second."""
    assert world.families("user/Case") == {"alpha": 1.0}
    assert world.families("user/of-lower-case") == world.families("user/case") == {"beta": 1.0}


def test_a_renamed_parent_is_found_under_both_names(world: World) -> None:
    """beta/Base is beta/Base-v2 from day 3. On days 1 and 2 the new name belongs to nobody yet, so merge-2
    has one seen and one unseen parent, but its account is known: the weights are the same.
    """
    assert world.parents(3) == [("beta/Base", 2, 1)]
    assert ("beta/Base-v2", None, 2) in world.parents(16, 2)
    assert ("beta/Base-v2", 2, 2) in world.parents(16, 3)
    assert world.families("user/merge-2", 2) == {"alpha": 0.25, "beta": 0.75}


def test_a_re_created_name_points_to_the_new_repository_from_its_first_sight(world: World) -> None:
    """phoenix (key 21, alpha) is last seen on day 2; key 22 (beta) bears the name from day 5."""
    assert [world.parents(23, n)[0][1] for n in (1, 3, 5, 6)] == [21, 21, 22, 22]
    assert world.families("user/of-phoenix", 3) == {"alpha": 1.0}
    assert world.families("user/of-phoenix", 5) == {"beta": 1.0}


def test_tags_name_the_parent_where_base_models_are_missing(world: World) -> None:
    assert world.parents(24) == [("alpha/Main", 1, 1)]
    assert world.execute(
        "select relation_kind from intermediate.int_models__states where model_key = 24"
    ) == [("adapter",)]


def test_a_finetune_for_one_runtime_alone_is_a_conversion(world: World) -> None:
    assert world.execute("select relation_kind from marts.dim_models where repo_id = 'user/mlx-copy'") == [
        ("conversion",)
    ]


def test_a_lineage_deeper_than_six_steps_counts_no_more(world: World) -> None:
    for depth in range(1, 9):
        assert world.families(f"user/depth-{depth}") == ({"beta": 1.0} if depth <= 6 else {}), depth


def test_test_repositories_are_in_lineage_and_not_in_lineage_clean(world: World) -> None:
    assert world.families("ci/tiny") == {"alpha": 1.0}
    assert world.families("ci/tiny", definition="lineage_clean") == {}
    assert world.families("user/selfish", definition="lineage_clean") == {"alpha": 1.0}


def test_curated_counts_what_a_pattern_includes_and_none_excludes(world: World) -> None:
    assert world.families("alpha/Main", definition="curated") == {"alpha": 1.0}
    assert world.families("alpha/Small", definition="curated") == {}


def test_licence_drift_needs_a_known_class_of_every_parent(world: World) -> None:
    """two-licences is mit and llama3, so L2. more-open (L4) exceeds it; as-open (L2) does not; a child of a
    parent without a licence is not judged. beta/Base (mit) and alpha/Main (llama3) have no licensed rivals.
    """
    drift = world.execute("select repo_id, parent_licence_class, licence_class from marts.fct_licence_drift")
    assert drift == [("user/more-open", "L2", "L4")]
    assert world.execute("select repo_id from marts.dim_models where is_licence_drift") == [
        ("user/more-open",)
    ]


def test_a_relation_is_suspect_from_ten_times_the_parent_or_when_older(world: World) -> None:
    """alpha/Small has 1,000: 10,000 is suspect, 9,999 is not; too-early was created a day before it.
    cycle-younger and the twins are no rivals: 1,000 each. of-phoenix (1,000) has a parent with 20 since
    day 6, and was created before it.
    """
    suspects = world.execute("select repo_id from marts.dim_models where is_relation_suspect order by 1")
    assert suspects == [("user/of-phoenix",), ("user/ten-times",), ("user/too-early",)]


def test_figures_stand_with_and_without_suspect_relations(world: World) -> None:
    """Day 6, 30-day counters of 100 each but too-early's 5: alpha by lineage loses the 105 of two models."""
    found = world.execute(
        f"""
        select sum(downloads_30d), sum(downloads_30d_without_suspect) from marts.fct_derivatives_daily
        where activity_date = '{day(5)}' and family = 'alpha' and relation_kind = 'quantized'
        """
    )
    assert found == [(205.0, 100.0)]


def test_a_milestone_inside_a_gap_is_an_interval(world: World) -> None:
    """alpha by organisation is Main plus Small's 1,000: 190.001 M at first, so 100 M has no event; 198.001 M
    by 2 January and 204.001 M by 4 January, no snapshot between, so 200 M lies between; 300 M is one day.
    """
    assert world.execute(
        "select milestone, reached_after, reached_by, is_event, is_interpolated, is_by_scope_change "
        "from marts.fct_family_milestones where family = 'alpha' and definition = 'organisation' order by 1"
    ) == [
        (100 * MILLION, None, day(0), False, False, False),
        (200 * MILLION, day(2), day(4), True, True, False),
        (300 * MILLION, day(4), day(5), True, False, False),
    ]


def test_a_gap_is_spread_and_marked(world: World) -> None:
    """6 M between the snapshots of days 3 and 5: 3 M on each day, no stock on the day without a snapshot."""
    assert world.execute(
        f"""
        select activity_date, net_1d, is_interpolated, downloads_all_time
        from marts.fct_family_adoption_daily where family = 'alpha' and definition = 'curated'
            and activity_date between '{day(2)}' and '{day(5)}' order by 1
        """
    ) == [
        (day(2), 3.0 * MILLION, False, 198.0 * MILLION),
        (day(3), 3.0 * MILLION, True, None),
        (day(4), 3.0 * MILLION, False, 204.0 * MILLION),
        (day(5), 100.0 * MILLION, False, 304.0 * MILLION),
    ]


def test_models_that_are_gone_keep_their_last_count(world: World) -> None:
    """user/gone (beta) is last seen on day 2 with 700, and its 700 stay; the unknown count of
    user/uncounted adds nothing. New on day 5: phoenix with 10, born in view.
    """
    by_day = dict(
        world.execute(
            "select activity_date, downloads_all_time - scope_change - net_1d "
            "from marts.fct_family_adoption_daily where family = 'beta' and definition = 'lineage'"
        )
    )
    stocks = dict(
        world.execute(
            "select activity_date, downloads_all_time from marts.fct_family_adoption_daily "
            "where family = 'beta' and definition = 'lineage'"
        )
    )
    # Base, from-old-name, of-unseen, case, of-lower-case, depth 1-6: 11,000; merges 1/2 + 3/4 + 5/8;
    # of-unlicensed 1/2 of merge-1; gone 300, then 700
    assert stocks[day(0)] == 11_000 + 1_875 + 500 + 300
    assert stocks[day(1)] == stocks[day(2)] == 11_000 + 1_875 + 500 + 700
    # from day 5 of-phoenix descends from the new phoenix, which has 10
    assert stocks[day(4)] == stocks[day(2)] + 1_000 + 10
    assert by_day[day(1)] == stocks[day(0)]


def test_restated_has_no_jump_from_a_changed_membership(world: World) -> None:
    """By today's membership of-phoenix was always beta: 1,000 more than as of the day."""
    restated = world.execute(
        "select restated - downloads_all_time from marts.fct_family_adoption_daily "
        f"where family = 'beta' and definition = 'lineage' and activity_date in ('{day(2)}', '{day(5)}') "
        "order by activity_date"
    )
    assert restated == [(1000.0,), (0.0,)]


def test_organisation_and_lineage_count_every_model_once(world: World) -> None:
    whole = dict(world.execute("select snapshot_date, count(*) from raw.hub_model_counters group by all"))
    for definition in ("organisation", "lineage"):
        counted = world.execute(
            "select snapshot_date, sum(weighted_models) from intermediate.int_adoption_cube__daily "
            f"where definition = '{definition}' group by all"
        )
        assert dict(counted) == pytest.approx(whole), definition


def test_a_task_tells_language_models_from_embeddings_and_a_new_task_tells_nothing(world: World) -> None:
    kinds = dict(
        world.execute(
            "select repo_id, model_kind from marts.dim_models where repo_id in "
            "('alpha/Main', 'beta/Base-v2', 'user/ten-times', 'alpha/Small')"
        )
    )
    assert kinds == {
        "alpha/Main": "language_model", "user/ten-times": "text_embedding",
        "beta/Base-v2": "unknown", "alpha/Small": "unknown",
    }  # fmt: skip
    # 100 requests of 30 days each, the only one of its kind in its cube
    assert world.execute(
        "select model_kind, sum(downloads_30d) from intermediate.int_adoption_cube__daily "
        f"where definition = 'organisation' and activity_date = '{day(5)}' and model_kind <> 'unknown' "
        "group by model_kind order by model_kind"
    ) == [("language_model", 100), ("text_embedding", 100)]
    assert world.execute(
        "select subject, share from marts.fct_share_composition_daily where population = 'language_models' "
        f"and share_of = 'publisher_country' and measure = 'downloads_30d' and activity_date = '{day(5)}'"
    ) == [("China", 1)]


def test_country_shares_follow_the_publisher_and_the_base_model(world: World) -> None:
    """Only alpha/Main and alpha/Small are published from China; by base model derivatives count as well."""
    models = dict(
        world.execute(
            f"select country_of, models from marts.fct_country_adoption_daily "
            f"where country_group = 'China' and activity_date = '{day(5)}'"
        )
    )
    # Main, Small, both of the cycle, selfish, Case, tagged, ci/tiny, four copies of Small: 12; half-known
    # 1/2; merges 1/2 + 1/4 + 3/8, of-unlicensed 1/2
    assert models == {"publisher": 2.0, "base_model": 12 + 0.5 + 1.125 + 0.5}


def test_day_by_day_equals_all_at_once(world: World, tmp_path: Path) -> None:
    stepwise = _new_world(world.template, tmp_path)
    tables = [f"raw.hub_model_{kind}" for kind in ("cards", "lineage", "access", "weights")]
    for number in SNAPSHOTS:
        for table in (*tables, "raw.hub_models"):
            stepwise.execute(f"delete from {table}")
        _write_repos(stepwise)
        for table in tables:  # what is first seen later is not there yet
            stepwise.execute(f"delete from {table} where first_seen > ?", [day(number)])
        stepwise.load(number)
        stepwise.dbt("run", "--select", *FOR_TABLES, "--exclude", VIEWS)
    for table in TABLES:
        relation = NAMED.get(table, table)
        assert_equal(stepwise.rows(relation), world.rows(relation), table)


# --- properties over any input, on the compiled models ---

_CASES = settings(max_examples=40, deadline=None)
_EDGES = st.lists(
    st.tuples(st.integers(1, 8), st.lists(st.integers(1, 10), min_size=1, max_size=4), st.integers(1, 3)),
    max_size=16,
)


@pytest.fixture(scope="module")
def eight(template: Template, tmp_path_factory: pytest.TempPathFactory) -> World:
    """Eight repositories of the accounts a, b and c, which have families, and x, which has none."""
    world = World(tmp_path_factory.mktemp("eight"), template)
    world.keep_seeds()
    world.insert("seeds.growth_thresholds", threshold="lineage_max_depth", value=6)
    for account in "abc":
        world.insert("seeds.publishers", publisher=account, family=account)
    for key in range(1, 9):
        world.insert("raw.hub_models", model_key=key, hub_id=f"{key:024x}")
        world.insert("raw.hub_model_cards", model_key=key, first_seen=FIRST,
                     repo_id=f"{'abcx'[key % 4]}/{key}", publisher="abcx"[key % 4])  # fmt: skip
    return world


@_CASES
@given(edges=_EDGES, seed=st.integers(0, 1000))
def test_lineage_weights_of_a_model_never_exceed_one(
    eight: World, edges: list[tuple[int, list[int], int]], seed: int
) -> None:
    """Eight repositories and two names never seen, parents at random, changing over three days."""
    chance = random.Random(seed)
    for key in range(1, 9):
        created = datetime(2025, 1, chance.randint(1, 5))
        eight.execute("update raw.hub_models set created_at = ? where model_key = ?", [created, key])
    eight.execute("delete from raw.hub_model_lineage")
    for child, parents, number in {(child, number): (child, tuple(parents), number)
                                   for child, parents, number in edges}.values():  # fmt: skip
        names = [f"{'abcx'[parent % 4]}/{parent}" for parent in parents]
        eight.insert("raw.hub_model_lineage", model_key=child, first_seen=day(number),
                     base_relation="merge", base_models=names)  # fmt: skip
    eight.build("stg_hub__ends", "int_models__declared_parents", "int_models__parents",
                "int_models__states", "int_models__families")  # fmt: skip
    for number in (1, 2, 3):
        weights = eight.execute(
            "select definition, model_key, sum(weight), min(weight) from intermediate.int_models__families "
            "where valid_from <= $1 and coalesce(valid_to > $1, true) group by all",
            [day(number)],
        )
        assert all(total <= 1 + 1e-9 and least > 0 for _, _, total, least in weights)
        assert {row[1] for row in weights if row[0] == "organisation"} == {1, 2, 4, 5, 6, 8} | (
            {key for key in range(1, 9) if "abcx"[key % 4] != "x"}
        )


@_CASES
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["A0", "A1", "A2", "A3", "gated", "unknown"]),
            st.sampled_from(["L0", "L1", "L2", "L3", "L4"]),
            st.one_of(st.none(), st.integers(0, 10**9)),
        ),
        min_size=1,
        max_size=30,
    )
)
def test_cells_of_access_and_licence_sum_to_one(
    world: World, models: list[tuple[str, str, int | None]]
) -> None:
    with duckdb.connect() as connection:
        connection.execute("attach ':memory:' as warehouse; use warehouse")
        connection.execute("create schema staging; create schema intermediate")
        connection.execute(
            "create table staging.stg_hub__snapshots as select date '2026-01-02' as snapshot_date, "
            "'top' as scope, 'top-1-x' as scope_id"
        )
        connection.execute(
            "create table intermediate.int_adoption_cube__daily (snapshot_date date, activity_date date, "
            "definition varchar, access_class varchar, licence_class varchar, models bigint, "
            "downloads_30d double, listed_all_time bigint, net double)"
        )
        insert_rows(connection, "intermediate.int_adoption_cube__daily", [
            {"snapshot_date": date(2026, 1, 2), "activity_date": FIRST, "definition": "organisation",
             "access_class": access, "licence_class": licence, "models": 1, "downloads_30d": downloads}
            for access, licence, downloads in models
        ])  # fmt: skip
        cells = connection.execute(
            f"select sum(share_models), sum(share_downloads_30d), sum(models) "
            f"from ({world.sql('fct_openness_daily')})"
        ).fetchall()
    share_models, share_downloads, count = cells[0]
    assert share_models == pytest.approx(1) and count == len(models)
    if any(downloads for _, _, downloads in models):
        assert share_downloads == pytest.approx(1)
