"""Usable days and downloads per day, on small hand-made histories.

Belongs here: how a day is judged from its neighbours, and what that does to downloads and growth.
Does not belong here: the formulas of a single model (dbt unit tests) and build windows (test_sql_models).
"""

from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dagster_project.lib.seeds import tables as seeds
from tests.rows import assert_equal
from tests.worlds.warehouse import Template, Warehouse

FIRST = date(2026, 1, 1)
DAYS = ("stg_hub__ends", "int_snapshot_days__*", "fct_snapshot_days",
        "int_models__detailed", "int_model_downloads__daily", "fct_model_downloads_daily")  # fmt: skip
GROWTH = ("int_model_growth__daily",
          "fct_model_growth_daily", "fct_family_growth_daily")  # fmt: skip
BIG = 70_000  # 30-day downloads from which a model can show that the Hub stands still: 60,000
OLD = datetime(2024, 5, 1)
Counts = dict[int, int | None]


class History(Warehouse):
    """A warehouse whose days say what a test writes; thresholds as shipped."""

    loads = 0

    def describe(self, created: dict[int, datetime], library: str = "transformers") -> None:
        self.insert_rows("raw.hub_models", [
            {"model_key": key, "hub_id": f"{key:024x}", "created_at": moment}
            for key, moment in created.items()
        ])  # fmt: skip
        self.insert_rows("raw.hub_model_cards", [
            {"model_key": key, "first_seen": FIRST, "repo_id": f"maker/{key}", "publisher": "maker",
             "library_name": library, "tags": []}
            for key in created
        ])  # fmt: skip

    def snapshot(
        self, number: int, counts: Counts, downloads_30d: int = BIG, scope: str = "top", **values: Any
    ) -> None:
        """Load a day, in place of what it said before."""
        day = FIRST + timedelta(number - 1)
        self.loads += 1
        snapshot = {
            "snapshot_date": day, "scope": "top", "scope_id": scope, "lacks": [], "pages": 1,
            "row_count": len(counts), "is_complete": True, "is_accepted": True, "reasons": [],
            "provenance": "observed", "origin": "synthetic", "load_id": f"load-{self.loads}",
            "captured_at": datetime.combine(day, time(6)),
        } | values  # fmt: skip
        for table in ("hub_snapshots", "hub_model_counters"):
            self.execute(f"delete from raw.{table} where snapshot_date = ?", [day])
        self.insert("raw.hub_snapshots", **snapshot)
        if snapshot["is_accepted"]:
            self.execute(
                "insert into raw.hub_model_counters "
                "select ?, unnest(?), ?, unnest(cast(? as bigint[])), 1, 0.5",
                [day, list(counts), downloads_30d, list(counts.values())],
            )

    def judge(self, *more: str) -> None:
        """Every day by the SQL alone."""
        self.build(*DAYS, *more)

    def go_on(self, *more: str) -> None:
        """By dbt, from what it built before."""
        self.dbt("run", "--select", *DAYS, *more)

    def statuses(self) -> dict[int, tuple[str, bool]]:
        rows = self.execute("select snapshot_date, status, usable from marts.fct_snapshot_days")
        return {(day - FIRST).days + 1: (status, usable) for day, status, usable in rows}

    def unusable(self) -> dict[int, str]:
        return {day: status for day, (status, usable) in self.statuses().items() if not usable}

    def net(self, key: int) -> dict[int, float]:
        """Downloads of a model by number of the activity day: day 1 is what snapshot 2 adds."""
        rows = self.execute(
            "select activity_date, net from marts.fct_model_downloads_daily where hub_id = ?", [f"{key:024x}"]
        )
        return {(day - FIRST).days + 1: net for day, net in rows}


@pytest.fixture(scope="module")
def empty(template: Template, tmp_path_factory: pytest.TempPathFactory) -> History:
    """120 big models of 2024 and no day; only to be copied."""
    history = History(tmp_path_factory.mktemp("history"), template)
    history.keep_seeds(seeds.DAY_QUALITY_THRESHOLDS, seeds.GROWTH_THRESHOLDS)
    history.describe(dict.fromkeys(range(1, 121), OLD))
    return history


