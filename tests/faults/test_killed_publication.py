"""A publication that is killed, or read meanwhile: both forms are of one publication, and nothing stays.

The marts are those of a story (tests/publish/test_daily_tables.py), which takes a second where a build takes
a minute.
"""

import random
import shutil
import signal
import time
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from dagster_project.lib.publish import publications
from dagster_project.lib.publish.file import publish
from dagster_project.lib.settings import Settings
from dagster_project.lib.warehouse.connection import exclusive, writing
from tests.faults.processes import (
    CONTEXT,
    Moment,
    publish_again,
    publish_where,
    read_while_published,
    start,
    times_of_one_version,
    times_through_the_links,
    with_room_for,
)
from tests.landed import files_below
from tests.publish.test_daily_tables import FIRST, Story, assert_published, published_story

LINKS = {"current", "modeltide.duckdb", "parquet", "versions"}


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Story:
    """Published twice, and a day more is in the warehouse. Tests work on copies."""
    told = Story(Settings(home=tmp_path_factory.mktemp("prepared") / "data"))
    for number in range(4):
        told.load(FIRST + timedelta(days=number))
    told.publish()
    told.load(FIRST + timedelta(days=4))
    told.publish()
    told.load(FIRST + timedelta(days=5))
    with writing(told.settings) as connection:
        told._build(connection)
    return told


@pytest.fixture
def told(prepared: Story, tmp_path: Path) -> Story:
    return copy_of(prepared, tmp_path / "data")


def copy_of(told: Story, home: Path) -> Story:
    shutil.copytree(told.settings.home, home, symlinks=True)
    return replace(told, settings=replace(told.settings, home=home))


def as_before_the_versions(settings: Settings) -> Path:
    """Lay published/ out as former releases did, with what their kills left; returns the DuckDB file."""
    moved, published = settings.published.rename(settings.home / "moved"), settings.published
    (moved / "current").resolve().rename(published)
    shutil.rmtree(moved)
    for path in (published / "parquet").glob("about*.parquet"):
        path.unlink()
    for name in ("modeltide.4242.tmp", "modeltide.4242.tmp.wal", "parquet/about.tmp"):
        (published / name).write_bytes(b"left")
    (published / "parquet" / "model_history" / "2026-01-01.tmp").write_bytes(b"left")
    (published / "report.html").write_text("a page")
    return published / "modeltide.duckdb"


def killed_at(settings: Settings, moment: Moment) -> None:
    process = start(publish_again, settings, moment)
    process.join()
    assert process.exitcode == -signal.SIGKILL, "the moment never came"


def published_days(settings: Settings) -> list[tuple[Any, ...]]:
    """Days of the history in the file, which are those of its Parquet."""
    in_file = "select day, count(*) from model_history group by 1 order by 1"
    with duckdb.connect(str(settings.published / "modeltide.duckdb"), read_only=True) as reader:
        rows = reader.execute(in_file).fetchall()
    folder = settings.published / "parquet" / "model_history"
    with duckdb.connect() as reader:
        parquet = in_file.replace("model_history", f"read_parquet('{folder}/*.parquet')")
        assert reader.execute(parquet).fetchall() == rows
    return rows


def check_then_publish(told: Story, before: list[tuple[Any, ...]]) -> None:
    """Both forms are of the publication before or of the new one; after another nothing is left."""
    settings = told.settings
    in_file, in_parquet = times_through_the_links(settings)
    assert in_file == in_parquet
    assert published_days(settings) in (before, [*before, (FIRST + timedelta(days=5), 3)])
    made = publish(settings)
    assert min(times_through_the_links(settings)) > in_file
    assert made.snapshot_date == FIRST + timedelta(days=5)
    assert_published(told)
    assert_nothing_is_left(settings)


def assert_nothing_is_left(settings: Settings) -> None:
    """The links, and two versions with a file and Parquet each."""
    assert {path.name for path in settings.published.iterdir()} - {"report.html"} == LINKS
    versions = list((settings.published / "versions").iterdir())
    assert len(versions) == 2, "the newest and the one before"
    for version in versions:
        assert {path.name for path in version.iterdir()} == {"modeltide.duckdb", "parquet"}
        assert {path.suffix for path in version.rglob("*") if path.is_file()} == {".duckdb", ".parquet"}


