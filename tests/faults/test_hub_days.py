"""The day is the server's: wrong days, midnight, and days that fail their checks."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from dagster_project.lib.hub import crawl as hub
from dagster_project.lib.hub.client import HubError, WrongDay
from dagster_project.lib.hub.load_day import DayRejected, load_crawl
from dagster_project.lib.publish.file import publish
from dagster_project.lib.record.landing import find_crawls, newest_complete
from dagster_project.lib.restore.rebuild import up_to_date
from dagster_project.lib.seeds.tables import load_seeds
from dagster_project.lib.settings import Settings
from tests.faults.conftest import DAY
from tests.faults.watched import Watched
from tests.landed import bodies, files_below, query, state

NEXT_DAY = DAY + timedelta(days=1)


def at(day: date, hour: int, minute: int = 0, second: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, second, tzinfo=UTC)


def cut_short(server: Watched, settings: Settings, pages: int = 3) -> None:
    """A crawl that lands some pages and then loses the Hub, which is well again afterwards."""
    server.faults.add("status", skip=pages, times=0)
    with pytest.raises(HubError):
        hub.crawl(settings, DAY, [], retries=0)
    server.faults.clear()


@pytest.mark.parametrize("day", [DAY - timedelta(days=1), NEXT_DAY])
def test_another_day_than_the_hubs_is_refused_at_once_and_nothing_is_written(
    server: Watched, census: Settings, day: date
) -> None:
    with pytest.raises(WrongDay) as raised:
        hub.crawl(census, day, [])
    assert str(day) in str(raised.value)
    assert str(DAY) in str(raised.value)
    assert len(server.seen) == 1, "no retry"
    assert not census.home.exists()


def test_the_local_clock_has_no_say(server: Watched, census: Settings) -> None:
    """The server says 2031, whatever this machine thinks."""
    server.set_now(datetime(2031, 5, 6, 7, tzinfo=UTC))
    found = hub.probe(census)
    assert (found.day, found.origin) == (date(2031, 5, 6), "synthetic")
    with pytest.raises(WrongDay):
        hub.crawl(census, datetime.now(UTC).date(), [])


def test_midnight_during_a_crawl_does_not_change_its_day(server: Watched, census: Settings) -> None:
    server.set_now(at(DAY, 23, 59, 30))
    server.faults.add("clock_jump", seconds=60, skip=3)
    crawl = hub.crawl(census, DAY, [])
    assert crawl.is_complete
    assert (crawl.started_at.date(), crawl.finished_at.date()) == (DAY, NEXT_DAY)
    assert sorted(files_below(census.landing))[0].startswith(f"hub/{DAY}/")
    with up_to_date(census) as connection:
        load_crawl(connection, crawl, census)
    days = "select distinct snapshot_date from raw.hub_model_counters"
    assert query(census, days) == [(DAY,)]
    times = "select captured_from::date, captured_at::date from raw.hub_snapshots"
    assert query(census, times) == [(DAY, NEXT_DAY)]


def test_a_crawl_cut_short_before_midnight_is_resumed_for_six_hours(
    server: Watched, census: Settings
) -> None:
    server.set_now(at(DAY, 23, 30))
    cut_short(server, census)
    landed = [bodies(crawl) for crawl in find_crawls(census.landing, DAY, "census")]
    server.set_now(at(NEXT_DAY, 5, 29))
    crawl = hub.crawl(census, DAY, [])
    assert crawl.is_complete
    assert crawl.opening.day == str(DAY)
    assert bodies(crawl)[:3] == landed[0], "what was landed stays"
    assert len(server.pages) == len(set(server.pages)), "and is not asked for again"


def test_after_seven_hours_a_crawl_of_yesterday_is_refused_and_stays_as_it_is(
    server: Watched, census: Settings
) -> None:
    server.set_now(at(DAY, 23, 30))
    cut_short(server, census)
    before = files_below(census.home)
    server.set_now(at(NEXT_DAY, 6, 30))
    with pytest.raises(WrongDay, match=rf"6 hours.*{NEXT_DAY}"):
        hub.crawl(census, DAY, [])
    assert files_below(census.home) == before


def test_after_seven_hours_of_the_same_day_a_crawl_starts_again(server: Watched, census: Settings) -> None:
    """Half of the morning's listing and half of the evening's is no snapshot."""
    cut_short(server, census)
    server.set_now(at(DAY, 13))
    crawl = hub.crawl(census, DAY, [])
    assert crawl.folder.name == "crawl-2"
    assert crawl.started_at.hour == 13
    assert len(crawl.pages) == 7


def test_half_of_one_hub_and_half_of_another_is_no_snapshot(server: Watched, census: Settings) -> None:
    cut_short(server, census)
    with Watched(world=server.world) as other:
        crawl = hub.crawl(replace(census, hub_endpoint=other.url), DAY, [])
    assert crawl.folder.name == "crawl-2"
    assert len(crawl.pages) == 7


def test_prices_belong_to_the_snapshot_also_after_midnight(server: Watched, census: Settings) -> None:
    server.set_now(at(DAY, 23, 50))
    hub.crawl(census, DAY, [])
    server.set_now(at(NEXT_DAY, 0, 10))
    assert hub.present_for(census, DAY, []) >= at(NEXT_DAY, 0, 10)
    server.set_now(at(NEXT_DAY, 6, 10))
    with pytest.raises(WrongDay, match=str(NEXT_DAY)):
        hub.present_for(census, DAY, [])


def test_without_a_crawl_prices_of_another_day_are_refused(server: Watched, census: Settings) -> None:
    assert hub.present_for(census, DAY, []).date() == DAY
    with pytest.raises(WrongDay):
        hub.present_for(census, NEXT_DAY, [])
    assert not census.home.exists()


# ---- days that fail their checks ----------------------------------------------------------------------


def published(path: Path) -> list[tuple[object, ...]]:
    with duckdb.connect(str(path), read_only=True) as reader:
        return reader.execute("select snapshot_date, (select count(*) from licences) from about").fetchall()


@pytest.fixture
def yesterday(server: Watched, census: Settings) -> Path:
    """DAY is accepted and published, and the Hub has moved on to the next morning."""
    with up_to_date(census) as connection:
        load_seeds(connection, census)
        load_crawl(connection, hub.crawl(census, DAY, []), census)
    path = publish(census).path
    server.set_now(at(NEXT_DAY, 6))
    return path


@pytest.mark.parametrize(
    ("fault", "options", "reason"),
    [
        ("empty", {}, "the listing is empty"),
        ("missing", {"fraction": 0.3}, "less than 85%"),
        ("null", {"times": 0}, "downloads_30d is NULL for every model"),
        ("absent", {"times": 0}, "downloads_all_time is NULL for every model"),
    ],
)
def test_a_day_that_fails_its_checks_leaves_yesterday_published_and_its_pages_in_landing(
    server: Watched, census: Settings, yesterday: Path, fault: str, options: dict[str, float], reason: str
) -> None:
    file, raw = yesterday.read_bytes(), state(census)
    server.faults.add(fault, **options)  # type: ignore[arg-type]
    crawl = hub.crawl(census, NEXT_DAY, [])
    with pytest.raises(DayRejected, match=reason), up_to_date(census) as connection:
        load_crawl(connection, crawl, census)
    assert yesterday.read_bytes() == file
    assert published(yesterday)[0][0] == DAY
    found = state(census)
    accepted = [(row[0], row[11]) for row in found["hub_snapshots"]]
    assert accepted == [(DAY, True), (NEXT_DAY, False)]
    assert {**found, "hub_snapshots": None} == {**raw, "hub_snapshots": None}
    assert len(list((census.snapshots / "hub").iterdir())) == 1, "a rejected day is no snapshot"
    publish(census)
    assert published(yesterday)[0][0] == DAY, "also when it is published once more"

    assert newest_complete(census.landing, NEXT_DAY, "census").pages == crawl.pages
    with up_to_date(census) as connection:
        load_crawl(connection, crawl, replace(census, accept=True))
    assert query(census, "select max(snapshot_date) from raw.hub_snapshots where is_accepted") == [
        (NEXT_DAY,)
    ]


def test_a_rejected_day_can_be_crawled_again(server: Watched, census: Settings, yesterday: Path) -> None:
    server.faults.add("missing", fraction=0.3)
    with pytest.raises(DayRejected), up_to_date(census) as connection:
        load_crawl(connection, hub.crawl(census, NEXT_DAY, []), census)
    server.faults.clear()
    again = hub.crawl(replace(census, refetch=True), NEXT_DAY, [])
    with up_to_date(census) as connection:
        load_crawl(connection, again, census)
    publish(census)
    assert published(yesterday)[0][0] == NEXT_DAY