@pytest.fixture
def history(empty: History, tmp_path: Path) -> History:
    return empty.copied_to(tmp_path)


def steady(day: int, models: int = 120, per_day: int = 100) -> Counts:
    """Every model at 10,000 and 100 more each day."""
    return {key: 10_000 + per_day * day for key in range(1, models + 1)}


def test_a_missing_day_is_a_row_and_its_downloads_are_spread(history: History) -> None:
    """Snapshots 1-5 and 7-8. Snapshot 7 is 200 above snapshot 5: 100 on each of the days 5 and 6."""
    for day in (1, 2, 3, 4, 5, 7, 8):
        history.snapshot(day, steady(day))
    history.judge()
    assert history.unusable() == {6: "missing"}
    assert history.statuses()[1] == ("ok_unchecked", True) and history.statuses()[7] == ("ok", True)
    assert history.net(1) == dict.fromkeys(range(1, 8), 100.0)
    flags = history.execute("select distinct activity_date from marts.fct_model_downloads_daily "
                            "where is_interpolated order by all")  # fmt: skip
    assert flags == [(FIRST + timedelta(4),), (FIRST + timedelta(5),)]
    reasons = history.execute("select reason from marts.fct_snapshot_days where status = 'missing'")
    assert reasons == [("no snapshot was taken",)]


def test_values_that_cannot_be_are_told_and_those_of_the_newest_day_are_a_finding(history: History) -> None:
    said = ["likes: 2 (maker/a: -1, maker/b: -7)", "item: 1 (page 0, item 4: null)"]
    history.snapshot(1, steady(1), odd_values=["likes: 9"], odd_value_count=9, left_out=0)
    history.snapshot(2, steady(2))
    history.snapshot(3, steady(3), odd_values=said, odd_value_count=3, left_out=1)
    history.judge()
    told = (
        "select odd_values, left_out, odd_values_detail from marts.fct_snapshot_days order by snapshot_date"
    )
    newest = (3, 1, "; ".join(said))
    assert history.execute(told) == [(9, 0, "likes: 9"), (None, None, None), newest]
    finding = "a_value_that_cannot_be_is_a_finding"
    history.dbt("test", "--select", finding, "--store-failures")
    found = f"select odd_values, left_out, odd_values_detail from dbt_test__audit.{finding}"
    assert history.execute(found) == [newest]


def test_a_rejected_day_is_missing_and_says_why(history: History) -> None:
    for day in (1, 3):
        history.snapshot(day, steady(day))
    history.snapshot(2, steady(2), is_accepted=False, reasons=["rows fell by 40 %"])
    history.judge()
    assert history.execute(
        "select status, usable, accepted, rows, reason from marts.fct_snapshot_days where not usable"
    ) == [("missing", False, False, 120, "rejected: rows fell by 40 %")]


def test_weekly_archive_days_are_read_but_not_judged_and_a_gap_says_why(history: History) -> None:
    """Snapshots on days 1, 8 and 22, the archive has none on day 15; 100 a day, as if they were daily.

    Three totals lie within a week of day 8 at most: too few for a median. The two weeks before day 22 have
    1,400: 100 on each day, and every one of them says that it is spread.
    """
    for day in (1, 8, 22):
        history.snapshot(day, steady(day), provenance=f"archive:{day}", lacks=["access", "weights"])
    history.snapshot(15, {}, is_accepted=False, is_complete=None, row_count=None, provenance="archive",
                     reasons=["the archive has no revision of this day"])  # fmt: skip
    history.judge()
    statuses = history.statuses()
    assert {day: statuses[day] for day in (1, 8, 22)} == dict.fromkeys((1, 8, 22), ("ok_unchecked", True))
    assert {status for day, status in history.unusable().items()} == {"missing"}
    assert history.net(1) == dict.fromkeys(range(1, 22), 100.0)
    assert history.execute(
        "select distinct is_interpolated from marts.fct_model_downloads_daily where hub_id like '%1'"
    ) == [(True,)]
    reasons = dict(history.execute("select snapshot_date, reason from marts.fct_snapshot_days"))
    assert reasons[FIRST + timedelta(14)] == "the archive has no revision of this day"
    assert reasons[FIRST + timedelta(2)] == "no snapshot was taken"
    assert "too few" in reasons[FIRST + timedelta(7)]


