"""A weekly census among daily tops: what the marts say of days that show different models.

Belongs here: that a model which only the census shows is neither growth nor loss on the days of a top, and
which figures are of which scope. Does not belong here: the crawl of a census (faults/test_census).
"""

from datetime import date, datetime, time, timedelta
from pathlib import Path

import pytest

from dagster_project.lib.seeds import tables as seeds
from tests.rows import assert_equal
from tests.worlds.warehouse import VIEWS, Template, Warehouse

FIRST = date(2026, 1, 1)
OLD = datetime(2024, 5, 1)
BIG, SMALL, LATE = 1, 2, 3
CENSUS_DAYS = (1, 8, 15, 22)
# the small one is in no top, and is deleted after the first two censuses; the late one was created on day 4
BUILT = ("+fct_family_adoption_daily", "+fct_openness_groups_daily", "+fct_country_adoption_daily",
         "+fct_model_growth_daily", "+fct_model_downloads_daily", "+fct_concentration_daily",
         "+dim_models", "+dim_families")  # fmt: skip


def counts(day: int) -> dict[int, int]:
    """Every model gains 100 a day: big from 10,000, small from 5,000, late from 0 at its creation."""
    listed = {BIG: 10_000 + 100 * day}
    if day in CENSUS_DAYS:
        if day <= 8:
            listed[SMALL] = 5_000 + 100 * day
        if day > 4:
            listed[LATE] = 100 * (day - 4)
    return listed


class Weekly(Warehouse):
    """A census on days 1, 8, 15 and 22, a top of one model on the others."""

    def describe(self) -> None:
        for key, created, tags in (
            (BIG, OLD, ["safetensors", "license:mit"]),
            (SMALL, OLD, ["safetensors"]),
            (LATE, datetime(2026, 1, 4, 12), ["safetensors"]),
        ):
            seen = FIRST + timedelta(7 if key == LATE else 0)
            self.insert("raw.hub_models", model_key=key, hub_id=f"{key:024x}", created_at=created)
            self.insert("raw.hub_model_cards", model_key=key, first_seen=seen, repo_id=f"maker/{key}",
                        publisher="maker", tags=tags)  # fmt: skip
            self.insert("raw.hub_model_access", model_key=key, first_seen=seen, gated="false")
        self.insert("seeds.publishers", publisher="maker", family="fam", country="CN", follow_all=False,
                    source="test")  # fmt: skip
        self.insert("seeds.licences", licence_id="mit", licence_class="L4", source="test")
        self.execute(
            "update seeds.day_quality_thresholds set value = 0 where threshold = 'partial_rows_share'"
        )

    def snapshot(self, number: int) -> None:
        day, scope = FIRST + timedelta(number - 1), "census" if number in CENSUS_DAYS else "top"
        listed = counts(number)
        self.insert(
            "raw.hub_snapshots", snapshot_date=day, scope=scope, scope_id=scope, lacks=[],
            row_count=len(listed), is_complete=True, is_accepted=True, provenance="observed",
            origin="synthetic", captured_at=datetime.combine(day, time(6)), load_id=f"load-{number}",
        )  # fmt: skip
        for key, count in listed.items():
            self.insert("raw.hub_model_counters", snapshot_date=day, model_key=key, likes=1,
                        downloads_30d=3_000 if key == BIG else 1_000, downloads_all_time=count)  # fmt: skip


@pytest.fixture(scope="module")
def weekly(template: Template, tmp_path_factory: pytest.TempPathFactory) -> Weekly:
    """Built on day 7, day by day to day 10, and on day 22; only to be read, or to be copied."""
    warehouse = Weekly(tmp_path_factory.mktemp("weekly"), template)
    warehouse.keep_seeds(seeds.DAY_QUALITY_THRESHOLDS, seeds.GROWTH_THRESHOLDS)
    warehouse.describe()
    for number in range(1, 23):
        warehouse.snapshot(number)
        if number in (7, 8, 9, 22):
            warehouse.dbt("run", "--select", *BUILT, "--exclude", VIEWS)
    return warehouse


def activity(number: int) -> date:
    return FIRST + timedelta(number - 1)


def net(weekly: Weekly, key: int) -> dict[int, tuple[float, bool]]:
    rows = weekly.execute(
        "select activity_date, net, is_interpolated from marts.fct_model_downloads_daily where hub_id = ?",
        [f"{key:024x}"],
    )
    return {(day - FIRST).days + 1: (downloads, interpolated) for day, downloads, interpolated in rows}


def test_what_only_the_census_shows_is_spread_over_its_week(weekly: Weekly) -> None:
    """Small: 5,100 on day 1 and 5,800 on day 8, so 100 on each of the days 1 to 7, then nothing more:
    it is absent from tops, which is no loss. Late: 400 on day 8 from 0 on day 3 (the last snapshot that
    cannot show it), 80 on each of the days 3 to 7; 100 a day to the next censuses."""
    assert net(weekly, BIG) == {day: (100.0, False) for day in range(1, 22)}
    assert net(weekly, SMALL) == {day: (100.0, True) for day in range(1, 8)}
    assert net(weekly, LATE) == {day: (80.0 if day < 8 else 100.0, True) for day in range(3, 22)}