# ---- killed -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "moment",
    [
        Moment("shutil.rmtree", ""),  # nothing is deleted yet
        Moment("os.remove", ".parquet", 3),  # of the version before the former one
        Moment("shutil.copyfile", "modeltide.duckdb"),  # the folder is there, and empty
        Moment("os.link", ".parquet"),  # the file is up to date, there is no Parquet
        Moment("os.link", ".parquet", 9),
        Moment("open", "about.parquet"),  # all is written, not all is synced
        Moment("os.symlink", "current.link.tmp"),
        Moment("os.rename", "published/current"),
        Moment("open", "published"),  # readers see the new one, the headlines are not recorded
    ],
    ids=str,
)
def test_a_killed_publication_leaves_both_forms_of_one_publication(told: Story, moment: Moment) -> None:
    before = published_days(told.settings)
    killed_at(told.settings, moment)
    check_then_publish(told, before)


def test_a_publication_killed_when_a_month_became_one_file_leaves_its_days_to_readers(
    settings: Settings,
) -> None:
    told = published_story(settings, [date(2026, 1, 25) + timedelta(days=number) for number in range(14)])
    shown = publications.current(settings).resolve()
    before = files_below(shown)
    told.load(date(2026, 2, 8))
    with writing(settings) as connection:
        told._build(connection)
    killed_at(settings, Moment("os.link", "model_history/2026-02-01.parquet"))
    assert {*settings.published.glob("versions/*/parquet/model_history/2026-01.parquet")}, "it is written"
    assert publications.current(settings).resolve() == shown
    assert files_below(shown) == before
    publish(settings)
    assert_published(told)
    assert_nothing_is_left(settings)


@pytest.mark.parametrize("kills", [3, pytest.param(10, marks=pytest.mark.slow)])
def test_a_publication_killed_at_random_moments_leaves_both_forms_of_one(
    prepared: Story, tmp_path: Path, kills: int
) -> None:
    before = published_days(prepared.settings)
    whole = copy_of(prepared, tmp_path / "measured")
    started = time.monotonic()
    start(publish_again, whole.settings).join()
    duration = time.monotonic() - started
    chance = random.Random(5)
    killed = 0
    for number in range(kills):
        told = copy_of(prepared, tmp_path / str(number))
        process = start(publish_again, told.settings)
        time.sleep(duration * (number + chance.random()) / kills)
        process.kill()
        process.join()
        killed += process.exitcode == -signal.SIGKILL
        check_then_publish(told, before)
    assert killed >= 0.4 * kills, "the others had ended before"


def test_a_writer_that_publishes_nothing_removes_what_is_unfinished_and_keeps_the_former_one(
    told: Story,
) -> None:
    before = files_below(told.settings.published)
    with exclusive(told.settings):
        publications.remove_unfinished(told.settings)
    assert files_below(told.settings.published) == before, "there was nothing to do"
    killed_at(told.settings, Moment("os.rename", "published/current"))
    at_the_kill = files_below(told.settings.published)
    with exclusive(told.settings):
        publications.remove_unfinished(told.settings)
    left = files_below(told.settings.published)
    assert left.items() < at_the_kill.items()
    shown = (told.settings.published / "current").resolve()
    assert [path.name for path in (told.settings.published / "versions").iterdir()] == [shown.name]
    assert {path.name for path in told.settings.published.iterdir()} == LINKS
    publish(told.settings)
    with exclusive(told.settings):
        publications.remove_unfinished(told.settings)
    assert shown.is_dir(), "whoever opened it reads to its end"


def test_the_first_publication_killed_at_its_swap_shows_neither_form(settings: Settings) -> None:
    told = Story(settings)
    told.load(FIRST)
    with writing(settings) as connection:
        told._build(connection)
    killed_at(settings, Moment("os.rename", "published/current"))
    assert not (settings.published / "modeltide.duckdb").exists()
    assert not (settings.published / "parquet").exists()
    told.publish()
    assert_published(told)
    assert {path.name for path in settings.published.iterdir()} == LINKS


# ---- what readers see ---------------------------------------------------------------------------------


def test_readers_meet_no_error_and_no_two_publications_while_ten_are_made(told: Story) -> None:
    ours, theirs = CONTEXT.Pipe()
    readers = start(read_while_published, theirs, told.settings)
    made = [times_through_the_links(told.settings)[0]]
    for _ in range(10):
        made.append(times_after_publishing(told.settings))
    ours.send("stop")
    found = ours.recv()
    readers.join()
    assert isinstance(found, list), found
    assert len(found) > 10
    for file, parquet, file_of_one, parquet_of_one in found:
        assert {file, parquet, file_of_one, parquet_of_one} <= {*made}
        assert file_of_one == parquet_of_one, "who follows the link once reads one publication"
        assert file <= parquet <= file_of_one, "never back to an older one"


