"""kill -9 in the middle of a crawl and in the middle of a load: nothing is lost, nothing is half there."""

import random
import shutil
import signal
import threading
import time
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from dagster_project.lib.hub import crawl as hub
from dagster_project.lib.publish.file import publish
from dagster_project.lib.record.snapshots import hub_days
from dagster_project.lib.restore.rebuild import up_to_date
from dagster_project.lib.seeds.tables import load_seeds
from dagster_project.lib.settings import Settings
from dagster_project.synthetic.world import World
from tests.faults.conftest import DAY
from tests.faults.processes import AFTER_COMMIT, Moment, crawl_day, load_day, publish_again, start
from tests.faults.watched import Watched
from tests.landed import bodies, item, load, query, state

NEXT_DAY = DAY + timedelta(days=1)


def complete_after(server: Watched, settings: Settings, undisturbed: list[bytes]) -> None:
    """The crawl goes on where it was killed: the same pages, at most the one that was being written and the
    one in flight asked for twice.
    """
    crawl = hub.crawl(settings, DAY, [])
    assert crawl.is_complete
    assert bodies(crawl) == undisturbed
    twice = {query: times for query, times in Counter(server.pages).items() if times > 1}
    assert len(twice) <= 2
    assert set(twice.values()) <= {2}
    assert not list(crawl.folder.glob("*.tmp")), "what the kill left half-written is gone"


@pytest.mark.parametrize(
    "moment",
    [
        Moment("os.mkdir", "crawl-1"),
        Moment("open", "manifest.jsonl", 2),  # the crawl exists, not even its opening is written
        Moment("open", "page-00000.json.zst.tmp"),
        Moment("os.rename", "page-00002.json.zst"),  # the page is whole under its temporary name
        Moment("open", "manifest.jsonl", 5),  # the page is there, its line is not
        Moment("open", "manifest.jsonl", 9),  # every page is there, the last line is not
    ],
    ids=str,
)
def test_a_crawl_that_was_killed_while_it_wrote_goes_on_where_it_was(
    server: Watched, census: Settings, undisturbed: list[bytes], moment: Moment
) -> None:
    process = start(crawl_day, census, DAY, moment)
    process.join()
    assert process.exitcode == -signal.SIGKILL, "the moment never came"
    complete_after(server, census, undisturbed)


@pytest.mark.parametrize(("request_number", "later"), [(0, 0), (1, 0.0), (3, 0.004), (4, 0.012), (6, 0.002)])
def test_a_crawl_that_was_killed_at_any_time_goes_on_where_it_was(
    server: Watched, census: Settings, undisturbed: list[bytes], request_number: int, later: float
) -> None:
    killers: list[threading.Timer] = []

    def kill(number: int) -> None:
        if number == request_number:
            killers.append(threading.Timer(later, process.kill))
            killers[0].start()

    server.before = kill
    process = start(crawl_day, census, DAY)
    process.join()
    assert process.exitcode == -signal.SIGKILL
    server.before = lambda _: None
    time.sleep(0.05)  # the answer that nobody waits for any more is written down
    complete_after(server, census, undisturbed)


# ---- mid-load -----------------------------------------------------------------------------------------


def everything(settings: Settings) -> dict[str, list[tuple[Any, ...]]]:
    """Every raw table of the Hub, and the keys that models were given."""
    keys = query(settings, "select hub_id, model_key from raw.hub_models order by all")
    return {**state(settings), "keys": keys}


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """8,000 models: DAY is loaded, NEXT_DAY is landed. Tests work on copies."""
    home = tmp_path_factory.mktemp("prepared") / "data"
    with Watched(world=World(8_000)) as server:
        settings = Settings(home=home, hub_endpoint=server.url, scope="census")
        hub.crawl(settings, DAY, [])
        load_day(settings, DAY)
        server.set_now(datetime(NEXT_DAY.year, NEXT_DAY.month, NEXT_DAY.day, 6, tzinfo=UTC))
        hub.crawl(settings, NEXT_DAY, [])
    return settings