def test_a_frozen_day_is_spread_with_its_catch_up(history: History) -> None:
    """On day 8 90 of 120 big models repeat day 7 (75 %), on day 9 all are where they should be.

    Day 8 then shows 30 × 100 of 12,000 a day (0.25), day 9 30 × 100 + 90 × 200 = 21,000 (1.75): the
    episode is days 8 and 9, and its last snapshot counts. Model 1 gained 200 from day 7 to 9: 100 a day.
    """
    for day in range(1, 16):
        counts = steady(day)
        if day == 8:
            counts |= dict.fromkeys(range(1, 91), steady(7)[1])
        history.snapshot(day, counts)
    history.judge()
    assert history.unusable() == {8: "frozen"}
    assert history.statuses()[9] == ("high", True)
    ratio, share, reason = history.execute(
        "select ratio, frozen_share, reason from marts.fct_snapshot_days where status = 'frozen'"
    )[0]
    assert (ratio, share) == (pytest.approx(0.25), pytest.approx(0.75))
    assert reason == "75.0 % of 120 big models unchanged since 2026-01-07"
    assert history.net(1) == dict.fromkeys(range(1, 15), 100.0)
    assert history.net(120) == dict.fromkeys(range(1, 15), 100.0)


def test_a_frozen_newest_day_waits_for_the_next(history: History) -> None:
    """Day 8 stands still and is the newest: what belongs to it is not known, so nothing is said of day 7.

    A day later the next day is there and closes the episode.
    """
    for day in range(1, 8):
        history.snapshot(day, steady(day))
    history.snapshot(8, steady(7))
    history.go_on()
    assert history.unusable() == {8: "frozen"}
    assert max(history.net(1)) == 6
    history.snapshot(9, steady(9))
    history.go_on()
    assert history.unusable() == {8: "frozen"}
    assert history.net(1) == dict.fromkeys(range(1, 9), 100.0)


def test_a_low_day_made_up_the_next_day_is_one_episode(history: History) -> None:
    """Day 8 adds 50 per model (0.5 of a normal day), day 9 adds 150 (1.5): together two normal days.

    Not below 0.3, so only its neighbour tells that day 8 is low. The two days have 200: 100 each.
    """
    for day in range(1, 16):
        history.snapshot(day, {key: n - 50 * (day == 8) for key, n in steady(day).items()})
    history.judge()
    assert history.unusable() == {8: "low"}
    assert history.statuses()[9] == ("high", True)
    assert history.net(1) == dict.fromkeys(range(1, 15), 100.0)


def test_a_quiet_day_that_nobody_makes_up_is_kept(history: History) -> None:
    """Day 8 adds 50 and the days after 100 as ever: half a day's downloads is what it was."""
    for day in range(1, 16):
        history.snapshot(day, {key: n - 50 * (day >= 8) for key, n in steady(day).items()})
    history.judge()
    assert history.unusable() == {}
    assert history.net(1)[7] == 50.0


def test_a_pair_is_judged_by_its_sum(history: History) -> None:
    """As on the real archive of 2026: 0.526 of a normal day, 1.274 the next day, below the 1.3 of a high day.

    Model 1 has 180 on both days together: 90 each, where it had 52.6 and 127.4 (45 % too few, 48 % too many).
    """
    for day in range(1, 16):
        history.snapshot(day, {key: 10 * n - (474 * (day == 8) + 200 * (day > 8))
                               for key, n in steady(day).items()})  # fmt: skip
    history.judge()
    assert history.unusable() == {8: "low"}
    assert history.statuses()[9] == ("ok", True)
    assert history.execute(
        "select round(ratio, 3) from marts.fct_snapshot_days where status = 'low' or snapshot_date = ?",
        [FIRST + timedelta(8)],
    ) == [(0.526,), (1.274,)]
    assert history.net(1) == dict.fromkeys(range(1, 15), 1000.0) | {7: 900.0, 8: 900.0}


