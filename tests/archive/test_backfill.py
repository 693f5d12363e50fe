"""Days of the archive, from the embedded one over HTTP: what is fetched and said, and what can go wrong."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from dagster_project.lib.archive import backfill as backfilling
from dagster_project.lib.archive.backfill import BackfillError, Done, backfill, days_between
from dagster_project.lib.archive.client import ArchiveError, open_archive
from dagster_project.lib.hub.client import HubUnreachable
from dagster_project.lib.hub.crawl import crawl
from dagster_project.lib.hub.load_day import load_crawl
from dagster_project.lib.restore.rebuild import rebuild, up_to_date
from dagster_project.lib.settings import Settings
from dagster_project.synthetic.archive import RESOLVE_PATH, STORE_PATH
from dagster_project.synthetic.server import Upstream
from tests.heard import heard
from tests.landed import query, state

WEEKS = days_between(date(2025, 8, 20), date(2025, 9, 17), 7)  # the third is a gap
DAY = date(2025, 7, 2)


@pytest.fixture(scope="module")
def shared() -> Iterator[Upstream]:
    with Upstream(models=600) as running:
        yield running


@pytest.fixture
def hub(shared: Upstream) -> Iterator[Upstream]:
    shared.faults.clear()
    shared.clear_log()
    shared.set_now(datetime(2026, 1, 14, 6, tzinfo=UTC))
    yield shared
    shared.archive.spoilt.clear()
    shared.archive.is_taken_down = False


@pytest.fixture
def home(hub: Upstream, tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "data", hub_endpoint=hub.url)


def fill(settings: Settings, days: list[date]) -> Done:
    with up_to_date(settings) as connection:
        return backfill(connection, settings, days)


def test_a_range_that_cannot_be_is_refused_in_one_line() -> None:
    assert len(days_between(date(2025, 1, 1), date(2025, 12, 31), 7)) == 53
    for first, last, every, said in [
        (date(2025, 2, 1), date(2025, 1, 1), 1, "FROM=2025-02-01 is after TO=2025-01-01"),
        (date(2023, 1, 1), date(2025, 1, 1), 1, "FROM is 2023-01-01; the archive begins on 2024-07-01"),
        (date(2025, 1, 1), date(2025, 2, 1), 0, "EVERY is 0"),
        (date(2025, 1, 1), date(2999, 1, 1), 1, "TO is 2999-01-01, in the future"),
    ]:
        with pytest.raises(BackfillError, match=said):
            days_between(first, last, every)


def test_the_cost_is_said_first_then_a_line_a_day_then_how_it_went(home: Settings) -> None:
    with heard() as said:
        done = fill(home, WEEKS)
    assert (len(done.loaded), done.gaps) == (4, [date(2025, 9, 3)])
    assert len(said) == 1 + 5 + 1
    assert said[0].startswith("5 days to fetch: about "), "that one is a gap is known when its turn comes"
    assert "over the network (only the needed columns" in said[0]
    assert "2 requests a day of the resolver's quota" in said[0]
    assert said[1].startswith("2025-08-20 (1 of 5): ") and "archive:" in said[1]
    assert said[3] == "2025-09-03 (3 of 5): a gap: the revision of this day holds the file of an earlier one"
    assert said[-1] == "4 days loaded, 0 were there already, 1 are gaps of the archive, 0 were refused"


def test_every_day_is_the_last_revision_of_its_day_and_says_which(home: Settings, hub: Upstream) -> None:
    """2025-07-07 is a Monday: the card was changed later that day, and the file is the same."""
    fill(home, [date(2025, 7, 7)])
    last = open_archive(home).revisions[date(2025, 7, 7)]
    assert last.committed_at.hour == 8
    found = query(home, "select provenance, origin, captured_at from raw.hub_snapshots")
    assert found == [(f"archive:{last.sha}", "synthetic", datetime(2025, 7, 7, 8, 30))]


def test_only_the_needed_columns_are_fetched_and_the_resolver_is_asked_twice_a_day(
    home: Settings, hub: Upstream
) -> None:
    fill(home, WEEKS)
    resolved = [request for request in hub.requests if request.path.startswith(RESOLVE_PATH)]
    assert len(resolved) == 2 * len(WEEKS)
    assert not list((home.landing).glob("archive/*")), "what was fetched is deleted once it is loaded"


def test_a_backfill_that_is_run_again_fetches_nothing(home: Settings, hub: Upstream) -> None:
    fill(home, WEEKS)
    before = state(home)
    hub.clear_log()
    with heard() as said:
        done = fill(home, WEEKS)
    assert (len(done.kept), len(done.loaded)) == (4, 0)
    assert not [request for request in hub.requests if request.path.startswith(STORE_PATH)]
    assert "kept as it is (archive:" in said[0]
    assert state(home) == before


def test_out_of_order_and_in_pieces_gives_the_tables_of_in_order(home: Settings, tmp_path: Path) -> None:
    other = replace(home, home=tmp_path / "other")
    days = days_between(date(2025, 6, 20), date(2025, 7, 10), 4)
    fill(home, days)
    for piece in (days[3:4], days[4:], days[:1], days[1:3]):
        fill(other, piece)
    assert state(home) == state(other)
    rebuild(other)
    assert state(home) == state(other), "and from the files of snapshots/, without the archive"


def test_an_observed_day_wins_in_either_order(home: Settings, hub: Upstream, tmp_path: Path) -> None:
    day = date(2026, 1, 14)
    observed_first, archive_first = home, replace(home, home=tmp_path / "other")
    for settings, archive_is_first in ((observed_first, False), (archive_first, True)):
        if archive_is_first:
            fill(settings, [day])
        with up_to_date(settings) as connection:
            load_crawl(connection, crawl(settings, day, []), settings)
        if not archive_is_first:
            assert fill(settings, [day]).kept == [day]
    assert query(archive_first, "select provenance from raw.hub_snapshots") == [("observed",)]
    assert state(observed_first)["hub_model_counters"] == state(archive_first)["hub_model_counters"]
    assert state(observed_first)["hub_models"] == state(archive_first)["hub_models"]


def test_columns_that_a_revision_lacks_are_null(home: Settings) -> None:
    fill(home, [date(2025, 2, 26), date(2025, 2, 27), date(2025, 6, 30), date(2025, 7, 1)])
    counted = query(
        home,
        "select snapshot_date, count(downloads_all_time) > 0, any_value(lacks) "
        "from raw.hub_model_counters join raw.hub_snapshots using (snapshot_date) group by 1 order by 1",
    )
    assert [has_total for _, has_total, _ in counted] == [False, True, True, True]
    assert ["lineage" in lacks for *_, lacks in counted] == [True, True, True, False]
    assert all({"access", "weights"} <= set(lacks) for *_, lacks in counted)


def test_a_total_that_the_archive_wrote_as_zero_is_null(home: Settings) -> None:
    fill(home, [date(2025, 10, 8)])
    totals = query(home, "select count(*), count(downloads_all_time), min(downloads_all_time) "
                         "from raw.hub_model_counters")  # fmt: skip
    rows, known, least = totals[0]
    assert known < rows
    assert least > 0


def test_a_top_scope_has_as_many_models_as_a_listing_of_it(home: Settings) -> None:
    small = replace(home, hub_top=50)
    fill(small, [DAY])
    scope = query(small, "select scope, scope_id like 'top-50-%', row_count >= 50 from raw.hub_snapshots")
    assert scope == [("top", True, True)]
    everything = replace(home, home=home.home.parent / "census", scope="census")
    fill(everything, [DAY])
    assert query(everything, "select scope_id from raw.hub_snapshots") == [("census",)]
    assert query(everything, "select row_count from raw.hub_snapshots") > query(
        small, "select row_count from raw.hub_snapshots"
    )


# ---- what can go wrong -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spoilt", "said"),
    [
        ("* exclude (downloads)", "models.parquet of 2025-07-02 .* has no column downloads"),
        ("* replace (cast(downloads as varchar) as downloads)", "column downloads is VARCHAR"),
        ("* replace ('x' as _id)", "field _id changed upstream: 381 of 381 models"),
    ],
)
def test_a_revision_whose_schema_changed_is_named_and_the_other_days_are_loaded(
    home: Settings, hub: Upstream, spoilt: str, said: str
) -> None:
    hub.archive.spoilt[DAY] = spoilt
    days = [DAY - timedelta(days=1), DAY, DAY + timedelta(days=1)]
    with pytest.raises(BackfillError, match=said) as raised:
        fill(home, days)
    assert "2 days loaded, 0 were there already, 0 are gaps of the archive, 1 were refused" in str(
        raised.value
    )
    assert [day for (day,) in query(home, "select snapshot_date from raw.hub_snapshots order by 1")] == [
        days[0],
        days[2],
    ]
    hub.archive.spoilt.clear()
    assert fill(home, days).loaded == [DAY], "and later the day can still be had"


def test_a_file_that_is_torn_is_named(home: Settings, hub: Upstream, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = hub.archive.file(DAY)
    monkeypatch.setattr(hub.archive, "file", lambda content: whole[: len(whole) // 2])
    with pytest.raises(BackfillError, match=r"models.parquet of 2025-07-02 .* is damaged: it does not end"):
        fill(home, [DAY])
    assert query(home, "from raw.hub_snapshots") == []


def test_an_answer_cut_short_again_and_again_ends_in_one_line(
    home: Settings, hub: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)  # between tries
    hub.faults.add("truncate", times=0, path=STORE_PATH)
    with pytest.raises(ArchiveError, match=r"Lost .* at models\.parquet of 2025-07-02.*go on") as raised:
        fill(home, [DAY])
    assert "\n" not in str(raised.value)
    assert query(home, "from raw.hub_snapshots") == []


def test_an_archive_that_was_taken_down_says_what_to_do(home: Settings, hub: Upstream) -> None:
    hub.archive.is_taken_down = True
    with pytest.raises(ArchiveError, match=r"cfahlgren1/hub-stats is not on .*404.*HUB_ARCHIVE") as raised:
        fill(home, [DAY])
    assert "\n" not in str(raised.value)


def test_a_quota_that_is_spent_is_waited_for(home: Settings, hub: Upstream) -> None:
    hub.faults.add("status", status=429, seconds=1, path=RESOLVE_PATH)
    assert fill(home, [DAY]).loaded == [DAY]


def test_a_quota_that_stays_spent_ends_in_one_line_and_what_is_loaded_stays(
    home: Settings, hub: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(home, [DAY])
    monkeypatch.setattr("time.sleep", lambda _: None)
    hub.faults.add("status", times=0, status=429, seconds=1, path=RESOLVE_PATH)
    with pytest.raises(ArchiveError, match=r"429 .*2025-07-03.*Wait 5 minutes") as raised:
        fill(home, [DAY, DAY + timedelta(days=1)])
    assert "\n" not in str(raised.value)
    assert query(home, "select snapshot_date from raw.hub_snapshots") == [(DAY,)]


@pytest.mark.parametrize("lacking", [0, 1, 2])
def test_a_revision_without_the_file_is_a_gap_and_the_backfill_goes_on(
    home: Settings, hub: Upstream, lacking: int
) -> None:
    """First, in the middle and last: the cost is estimated from both ends."""
    days = [DAY + timedelta(days=number) for number in range(3)]
    sha = open_archive(home).revisions[days[lacking]].sha
    fault = hub.faults.add("status", times=0, status=404, path=f"{RESOLVE_PATH}{sha}")
    with heard() as said:
        done = fill(home, days)
    assert (done.gaps, len(done.loaded)) == ([days[lacking]], 2)
    assert any(line.endswith("a gap: the revision of this day has no models.parquet") for line in said)
    noted = query(home, "select snapshot_date, reasons from raw.hub_snapshots where not is_accepted")
    assert noted == [(days[lacking], [backfilling.NO_FILE])]
    assert fill(home, days).gaps == [days[lacking]]
    assert fault.times is None
    hub.faults.clear()
    assert fill(home, days).loaded == [days[lacking]], "a mirror that lacked it may have it later"


def test_no_revision_with_the_file_is_a_backfill_of_gaps(home: Settings, hub: Upstream) -> None:
    hub.faults.add("status", times=0, status=404, path=RESOLVE_PATH)
    assert fill(home, [DAY, DAY + timedelta(days=1)]).loaded == []


def test_a_file_whose_bytes_are_gone_is_refused_and_the_other_days_are_loaded(
    home: Settings, hub: Upstream
) -> None:
    days = [DAY + timedelta(days=number) for number in range(3)]
    hub.faults.add("status", times=0, status=404, path=f"{STORE_PATH}{days[1]}")
    with pytest.raises(
        BackfillError, match=r"models\.parquet of 2025-07-03 .*cannot be fetched.* 404"
    ) as raised:
        fill(home, days)
    assert "2 days loaded" in str(raised.value)


def test_without_a_connection_it_says_so(home: Settings) -> None:
    with pytest.raises(HubUnreachable, match="Could not reach"):
        fill(replace(home, hub_endpoint="http://127.0.0.1:9"), [DAY])


def test_a_day_ahead_of_the_hubs_is_refused(home: Settings) -> None:
    with pytest.raises(BackfillError, match="TO is 2026-01-15, but the Hub's day is 2026-01-14"):
        fill(home, [date(2026, 1, 15)])


def test_a_disk_that_is_too_small_is_said_before_anything_is_fetched(
    home: Settings, hub: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backfilling.shutil, "disk_usage", lambda _: SimpleNamespace(free=10))
    with pytest.raises(BackfillError, match=r"Only 0\.0 MB are free .*nothing was fetched"):
        fill(home, [DAY])
    assert query(home, "from raw.hub_snapshots") == []
