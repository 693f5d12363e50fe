"""A disk that is full: a readable error that names the path, and nothing half-written.

A limit on the size of files stands for the disk: a write beyond it fails where one on a full disk does
(compared on a small tmpfs), and it needs no right to mount anything.
"""

import re
import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from dagster_project.lib.hub import crawl as hub
from dagster_project.lib.publish.file import publish
from dagster_project.lib.record.landing import find_crawls
from dagster_project.lib.restore.rebuild import up_to_date
from dagster_project.lib.seeds.tables import load_seeds
from dagster_project.lib.settings import Settings
from dagster_project.lib.warehouse.connection import writing
from tests.faults.conftest import DAY
from tests.faults.processes import (
    CONTEXT,
    crawl_day,
    crawl_into_a_disk_that_fills,
    load_day,
    publish_again,
    start,
    with_room_for,
)
from tests.faults.watched import Watched
from tests.landed import bodies, files_below, item, land, load, query, state

FIRST, SECOND = date(2026, 1, 1), date(2026, 1, 2)
ENDLESS = 1 << 40


def ended_with(limit: int, work: Any, *arguments: Any) -> tuple[str, str] | None:
    """Kind and text of the error that the work ended with in a process without room."""
    ours, theirs = CONTEXT.Pipe()
    process = start(with_room_for, theirs, limit, work, *arguments)
    theirs.close()
    process.join()
    assert process.exitcode == 0, "a full disk is no reason to crash"
    said: tuple[str, str] | None = ours.recv()
    return said


@pytest.mark.parametrize("limit", [0, 300, 5_000])
def test_a_disk_that_is_full_at_the_first_page_names_the_path(
    server: Watched, census: Settings, undisturbed: list[bytes], limit: int
) -> None:
    """0: not even the opening fits; 300: its line does not; 5,000: the page does not."""
    kind, text = ended_with(limit, crawl_day, census, DAY) or ("", "")
    assert kind == "LandingError"
    assert str(census.landing) in text
    assert "File too large" in text
    assert "make room" in text
    assert not [name for name in files_below(census.home) if name.endswith((".tmp", ".zst"))]
    assert bodies(hub.crawl(census, DAY, [])) == undisturbed


def test_a_disk_that_fills_during_a_crawl_keeps_the_pages_and_the_crawl_is_resumed(
    server: Watched, census: Settings, undisturbed: list[bytes]
) -> None:
    kind, text = ended_with(ENDLESS, crawl_into_a_disk_that_fills, census, DAY, 3) or ("", "")
    assert kind == "LandingError"
    assert "page-00003.json.zst" in text
    (cut,) = find_crawls(census.landing, DAY, "census")
    assert bodies(cut) == undisturbed[:3]
    assert not list(cut.folder.glob("*.tmp"))
    assert bodies(hub.crawl(census, DAY, [])) == undisturbed
    again = len(server.pages) - len(undisturbed)
    assert 1 <= again <= 2, "only the page that found no room, and the one in flight, are fetched again"


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The first day is loaded and published, the second is landed. Tests work on copies."""
    settings = Settings(home=tmp_path_factory.mktemp("prepared") / "data")
    scope = {"scope_id": settings.scope_id([])}
    load(settings, str(FIRST), [item(n, tags=[f"tag-{n * 7919}"]) for n in range(4_000)], **scope)
    land(settings, str(SECOND), [item(n, gated="auto", likes=n * 7) for n in range(4_000)], **scope)
    with up_to_date(settings) as connection:
        load_seeds(connection, settings)
    publish(settings)
    return settings


@pytest.mark.parametrize(
    ("limit", "error"),
    [
        (0, "WarehouseError .*/.lock.*"),  # the disk is full before anything begins
        (200, "SnapshotError .*/snapshots/hub/2026-01-02.*"),  # the Parquet does not fit
        (20_000, "SnapshotError .*/snapshots/hub/2026-01-02.*"),  # its second part does not
        (60_000, "WarehouseError .*warehouse.duckdb.wal.*"),  # it does, the commit does not
        (200_000, "WarehouseError .*warehouse.duckdb.wal.*"),  # half of the commit does
        (1_500_000, None),  # the commit does, the checkpoint at the end does not
    ],
)
def test_a_disk_that_fills_during_a_load_leaves_the_day_whole_or_absent(
    prepared: Settings, tmp_path: Path, limit: int, error: str | None
) -> None:
    shutil.copytree(prepared.home, tmp_path / "data")
    settings = replace(prepared, home=tmp_path / "data")
    before, published = state(settings), files_below(settings.published)
    said = ended_with(limit, load_day, settings, SECOND)
    if error is None:
        assert said is None
    else:
        assert said is not None
        assert re.fullmatch(error, " ".join(said)), said
        assert state(settings) == before, "the first day is as it was, of the second there is nothing"
    assert files_below(settings.published) == published
    assert not list(settings.snapshots.glob("*/*.tmp"))
    load_day(settings, SECOND)
    rows = "select snapshot_date, count(*), sum(likes) from raw.hub_model_counters group by 1 order by 1"
    assert query(settings, rows) == [(FIRST, 4_000, 7_998_000), (SECOND, 4_000, 55_986_000)]


@pytest.mark.parametrize(
    ("room", "rows"),
    [
        (-1, 0),  # the former file cannot be copied
        (2_000_000, 300_000),  # it can, a new table cannot be written
    ],
)
def test_a_disk_that_fills_while_publishing_leaves_the_former_publication(
    prepared: Settings, tmp_path: Path, room: int, rows: int
) -> None:
    """`room` is what is left when the former file is copied."""
    shutil.copytree(prepared.home, tmp_path / "data", symlinks=True)
    settings = replace(prepared, home=tmp_path / "data")
    load_day(settings, SECOND)
    with writing(settings) as connection:
        connection.execute("create schema marts")
        connection.execute(f"create table marts.new as select md5(i::varchar) as x from range({rows}) r(i)")
    limit = room + (settings.published / "modeltide.duckdb").stat().st_size
    before = files_below(settings.published)
    kind, text = ended_with(limit, publish_again, settings) or ("", "")
    assert kind == "PublishError"
    assert re.search(
        rf"Cannot publish to {settings.published}: .*versions/[\dT_]+/modeltide.duckdb[\"']", text
    )
    assert "File too large" in text
    assert files_below(settings.published) == before
    assert publish(settings).snapshot_date == SECOND


def test_a_disk_that_is_full_at_the_first_publication_leaves_nothing(
    prepared: Settings, tmp_path: Path
) -> None:
    shutil.copytree(prepared.home, tmp_path / "data", ignore=shutil.ignore_patterns("published"))
    settings = replace(prepared, home=tmp_path / "data")
    kind, text = ended_with(60_000, publish_again, settings) or ("", "")
    assert kind == "PublishError"
    assert str(settings.published / "versions") in text
    assert files_below(settings.published) == {}
    assert publish(settings).snapshot_date == FIRST