def test_days_booked_a_day_early_are_a_pair_too(history: History) -> None:
    """Day 8 has 140 per model and day 9 has 60. The counter of day 9 is right again, so that day counts."""
    for day in range(1, 16):
        history.snapshot(day, {key: n + 40 * (day == 8) for key, n in steady(day).items()})
    history.judge()
    assert history.unusable() == {8: "high"}
    assert history.statuses()[9] == ("low", True)
    assert history.net(1) == dict.fromkeys(range(1, 15), 100.0)
    reasons = dict(history.execute("select snapshot_date, reason from marts.fct_snapshot_days"))
    assert reasons[FIRST + timedelta(7)] == (
        "140.0 % of a normal day; inside the episode from 2026-01-08 to 2026-01-09"
    )


def test_where_days_differ_by_as_much_anyway_two_of_them_are_no_pair(history: History) -> None:
    """Days have 115, 100 and 85 per model in turn, and day 8 has 65: 115 on day 7 is nothing unusual."""
    added = [115, 100, 85] * 5
    added[7] = 65
    for day in range(1, 16):
        history.snapshot(day, dict.fromkeys(range(1, 121), 10_000 + sum(added[:day])))
    history.judge()
    assert history.unusable() == {}


def test_a_catch_up_may_come_days_after(history: History) -> None:
    """Day 8 has 10 per model, days 9 and 10 have 100, day 11 has 190: days 8 to 11 are one episode."""
    for day in range(1, 16):
        history.snapshot(day, {key: n - 90 * (8 <= day <= 10) for key, n in steady(day).items()})
    history.judge()
    assert set(history.unusable()) == {8, 9, 10}
    assert history.net(1) == dict.fromkeys(range(1, 15), 100.0)


def test_a_rollback_is_held_until_it_is_made_up(history: History) -> None:
    """12 of 120 models (10 %) fall by 500 on day 8, keep 400 below day 7 on day 9, and are back on day 10.

    The shortfall against day 7 starts at 12 × 500 - it is 12 × 400 on day 9 (80 %) and 0 on day 10, so days 8
    and 9 are held. Model 1 gained 300 from day 7 to day 10: 100 on each of three days, no correction.
    """
    for day in range(1, 16):
        counts = steady(day)
        if day in (8, 9):
            counts |= {key: 10_700 - (500 if day == 8 else 400) for key in range(1, 13)}
        history.snapshot(day, counts)
    history.judge()
    assert history.unusable() == {8: "rollback", 9: "rollback"}
    assert history.statuses()[10] == ("ok", True)
    assert history.net(1) == pytest.approx(dict.fromkeys(range(1, 15), 100.0))
    assert history.execute("select sum(correction) from marts.fct_model_downloads_daily") == [(0.0,)]
    assert history.execute(
        "select shortfall_share from marts.fct_snapshot_days where status = 'rollback' order by snapshot_date"
    ) == [(1.0,), (pytest.approx(0.8),)]


def test_a_rollback_ends_with_its_catch_up(history: History) -> None:
    """12 of 120 models fall by 500 on day 8. On day 9 they are above day 7 again, but 60 short.

    Against day 7 nothing is missing then, so the hold ends. All others book half of day 9 a day late, too:
    day 10 has 1.5 normal days and more, and the downloads of days 7 to 9 are those of its counter.
    """
    for day in range(1, 16):
        counts = steady(day)
        if day == 8:
            counts |= dict.fromkeys(range(1, 13), 10_200)
        if day == 9:
            counts = {key: n - (60 if key <= 12 else 50) for key, n in counts.items()}
        history.snapshot(day, counts)
    history.judge()
    assert history.unusable() == {8: "rollback", 9: "ok"}
    assert history.net(1) == pytest.approx(dict.fromkeys(range(1, 15), 100.0))