def test_no_day_of_a_top_loses_what_it_does_not_list_and_no_census_gains_it(weekly: Weekly) -> None:
    """The family's total carries the small model's last count, and moves by requests alone."""
    rows = weekly.execute(
        "select activity_date, scope, downloads_all_time, scope_change, models "
        "from marts.fct_family_adoption_daily where definition = 'organisation' order by all"
    )
    totals = {(day - FIRST).days + 2: (scope, total, models) for day, scope, total, _, models in rows}
    assert totals[1] == ("census", 10_100 + 5_100, 2)
    assert totals[7] == ("top", 10_700 + 5_100, 1)
    assert totals[8] == ("census", 10_800 + 5_800 + 400, 3)
    assert totals[9] == ("top", 10_900 + 5_800 + 400, 1)
    assert totals[22] == ("census", 12_200 + 5_800 + 1_800, 2)
    assert [change for *_, change, _ in rows] == [None] + [0.0] * 21


def test_shares_are_of_one_scope(weekly: Weekly) -> None:
    """Of a top's day 100 % is the big one's, also after a census has filled in the others; of the day of
    the second census, day 7: 100 of 100 + 100 + 80."""
    rows = weekly.execute(
        "select activity_date, scope, net_1d, share_net_1d, share_downloads_30d "
        "from marts.fct_openness_groups_daily where openness_group = 'unknown' and relations = 'all'"
    )
    unknown = {(day - FIRST).days + 1: row for day, *row in rows}
    assert unknown[5] == ["top", None, None, None], "a top lists none; what a census adds later is not its"
    assert unknown[7] == ["census", 180.0, pytest.approx(180 / 280), pytest.approx(2_000 / 5_000)]
    china = weekly.execute(
        "select activity_date, net_1d, share_net_1d from marts.fct_country_adoption_daily "
        "where country_of = 'publisher' and activity_date in (?, ?) order by all",
        [activity(5), activity(7)],
    )
    assert china == [(activity(5), 100.0, 1.0), (activity(7), 280.0, 1.0)]


def test_ranks_are_compared_within_a_scope_and_growth_within_models(weekly: Weekly) -> None:
    """Day 15 and day 8 are both censuses; a week before day 16 there was a top. Net of 7 days is 700."""
    growth = dict(
        (row[0], row[1:])
        for row in weekly.execute(
            "select snapshot_date, rank_change_7d, net_7d from marts.fct_model_growth_daily where hub_id = ?",
            [f"{BIG:024x}"],
        )
    )
    assert growth[activity(15)] == (0, 700.0)
    assert growth[activity(14)] == (0, 700.0), "two tops"
    assert growth[activity(22)] == (0, 700.0)
    assert growth[activity(8)] == (0, 700.0)


def test_gone_is_absent_from_three_censuses(weekly: Weekly) -> None:
    """Small was seen last on day 8: absent on days 15 and 22, which is two, and from 13 tops, which
    says nothing; after the census of day 29 it is gone."""
    query = "select hub_id, is_listed, absent_censuses, is_gone from marts.dim_models order by all"
    assert weekly.execute(query) == [
        (f"{BIG:024x}", True, 0, False),
        (f"{SMALL:024x}", False, 2, False),
        (f"{LATE:024x}", True, 0, False),
    ]


def test_the_newest_figures_of_a_family_are_of_the_census_of_its_week(weekly: Weekly) -> None:
    rows = weekly.execute("select models_organisation, downloads_30d_organisation from marts.dim_families")
    assert rows == [(2, 4_000.0)]


def test_day_by_day_equals_a_full_refresh(weekly: Weekly, tmp_path: Path) -> None:
    names = ("intermediate.int_adoption_cube__daily", "intermediate.int_snapshot_days__departures",
             "intermediate.int_model_downloads__daily", "marts.fct_family_adoption_daily",
             "marts.fct_model_growth_daily", "marts.fct_openness_groups_daily",
             "marts.dim_models")  # fmt: skip
    anew = weekly.copied_to(tmp_path)
    anew.build(*BUILT)
    for name in names:
        assert anew.rows(name), name
        assert_equal(weekly.rows(name), anew.rows(name), name)


def test_after_a_third_census_without_it_a_model_is_gone(weekly: Weekly, tmp_path: Path) -> None:
    later = weekly.copied_to(tmp_path)
    later.execute(
        "insert into raw.hub_snapshots by name select date '2026-01-29' as snapshot_date, 'load-29' as "
        "load_id, * exclude (snapshot_date, load_id) from raw.hub_snapshots "
        "where snapshot_date = date '2026-01-22'"
    )
    later.execute(
        "insert into raw.hub_model_counters select date '2026-01-29', * exclude (snapshot_date) "
        "from raw.hub_model_counters where snapshot_date = date '2026-01-22'"
    )
    later.build("+dim_models")
    gone = later.execute("select hub_id, absent_censuses from marts.dim_models where is_gone")
    assert gone == [(f"{SMALL:024x}", 3)]