def times_after_publishing(settings: Settings) -> datetime:
    publish(settings)
    in_file, in_parquet = times_through_the_links(settings)
    assert in_file == in_parquet
    return in_file


def test_the_former_publication_stays_as_it_was_until_the_next_one_begins(told: Story) -> None:
    former = (told.settings.published / "current").resolve()
    before = files_below(former)
    with duckdb.connect(str(told.settings.published / "modeltide.duckdb"), read_only=True) as reader:
        said = reader.execute("from about").fetchall()
        publish(told.settings)
        assert files_below(former) == before, "nothing was written into a file that both share"
        assert reader.execute("from about").fetchall() == said
    publish(told.settings)
    assert not former.exists()


def test_parquet_that_did_not_change_is_the_former_file(told: Story) -> None:
    former = (told.settings.published / "current").resolve()
    publish(told.settings)
    now = (told.settings.published / "current").resolve()
    written = {
        name
        for name in files_below(now)
        if not (former / name).exists() or not (former / name).samefile(now / name)
    }
    new = FIRST + timedelta(days=5)
    assert written == {
        "modeltide.duckdb",
        "parquet/about.parquet",
        "parquet/about_days.parquet",
        "parquet/about_tables.parquet",
        "parquet/dim_models.parquet",
        "parquet/fct_snapshot_days.parquet",
        f"parquet/model_history/{new}.parquet",
        f"parquet/fct_model_growth_daily/{new - timedelta(days=1)}.parquet",
        f"parquet/fct_model_downloads_daily/{new - timedelta(days=1)}.parquet",
    }


def test_both_forms_say_the_same_of_themselves(told: Story) -> None:
    publish(told.settings)
    with duckdb.connect(str(told.settings.published / "modeltide.duckdb"), read_only=True) as reader:
        for table in ("about", "about_tables", "about_days"):
            parquet = told.settings.published / "parquet" / f"{table}.parquet"
            expected = reader.execute(f"from {table} order by all").fetchall()
            assert expected
            assert reader.execute(f"from read_parquet('{parquet}') order by all").fetchall() == expected


def test_what_a_program_of_duckdb_1_2_left_beside_the_link_is_read_into_no_later_publication(
    told: Story,
) -> None:
    log = told.settings.published / "modeltide.duckdb.wal"
    log.write_bytes(b"left by a program that wrote into the published file")
    publish(told.settings)
    assert not log.exists()


def test_what_a_reader_of_duckdb_1_2_spills_beside_the_link_is_left_to_it(told: Story) -> None:
    spilled = told.settings.published / "modeltide.duckdb.tmp" / "duckdb_temp_storage-0.tmp"
    spilled.parent.mkdir()
    spilled.write_bytes(b"rows")
    publish(told.settings)
    assert spilled.read_bytes() == b"rows"


# ---- the home of a former release, and a copy ---------------------------------------------------------


@pytest.mark.parametrize(
    "moment",
    [
        None,
        Moment("os.link", "modeltide.duckdb"),
        Moment("os.link", ".parquet", 5),
        Moment("os.rename", "published/current"),
        Moment("os.rename", "published/modeltide.duckdb"),
        Moment("os.rename", "parquet.old.tmp"),
        Moment("os.rename", "published/parquet"),  # the instant without the folder
        Moment("os.remove", ".parquet", 4),  # of the folder that made way
        Moment("os.rename", "published/current", 2),  # it is moved, the new publication is not shown
    ],
    ids=str,
)
def test_a_home_of_a_former_release_is_moved_without_a_copy_whenever_it_is_killed(
    told: Story, moment: Moment | None
) -> None:
    settings, before = told.settings, published_days(told.settings)
    file = as_before_the_versions(settings)
    inode, parquet = file.stat().st_ino, file.parent / "parquet" / "model_history" / "2026-01-03.parquet"
    one_day = parquet.stat().st_ino
    if moment is not None:
        killed_at(settings, moment)
        assert file.stat().st_ino == inode, "readers have the file all the time"
        with exclusive(settings):
            publications.remove_unfinished(settings)
        assert published_days(settings) == before
    publish(settings)
    assert parquet.stat().st_ino == one_day
    assert_published(told)
    assert_nothing_is_left(settings)
    assert (settings.published / "report.html").read_text() == "a page"
    former = min((settings.published / "versions").iterdir())
    assert (former / "modeltide.duckdb").stat().st_ino == inode


def test_a_file_that_a_former_release_put_in_the_links_place_is_carried_forward(told: Story) -> None:
    """As after going back to it for a day."""
    file = told.settings.published / "modeltide.duckdb"
    content = file.read_bytes()
    file.unlink()
    file.write_bytes(content)
    inode = file.stat().st_ino
    publish(told.settings)
    assert_published(told)
    assert_nothing_is_left(told.settings)
    former = min((told.settings.published / "versions").iterdir())
    assert (former / "modeltide.duckdb").stat().st_ino == inode