def test_a_fall_that_stays_is_a_lasting_correction(history: History) -> None:
    """12 of 120 models lose 5,000 on day 8 for good. Eight days of waiting (8 to 15) end with day 16.

    Until then the days are held; from then on all count, and day 7 has the correction 100 - 5,000.
    """
    for day in range(1, 16):
        history.snapshot(day, {k: n - 5_000 * (day >= 8 and k <= 12) for k, n in steady(day).items()})
    history.go_on()
    assert history.unusable() == dict.fromkeys(range(8, 16), "rollback")
    assert max(history.net(1)) == 6
    history.snapshot(16, {k: n - 5_000 * (k <= 12) for k, n in steady(16).items()})
    history.go_on()
    assert history.unusable() == {}
    assert history.statuses()[8] == ("rollback", True)
    assert history.net(1) == dict.fromkeys(range(1, 16), 100.0) | {7: -4_900.0}
    assert history.net(13) == dict.fromkeys(range(1, 16), 100.0)


def test_a_day_judged_anew_a_week_later_restates_its_downloads(history: History) -> None:
    """On day 5 there are four totals, too few for a median: 10 per model stand. Later days show it was low.

    Day 5 adds 10 and day 6 adds 190: the week that comes after finds day 5 low (0.1 of a normal day) and 6
    its catch-up, so both days get 100. Day 5 was not loaded again.
    """
    for day in range(1, 6):
        history.snapshot(day, {key: n - 90 * (day == 5) for key, n in steady(day).items()})
    history.go_on()
    assert history.statuses()[5] == ("ok_unchecked", True)
    assert history.net(1)[4] == 10.0
    for day in range(6, 13):
        history.snapshot(day, steady(day))
    history.go_on()
    assert history.unusable() == {5: "low"}
    assert history.net(1) == dict.fromkeys(range(1, 12), 100.0)


def test_a_source_without_the_cumulative_counter_is_told_apart(history: History) -> None:
    """Only 30-day counters: day 4 repeats all of day 3 (frozen), day 6 has 70 % of the rows (partial)."""
    for day in (1, 2, 3, 4, 5, 7):
        history.snapshot(
            day, dict.fromkeys(range(1, 121)), downloads_30d=BIG + min(day, 3 if day < 5 else day)
        )
    history.snapshot(6, dict.fromkeys(range(1, 85)), downloads_30d=BIG + 60)
    history.judge()
    assert {day: status for day, (status, _) in history.statuses().items()} == {
        1: "no_counter", 2: "no_counter", 3: "no_counter", 4: "frozen", 5: "no_counter", 6: "partial",
        7: "no_counter",
    }  # fmt: skip
    assert history.unusable() == {4: "frozen", 6: "partial"}
    assert history.execute("select count(*) from marts.fct_model_downloads_daily") == [(0,)]


@pytest.mark.parametrize(
    ("rows", "partial"),
    [
        ([138, 138, 138] + [100] * 10, []),  # three large files at first condemn nobody
        ([100] * 6 + [138] + [100] * 6, []),  # nor does one among ordinary ones
        ([100] * 3 + [138] * 10, []),
        ([100] * 6 + [80] + [100] * 6, [7]),
        ([100] * 12 + [80], [13]),  # the newest day has only days before it
        ([100] * 2 + [80] + [100] * 10, [3]),
    ],
)
def test_a_day_is_partial_by_the_median_of_the_days_around(
    history: History, rows: list[int], partial: list[int]
) -> None:
    history.describe(dict.fromkeys(range(121, 139), OLD))
    for day, count in enumerate(rows, 1):
        history.snapshot(day, dict.fromkeys(range(1, count + 1)), downloads_30d=BIG + day)
    history.judge()
    assert history.unusable() == dict.fromkeys(partial, "partial")