@pytest.fixture(scope="module")
def expected(prepared: Settings) -> dict[str, list[tuple[Any, ...]]]:
    """What an undisturbed load of both days leaves."""
    settings = copy_of(prepared, prepared.home.parent / "undisturbed")
    load_day(settings, NEXT_DAY)
    return everything(settings)


def copy_of(prepared: Settings, home: Path) -> Settings:
    shutil.copytree(prepared.home, home)
    return replace(prepared, home=home)


def check_then_load_again(settings: Settings, expected: dict[str, list[tuple[Any, ...]]]) -> None:
    """DAY is untouched by the kill, NEXT_DAY is whole or absent, and another load gives what was due."""
    days = query(settings, "select snapshot_date, count(*) from raw.hub_model_counters group by all")
    due = Counter(row[1] for row in expected["hub_model_counters"])
    assert dict(days) in ({DAY: due[DAY]}, dict(due)), "a day is whole or absent"
    load_day(settings, NEXT_DAY)
    assert everything(settings) == expected
    assert [h.day for h in hub_days(settings)] == [DAY, NEXT_DAY]
    left = sorted(path.name for path in (settings.snapshots / "hub").iterdir())
    assert len(left) == 2, f"a file for each day and nothing else: {left}"


@pytest.mark.parametrize(
    "moment",
    [
        Moment("open", ".tmp"),  # the Parquet is written, not synced
        Moment("os.rename", ".parquet"),  # it is synced, under its temporary name
        Moment("open", "snapshots/hub"),  # it is in place, the transaction is not committed
        AFTER_COMMIT,
    ],
    ids=str,
)
def test_a_load_that_was_killed_around_its_file_leaves_the_day_whole_or_absent(
    prepared: Settings, expected: dict[str, list[tuple[Any, ...]]], tmp_path: Path, moment: Moment
) -> None:
    settings = copy_of(prepared, tmp_path / "data")
    process = start(load_day, settings, NEXT_DAY, moment)
    process.join()
    assert process.exitcode == -signal.SIGKILL, "the moment never came"
    check_then_load_again(settings, expected)


@pytest.mark.parametrize("kills", [3, pytest.param(8, marks=pytest.mark.slow)])
def test_a_load_that_was_killed_at_random_moments_leaves_the_day_whole_or_absent(
    prepared: Settings, expected: dict[str, list[tuple[Any, ...]]], tmp_path: Path, kills: int
) -> None:
    whole = copy_of(prepared, tmp_path / "measured")
    started = time.monotonic()
    start(load_day, whole, NEXT_DAY).join()
    duration = time.monotonic() - started
    chance = random.Random(2)
    killed = 0
    for number in range(kills):
        settings = copy_of(prepared, tmp_path / str(number))
        process = start(load_day, settings, NEXT_DAY)
        time.sleep(duration * (number + chance.random()) / kills)
        process.kill()
        process.join()
        killed += process.exitcode == -signal.SIGKILL
        check_then_load_again(settings, expected)
        shutil.rmtree(settings.home)
    assert killed >= kills // 2, "the others had ended before"


def test_a_load_whose_commit_was_lost_is_there_when_the_warehouse_is_opened_next(
    prepared: Settings, expected: dict[str, list[tuple[Any, ...]]], tmp_path: Path
) -> None:
    """The file is the record: landing may be gone."""
    settings = copy_of(prepared, tmp_path / "data")
    start(load_day, settings, NEXT_DAY, Moment("open", "snapshots/hub")).join()
    shutil.rmtree(settings.landing)
    assert len(query(settings, "from raw.hub_snapshots")) == 1
    with up_to_date(settings):
        pass
    assert everything(settings) == expected


def test_a_publication_that_was_killed_before_its_swap_leaves_the_former_one(settings: Settings) -> None:
    load(settings, "2026-01-01", [item(1)])
    with up_to_date(settings) as connection:
        load_seeds(connection, settings)
    path = publish(settings).path
    before = path.read_bytes()
    load(settings, "2026-01-02", [item(1)])
    process = start(publish_again, settings, Moment("os.rename", "published/current"))
    process.join()
    assert process.exitcode == -signal.SIGKILL, "the moment never came"
    assert path.read_bytes() == before
    assert publish(settings).snapshot_date.day == 2