@pytest.mark.parametrize("follows_links", [False, True])
def test_a_copy_of_the_home_is_read_and_published_into_like_the_home(
    told: Story, tmp_path: Path, follows_links: bool
) -> None:
    home = tmp_path / "elsewhere" / "data"
    shutil.copytree(told.settings.home, home, symlinks=not follows_links)
    before = files_below(told.settings.published)
    copied = replace(told, settings=replace(told.settings, home=home))
    assert times_through_the_links(copied.settings) == times_through_the_links(told.settings)
    publish(copied.settings)
    assert_published(copied)
    assert_nothing_is_left(copied.settings)
    assert files_below(told.settings.published) == before


def test_a_home_that_was_moved_is_read_at_its_new_place(told: Story, tmp_path: Path) -> None:
    before = times_through_the_links(told.settings)
    settings = replace(told.settings, home=tmp_path / "moved")
    told.settings.home.rename(settings.home)
    assert times_through_the_links(settings) == times_of_one_version(settings) == before


@pytest.mark.parametrize("link", ["current", "modeltide.duckdb", "parquet"])
def test_a_link_that_somebody_deleted_is_there_after_the_next_publication(told: Story, link: str) -> None:
    (told.settings.published / link).unlink()
    publish(told.settings)
    assert_published(told)


# ---- the clock, and the file system ----------------------------------------------------------------------


def test_a_publication_is_later_than_the_former_one_though_the_clock_went_back(told: Story) -> None:
    ahead = datetime(2199, 1, 1)
    with publications.new_version(told.settings, ahead) as folder:
        shutil.copytree(publications.current(told.settings), folder, dirs_exist_ok=True)
    times = [times_after_publishing(told.settings) for _ in range(3)]
    assert times == [ahead + timedelta(microseconds=number) for number in (1, 2, 3)]


def test_a_publication_is_later_than_every_headline_that_is_recorded(told: Story) -> None:
    with writing(told.settings) as connection:
        connection.execute(
            "insert into raw.headline_figures by name select timestamp '2199-01-01' as published_at, "
            "date '2026-01-01' as snapshot_date, 'live' as provenance, date '2026-01-01' as about_date, "
            "'downloads' as figure, 'qwen' as subject, 'lineage' as definition, 'requests' as unit"
        )
    shutil.rmtree(told.settings.published)
    assert times_after_publishing(told.settings) == datetime(2199, 1, 1, microsecond=1)


def test_a_commit_without_room_names_the_file_of_the_publication_and_leaves_the_former_one(
    settings: Settings,
) -> None:
    """The transaction itself speaks of the warehouse."""
    told = Story(settings)
    told.load(FIRST)
    told.publish()
    with writing(told.settings) as connection:
        connection.execute("create table marts.new as select md5(i::varchar) as x from range(100_000) r(i)")
    former = publications.current(told.settings).resolve()
    before = files_below(former)
    limit = (former / "modeltide.duckdb").stat().st_size + 300_000
    ours, theirs = CONTEXT.Pipe()
    start(with_room_for, theirs, limit, publish_again, told.settings).join()
    kind, text = ours.recv()
    assert kind == "PublishError"
    assert text.startswith(f"Cannot publish to {told.settings.published}: ")
    assert "modeltide.duckdb.wal" in text and "warehouse" not in text
    assert files_below(former) == before
    assert [*(told.settings.published / "versions").iterdir()] == [former]
    publish(told.settings)
    assert_published(told)


@pytest.mark.parametrize("refused", ["os.symlink", "os.link"])
@pytest.mark.parametrize("is_first", [True, False])
def test_a_file_system_without_links_is_one_clear_error_that_changes_nothing(
    told: Story, refused: str, is_first: bool
) -> None:
    if is_first:
        shutil.rmtree(told.settings.published)
    former = publications.current(told.settings).resolve()
    before = files_below(former)
    ours, theirs = CONTEXT.Pipe()
    start(publish_where, theirs, told.settings, refused).join()
    kind, text = ours.recv()
    assert kind == "PublishError"
    assert text == (
        f"{told.settings.published} is on a file system without symbolic or hard links, so nothing was "
        "published. Set MODELTIDE_HOME to a folder on one that has both, such as ext4, xfs or APFS."
    )
    assert files_below(former) == before
    assert [*(told.settings.published / "versions").iterdir()] == ([] if is_first else [former])