@pytest.mark.parametrize("has_counter", [True, False])
def test_a_30_day_counter_that_lacks_two_weeks_is_a_finding(history: History, has_counter: bool) -> None:
    """As reported in public (huggingface/hub-docs#154): for two days every model has half its downloads.

    The cumulative counters go on, so downloads a day are what they were.
    """
    for day in range(1, 10):
        counts = steady(day) if has_counter else dict.fromkeys(steady(day))
        history.snapshot(day, counts, downloads_30d=(BIG + 10 * day) // (1 + (day in (4, 5) or day > 7)))
    history.judge()
    told = history.execute(
        "select snapshot_date, usable, reason from marts.fct_snapshot_days where is_30d_short order by 1"
    )
    assert [(day, usable) for day, usable, _ in told] == [(FIRST + timedelta(n), True) for n in (3, 4, 7, 8)]
    said = "most 30-day counters fell by a quarter or more at once and have not risen since: days are missing"
    assert all(said in reason for *_, reason in told)
    finding = "thirty_day_counters_that_lack_days_are_a_finding"
    history.dbt("test", "--select", finding, "--store-failures")
    found = history.execute(f"select snapshot_date from dbt_test__audit.{finding}")
    assert found == [(FIRST + timedelta(8),)]
    if has_counter:
        assert history.net(1) == dict.fromkeys(range(1, 9), 100.0)


def test_totals_of_panels_a_quarter_apart_are_not_compared(history: History) -> None:
    """From day 8 the listing holds 60 of its 120 models under another number of 30-day downloads.

    Day 8 would be half a normal day by its total; but its panel has half the 30-day downloads, and of such
    days there is only itself: too few for a median. The listing stays whole by rows, for 60 new ones come.
    """
    history.describe(dict.fromkeys(range(121, 181), OLD))
    for day in range(1, 10):
        keys = range(1, 121) if day < 8 else range(61, 181)
        history.snapshot(day, {key: 10_000 + 100 * day for key in keys})
    history.judge()
    found = {day: status for day, (status, _) in history.statuses().items()}
    assert found[7] == "ok" and found[8] == "ok_unchecked" and found[9] == "ok"
    difference = history.execute(
        "select panel_difference from marts.fct_snapshot_days where snapshot_date = date '2026-01-08'"
    )[0][0]
    assert difference == pytest.approx(-0.5)


def test_only_snapshots_of_one_scope_are_compared(history: History) -> None:
    """A census every fourth day lists twice the rows: neither it nor the day after is high or partial."""
    for day in range(1, 13):
        census = day % 4 == 0
        history.snapshot(day, steady(day, 120 if census else 60), scope="census" if census else "top")
    history.judge()
    assert history.unusable() == {}
    assert history.net(100) == dict.fromkeys(range(4, 12), 100.0)


def test_a_model_born_in_a_gap_starts_at_its_creation(history: History) -> None:
    """Snapshots 1 and 5. Model 121 is created on day 4 at noon and has 90 on day 5; model 122 is of 2024.

    121 begins with the count of day 3, which a snapshot of the 4th would have shown as 0: 45 on days 3 and 4.
    122 was never seen before: no row. Snapshot 6 adds 10 to both.
    """
    born = FIRST + timedelta(3, hours=12)
    for key, created in ((121, born), (122, OLD)):
        history.insert("raw.hub_models", model_key=key, hub_id=f"{key:024x}", created_at=created)
    history.snapshot(1, steady(1))
    history.snapshot(5, steady(5) | {121: 90, 122: 5_000})
    history.snapshot(6, steady(6) | {121: 100, 122: 5_010})
    history.judge()
    assert history.net(121) == {3: 45.0, 4: 45.0, 5: 10.0}
    assert history.net(122) == {5: 10.0}
    assert history.execute(
        "select is_birth, is_interpolated, count(*) from marts.fct_model_downloads_daily "
        "where hub_id = ? group by all order by all", [f"{121:024x}"]
    ) == [(False, False, 1), (True, True, 2)]  # fmt: skip


def test_a_counter_that_is_null_is_no_observation(history: History) -> None:
    """Model 1 has no counter on days 3 and 4: 300 from day 2 to day 5 are 100 a day; a NULL is never a 0."""
    for day in range(1, 8):
        history.snapshot(day, steady(day) | ({1: None} if day in (3, 4) else {}))
    history.judge()
    assert history.unusable() == {}
    assert history.net(1) == dict.fromkeys(range(1, 7), 100.0)


def test_an_archive_that_writes_0_for_null_takes_nothing_back(history: History) -> None:
    """Day 4 is of an archive that knows 30-day counts alone and writes 0 for the others: no model fell.

    Day 3 has 10,300 and day 5 has 10,500: 100 on each of the days 3 and 4. An observed 0 of model 1 on day 6,
    though, is what the Hub said: 10,500 are taken back on day 5, and come back on day 6 with 10,700.
    """
    for day in (1, 2, 3, 5, 6, 7):
        history.snapshot(day, steady(day) | ({1: 0} if day == 6 else {}))
    history.snapshot(4, dict.fromkeys(steady(4), 0), provenance="archive:0f3a")
    history.judge()
    assert {day: status for day, (status, _) in history.statuses().items() if status == "rollback"} == {}
    assert history.net(2) == dict.fromkeys(range(1, 7), 100.0)
    assert history.net(1) == dict.fromkeys(range(1, 5), 100.0) | {5: -10_500.0, 6: 10_700.0}


def test_the_last_ten_days_are_provisional(history: History) -> None:
    for day in range(1, 13):
        history.snapshot(day, steady(day))
    history.judge()
    rows = history.execute(
        "select snapshot_date from marts.fct_snapshot_days where is_provisional order by 1"
    )
    assert [(day - FIRST).days + 1 for (day,) in rows] == list(range(3, 13))


def test_growth_stops_at_a_counting_rule_for_the_models_it_concerns(history: History) -> None:
    """A rule for diffusers from 2026-01-30 on (activity day 30); model 1 is of diffusers, 119 others are not.

    Snapshot 31 is about day 30. Its windows of 14 and 28 days reach back across the 30th: NULL for model 1,
    0 for the others, as every day has 100. The publisher has 1/120 of its base under the rule, less than 5 %:
    0 as well. With 12 of 120 models (10 %) under the rule the publisher is not comparable either.
    """
    history.execute("insert into seeds.counting_rule_changes values "
                    "('r', '2026-01-30', 'day', 'library', 'diffusers', 'test', 'test')")  # fmt: skip
    history.execute("update raw.hub_model_cards set library_name = 'diffusers' where model_key = 1")
    for day in range(1, 32):
        history.snapshot(day, steady(day))
    history.judge(*GROWTH)
    newest = "where snapshot_date = date '2026-01-31'"
    figures = "growth_wow, growth_7d_vs_prior_21d"
    models = f"select distinct {figures} from marts.fct_model_growth_daily {newest} and repo_id"
    group = f"select {figures} from marts.fct_family_growth_daily {newest} and kind = 'publisher'"
    assert history.execute(f"{models} = 'maker/1'") == [(None, None)]
    assert history.execute(f"{models} <> 'maker/1'") == [(pytest.approx(0), pytest.approx(0))]
    assert history.execute(group) == [(pytest.approx(0), pytest.approx(0))]
    history.execute("update raw.hub_model_cards set tags = ['diffusers'] where model_key <= 12")
    history.judge(*GROWTH)
    assert history.execute(group) == [(None, None)]
    before = history.execute(
        "select growth_wow from marts.fct_model_growth_daily "
        "where repo_id = 'maker/1' and snapshot_date = date '2026-01-30'"
    )
    assert before == [(pytest.approx(0),)]


@pytest.mark.parametrize(("lacking", "is_group_marked"), [(1, False), (12, True)])
def test_the_flag_of_interpolated_ends_is_about_weeks_and_about_those_models(
    history: History, lacking: int, is_group_marked: bool
) -> None:
    """Once a week up to day 60, then daily. 90 days before day 95 is a day from a snapshot, for all models.

    That day is a ninetieth of the window and marks nobody. Some models lack a counter on day 88, the end of
    their last 7 days: a day in seven is an even share. 1 of 120 marks no publisher, 12 (10 %) do.
    """
    for day in (*range(4, 61, 7), *range(61, 96)):
        lack = dict.fromkeys(range(1, lacking + 1)) if day == 88 else {}
        history.snapshot(day, steady(day) | lack)
    history.judge(*GROWTH)
    newest = "where snapshot_date = date '2026-04-05'"
    marked = history.execute(
        "select count(*) filter (is_edge_interpolated), count(net_90d) "
        f"from marts.fct_model_growth_daily {newest}"
    )
    assert marked == [(lacking, 120)]
    group = f"select is_edge_interpolated from marts.fct_family_growth_daily {newest} and kind = 'publisher'"
    assert history.execute(group) == [(is_group_marked,)]


def test_a_group_compares_only_models_with_both_windows(history: History) -> None:
    """20 models all 15 days; from day 10 on the other 100, old ones, come into the listing.

    The newcomers have 5 days: no 7 days to compare. 20 × 700 against 20 × 700 is no growth.
    """
    for day in range(1, 17):
        history.snapshot(day, steady(day, 20 if day < 10 else 120))
    history.judge(*GROWTH)
    rows = history.execute(
        "select models, net_1d, net_7d, growth_wow from marts.fct_family_growth_daily "
        "where kind = 'publisher' and snapshot_date = date '2026-01-15'"
    )
    assert rows == [(120, 12_000.0, 14_000.0, pytest.approx(0))]


@st.composite
def _histories(draw: st.DrawFn) -> list[tuple[int, dict[int, int | None]]]:
    """Loads in any order, days loaded again, models absent, counters NULL or fallen."""
    days = draw(st.lists(st.integers(1, 14), min_size=6, max_size=14))
    count = st.one_of(st.none(), st.integers(0, 3_000))
    return [(day, draw(st.dictionaries(st.integers(1, 8), count, min_size=4))) for day in days]


_HISTORIES = settings(
    deadline=None, derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip


@settings(_HISTORIES, max_examples=2)
@given(loads=_histories())
def test_net_sums_to_last_less_first_and_increments_equal_a_full_refresh(
    loads: list[tuple[int, Counts]], empty: History, tmp_path_factory: pytest.TempPathFactory
) -> None:
    _assert_of_a_history(loads, empty.copied_to(tmp_path_factory.mktemp("example")))


@pytest.mark.slow
@settings(_HISTORIES, max_examples=20)
@given(loads=_histories())
def test_so_it_is_in_many_histories(
    loads: list[tuple[int, Counts]], empty: History, tmp_path_factory: pytest.TempPathFactory
) -> None:
    _assert_of_a_history(loads, empty.copied_to(tmp_path_factory.mktemp("example")))


def _assert_of_a_history(loads: list[tuple[int, Counts]], history: History) -> None:
    # models 7 and 8 are born in view if the first day is before the fifth
    history.execute("update raw.hub_models set created_at = ? where model_key in (7, 8)",
                    [FIRST + timedelta(4, hours=12)])  # fmt: skip
    half = len(loads) // 2
    for day, counts in loads[:half]:
        history.snapshot(day, counts)
    history.go_on(*GROWTH)
    for day, counts in loads[half:]:
        history.snapshot(day, counts)
    history.go_on(*GROWTH)
    names = ("marts.fct_snapshot_days", "intermediate.int_model_downloads__daily",
             "marts.fct_model_growth_daily", "marts.fct_family_growth_daily")  # fmt: skip
    built = [history.rows(name) for name in names]
    _assert_nothing_lost(history)
    history.go_on(*GROWTH, "--full-refresh")
    for name, rows in zip(names, built, strict=True):
        assert_equal(history.rows(name), rows, name)


def _assert_nothing_lost(history: History) -> None:
    sums = history.execute(
        """
        with usable as (
            select c.model_key, c.snapshot_date, c.downloads_all_time
            from raw.hub_model_counters as c
            inner join marts.fct_snapshot_days as d on c.snapshot_date = d.snapshot_date
            where d.usable and d.status <> 'no_counter' and c.downloads_all_time is not null
        ),
        expected as (
            select
                u.model_key,
                arg_max(u.downloads_all_time, u.snapshot_date) as last_count,
                arg_min(u.downloads_all_time, u.snapshot_date) as first_count
            from usable as u
            group by u.model_key
        ),
        found as (
            select h.model_key, sum(f.net) as net, max(f.is_birth) as is_born
            from raw.hub_models as h
            inner join marts.fct_model_downloads_daily as f on h.hub_id = f.hub_id
            group by h.model_key
        )
        select
            e.last_count - case when coalesce(f.is_born, false) then 0 else e.first_count end,
            coalesce(f.net, 0)
        from expected as e
        left join found as f on e.model_key = f.model_key
        """
    )
    for expected, net in sums:
        assert net == pytest.approx(expected, rel=1e-9, abs=1e-6)
