"""A census runs for half an hour and more: midnight, quota windows and restarts fall into it."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import orjson
import pytest

from dagster_project.lib.hub import crawl as hub
from dagster_project.lib.hub.client import HubError
from dagster_project.lib.hub.load_day import load_crawl
from dagster_project.lib.record.landing import find_crawls
from dagster_project.lib.restore.rebuild import rebuild, up_to_date
from dagster_project.lib.settings import Settings
from dagster_project.synthetic.world import World, day_number
from tests.faults.conftest import DAY
from tests.faults.watched import Watched
from tests.landed import bodies, query

NEXT_DAY = DAY + timedelta(days=1)
EVENING = datetime(DAY.year, DAY.month, DAY.day, 20, tzinfo=UTC)


def created_between(world: World, first: datetime, last: datetime) -> set[str]:
    """Repositories that the Hub lists on NEXT_DAY and that were created after `first`, up to `last`."""
    rows = np.arange(world.size, dtype=np.int64)
    rows = rows[world.exists(rows, day_number(NEXT_DAY))]
    born = world.created[rows].astype(np.int64)
    return set(world.hub_ids(rows[(born > first.timestamp()) & (born <= last.timestamp())]))


def test_models_created_during_the_census_are_left_out_and_the_boundary_is_said(
    server: Watched, census: Settings, world: World
) -> None:
    """Begun at 20:00, lost after three pages, resumed after midnight: what was created in between is
    listed at the end, and is no part of the census."""
    late = created_between(world, EVENING, EVENING + timedelta(hours=4))
    assert late, "the world creates some in those hours"
    server.set_now(EVENING)
    server.faults.add("status", skip=3, times=0)
    with pytest.raises(HubError):
        hub.crawl(census, DAY, [], retries=0)
    server.faults.clear()
    server.set_now(EVENING + timedelta(hours=5))
    crawl = hub.crawl(census, DAY, [])
    assert crawl.boundary == datetime.fromisoformat(crawl.opening.started_at)
    assert late <= {item["_id"] for body in bodies(crawl) for item in orjson.loads(body)}
    with up_to_date(census) as connection:
        loaded = load_crawl(connection, crawl, census)
    kept = {hub_id for (hub_id,) in query(census, "select hub_id from raw.hub_models")}
    assert not late & kept
    assert created_between(world, EVENING - timedelta(hours=20), EVENING) <= kept
    said = "select beyond_boundary, created_until, row_count from raw.hub_snapshots"
    assert query(census, said) == [(len(late), crawl.boundary.replace(tzinfo=None), loaded.row_count)]
    rebuild(census)
    assert query(census, said) == [(len(late), crawl.boundary.replace(tzinfo=None), loaded.row_count)]


def test_a_restart_in_a_spent_quota_window_waits_for_the_next(
    server: Watched, census: Settings, undisturbed: list[bytes]
) -> None:
    """The one who crawled before spent it: the first answer is a refusal that names the seconds."""
    server.faults.add("status", skip=3, times=0)
    with pytest.raises(HubError):
        hub.crawl(census, DAY, [], retries=0)
    server.faults.clear()
    server.faults.add("quota", seconds=1)
    assert bodies(hub.crawl(census, DAY, [])) == undisturbed
    assert [seen.status for seen in server.seen].count(429) >= 1


def test_a_census_survives_a_restart_after_every_page(
    server: Watched, census: Settings, undisturbed: list[bytes]
) -> None:
    """A new process each time, one page further, and no page is asked for twice."""
    for pages in range(1, 7):
        server.faults.add("status", skip=1 if pages == 1 else 2, times=0)  # a resumption asks for the time
        with pytest.raises(HubError):
            hub.crawl(census, DAY, [], retries=0)
        server.faults.clear()
        (cut,) = find_crawls(census.landing, DAY, "census")
        assert (len(cut.pages), cut.is_complete) == (pages, False)
    crawl = hub.crawl(census, DAY, [])
    assert bodies(crawl) == undisturbed
    assert crawl.folder.name == "crawl-1"
    answered = [seen.query for seen in server.seen if seen.is_page and seen.status == 200]
    assert len(answered) == len(set(answered)) == 7


def test_on_its_weekday_the_days_snapshot_is_a_census(server: Watched, census: Settings) -> None:
    """2026-01-14 is a Wednesday."""
    weekly = replace(census, scope="top", hub_top=1_000, census_weekday="wednesday")
    whole = hub.crawl(weekly, DAY, ["Qwen"])
    assert (whole.opening.scope, whole.opening.scope_id, whole.opening.streams) == (
        "census", "census", ["census"],
    )  # fmt: skip
    server.set_now(datetime(2026, 1, 15, 6, tzinfo=UTC))
    top = hub.crawl(weekly, date(2026, 1, 15), ["Qwen"])
    assert top.opening.scope == "top" and top.opening.streams == ["top", "publisher:Qwen"]
    assert top.boundary is None
    assert weekly.on(DAY).scope_id(["Qwen"]) == "census"
    assert weekly.on(NEXT_DAY) == weekly
