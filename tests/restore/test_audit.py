"""The record is what snapshots/ must hold: what is lost is named and written again, or nothing is changed."""

import shutil
import signal
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from dagster_project.lib.archive.unobserved_days import drop_day, note_gap
from dagster_project.lib.errors import ModelTideError
from dagster_project.lib.hub.load_day import DayRejected, load_crawl
from dagster_project.lib.markets.vintages import Bar, Fetched, Restatement, read_stored, store
from dagster_project.lib.record import checksums
from dagster_project.lib.record.append import add_rows
from dagster_project.lib.record.snapshots import SnapshotError, hub_days
from dagster_project.lib.restore.rebuild import rebuild, up_to_date
from dagster_project.lib.settings import Settings
from dagster_project.lib.warehouse.connection import SecondRun
from dagster_project.lib.warehouse.raw_tables import (
    ALL_TABLES,
    EXCHANGE_SESSIONS,
    MODELS_DEV,
    MODELS_DEV_CATALOGUE,
    SCHEMA_VERSION,
)
from tests.faults.processes import CONTEXT, Moment, drop_a_day, start, write_a_database
from tests.heard import heard
from tests.landed import item, land, load, query, state
from tests.old_home import unpacked
from tests.past import load_archived, past_day, row

DAYS = ("2026-01-01", "2026-01-02", "2026-01-03", "2026-01-04")
SYMBOL = "BABA"
Lose = Callable[[Path], None]
DROPPING = [  # just before each of them: the pages go, the note is written and placed, the file goes
    Moment("os.rmdir", DAYS[1]),
    Moment("os.rename", ".sha256"),
    Moment("os.rename", ".parquet"),
    Moment("open", "snapshots/notes"),
    Moment("os.remove", ".parquet"),
]


def everything(settings: Settings) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every raw table that a rebuild restores, load ids and times included."""
    with duckdb.connect(str(settings.warehouse), read_only=True) as connection:
        return {
            table.name: connection.execute(f"from {table.full_name} order by all").fetchall()
            for table in ALL_TABLES
            if table != EXCHANGE_SESSIONS
        }


def rebuilt(settings: Settings) -> list[str]:
    with heard() as said:
        rebuild(settings)
    return said


def opened(settings: Settings) -> list[str]:
    with heard() as said, up_to_date(settings):
        pass
    return said


def bar(day: int, close: float) -> Bar:
    return Bar(date(2026, 1, day), close, close, close, close, close, 100, 0.0, 0.0)


def add_prices(settings: Settings, day: str, bars: list[Bar], *, is_restated: bool = False) -> None:
    """The bars of one fetch as the asset stores them."""
    now = datetime.fromisoformat(f"{day}T06:00:00").replace(tzinfo=UTC)
    with up_to_date(settings) as connection:
        stored = read_stored(connection, [SYMBOL])
        cause = {SYMBOL: Restatement(bars[0].session_date, 0.5, "split")} if is_restated else {}
        fetched = [Fetched(SYMBOL, "ok", None, bars, 0, "USD", "America/New_York")]
        store(connection, settings, now.date(), now, fetched, stored, cause)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Four days of models that come, go and change, three loads of prices, a restated past among them."""
    settings = Settings(home=tmp_path_factory.mktemp("prepared") / "data")
    first, second = item(1, safetensors={"total": 7}), item(2, downloadsAllTime=None)
    load(settings, DAYS[0], [first, second, item(3)])
    late = {**first, "gated": "manual", "lastModified": "2025-12-31T00:00:00Z"}
    load(settings, DAYS[1], [late, item(3), item(4)])
    load(settings, DAYS[2], [first, second, item(3, id="maker/renamed"), item(4)])
    load(settings, DAYS[3], [first, second, item(4, tags=None, usedStorage=5), item(5)])
    add_prices(settings, DAYS[0], [bar(1, 10.0)])
    add_prices(settings, DAYS[1], [bar(1, 10.0), bar(2, 11.0)])
    add_prices(settings, DAYS[2], [bar(1, 5.0), bar(2, 5.5), bar(3, 6.0)], is_restated=True)
    return settings


@pytest.fixture
def four_days(prepared: Settings, settings: Settings) -> Settings:
    shutil.copytree(prepared.home, settings.home)
    return settings


def file_of(settings: Settings, number: int) -> Path:
    return hub_days(settings)[number].path


def fetches(settings: Settings) -> list[Path]:
    return sorted((settings.snapshots / "prices").iterdir())


# ---- a file of a known load is lost --------------------------------------------------------------------

LOST_FILES: dict[str, Callable[[Settings], None]] = {
    "the second day": lambda s: file_of(s, 1).unlink(),
    "every day": lambda s: shutil.rmtree(s.snapshots / "hub"),
    "a day is empty": lambda s: file_of(s, 2).write_bytes(b""),
    "a day is cut": lambda s: file_of(s, 1).write_bytes(file_of(s, 1).read_bytes()[:-20]),
    "a fetch of prices": lambda s: shutil.rmtree(fetches(s)[1]),
    "a price file is empty": lambda s: (fetches(s)[0] / "price_bars.parquet").write_bytes(b""),
    "two fetches": lambda s: [shutil.rmtree(path) for path in fetches(s)[:2]] and None,
    "all prices": lambda s: shutil.rmtree(s.snapshots / "prices"),
    "everything": lambda s: shutil.rmtree(s.snapshots),
}


@pytest.mark.parametrize("lose", LOST_FILES.values(), ids=LOST_FILES)
@pytest.mark.parametrize("notice", [opened, rebuilt], ids=["an ordinary run", "a rebuild"])
def test_a_lost_file_is_named_and_written_again_from_the_warehouse(
    four_days: Settings, lose: Callable[[Settings], None], notice: Callable[[Settings], list[str]]
) -> None:
    before = everything(four_days)
    lose(four_days)
    said = notice(four_days)
    assert any("written again from the warehouse" in line and "2026-01-0" in line for line in said), said
    assert everything(four_days) == before
    four_days.warehouse.unlink()
    rebuilt(four_days)
    assert everything(four_days) == before, "the files alone give the same warehouse"
    assert opened(four_days) == []


def test_an_ordinary_run_says_source_day_and_file(four_days: Settings) -> None:
    path = file_of(four_days, 1)
    path.unlink()
    assert opened(four_days) == [
        f"hub of 2026-01-02: {path} is missing; it was written again from the warehouse"
    ]


def test_flipped_bytes_are_found_by_a_rebuild_and_the_damaged_file_is_kept(four_days: Settings) -> None:
    before = everything(four_days)
    path = file_of(four_days, 2)
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 0xFF
    path.write_bytes(content)
    said = rebuilt(four_days)
    assert any(f"{path} is not what was written: its checksum is another" in line for line in said)
    assert everything(four_days) == before
    assert path.with_name(path.name + ".damaged").read_bytes() == content
    assert opened(four_days) == [], "what was set aside is no stranger"


def test_a_day_that_lacks_groups_is_written_again_without_them(settings: Settings) -> None:
    load(settings, DAYS[0], [item(1, gated="auto")])
    load(settings, DAYS[2], [item(1, gated="manual")])
    load_archived(settings, DAYS[1], [row(1), row(2)])
    before = everything(settings)
    shutil.rmtree(settings.snapshots / "hub")
    opened(settings)
    settings.warehouse.unlink()
    rebuilt(settings)
    assert everything(settings) == before


def test_what_was_replaced_since_is_written_as_it_is_now(settings: Settings) -> None:
    """A price of 5, then 6, then 5 again on one day: the third load is lost, the second says 6."""
    for price in (5.0, 6.0, 5.0):
        offer = ("provider", "model", date(2026, 1, 1), True, "Model", True, None, price, price, 10)
        with up_to_date(settings) as connection:
            add_rows(connection, settings, MODELS_DEV, date(2026, 1, 1), {MODELS_DEV_CATALOGUE: [offer]})
    before = everything(settings)
    shutil.rmtree(sorted((settings.snapshots / MODELS_DEV.name).iterdir())[-1])
    opened(settings)
    settings.warehouse.unlink()
    rebuilt(settings)
    assert everything(settings) == before


def test_a_backup_that_is_copied_back_doubles_no_row(four_days: Settings, tmp_path: Path) -> None:
    """The newest load stands in for those that were lost; then all of them are there again."""
    before = everything(four_days)
    shutil.copytree(four_days.snapshots, tmp_path / "backup")
    shutil.rmtree(four_days.snapshots / "prices")
    opened(four_days)
    for name in ("prices", "checksums/prices"):
        for path in sorted((tmp_path / "backup" / name).iterdir())[:2]:
            place = four_days.snapshots / name / path.name
            shutil.rmtree(place) if place.is_dir() else place.unlink()
            path.rename(place)
    checksums._known.clear()  # another process would read them again
    four_days.warehouse.unlink()
    rebuilt(four_days)
    assert everything(four_days) == before


def test_one_day_that_cannot_be_written_again_costs_no_other(four_days: Settings) -> None:
    with duckdb.connect(str(four_days.warehouse)) as connection:
        connection.execute("delete from raw.hub_snapshots where snapshot_date = date '2026-01-01'")
        connection.execute("delete from raw.hub_model_counters where snapshot_date = date '2026-01-03'")
    for number in (3, 2, 1, 0):
        file_of(four_days, number).unlink()
    with pytest.raises(SnapshotError) as raised:
        opened(four_days)
    for part in ("2026-01-01", "has no row of 2026-01-01", "2026-01-03", "0 of its 4 models", "ACCEPT=1"):
        assert part in str(raised.value)
    assert [str(one.day) for one in hub_days(four_days)] == [DAYS[1], DAYS[3]]


def test_a_hub_file_under_another_name_is_no_load(four_days: Settings) -> None:
    path = file_of(four_days, 3)
    before = everything(four_days)
    renamed = path.rename(path.with_name("2026-01-05.20300101T000000_000000_1.parquet"))
    with pytest.raises(SnapshotError, match=rf"{renamed.name} .* it holds the load hub/2026-01-04\."):
        opened(four_days)
    renamed.unlink()
    opened(four_days)
    assert everything(four_days) == before


# ---- neither side has it --------------------------------------------------------------------------------


def test_a_damaged_load_that_no_warehouse_has_stops_and_says_what_to_do(four_days: Settings) -> None:
    path = file_of(four_days, 1)
    path.write_bytes(path.read_bytes()[:-20])
    four_days.warehouse.unlink()
    for work in (opened, rebuilt):
        with pytest.raises(SnapshotError, match=rf"{path.name}.*backup.*make rebuild ACCEPT=1") as raised:
            work(four_days)
        assert "\n" not in str(raised.value)
        assert path.exists()
    assert not four_days.warehouse.with_suffix(".rebuild").exists()
    rebuilt(replace(four_days, accept=True))
    assert [str(day) for (day,) in query(four_days, "select snapshot_date from raw.hub_snapshots")] == [
        DAYS[0], DAYS[2], DAYS[3],
    ]  # fmt: skip
    assert path.with_name(path.name + ".damaged").exists()


def forget_the_rows(settings: Settings) -> None:
    """A warehouse of an older version whose rows of a day cannot be written back as they are today."""
    with duckdb.connect(str(settings.warehouse)) as connection:
        connection.execute("update raw.schema_version set version = ?", [SCHEMA_VERSION - 1])
        connection.execute("alter table raw.hub_model_weights drop column gguf_parameters")


def test_a_rebuild_that_would_lose_a_day_refuses_and_changes_nothing(four_days: Settings) -> None:
    forget_the_rows(four_days)
    path = file_of(four_days, 1)
    path.unlink()
    before = four_days.warehouse.read_bytes()
    with pytest.raises(SnapshotError) as raised:
        rebuilt(four_days)
    for part in ("raw.loads of 2026-01-02", "raw.hub_snapshots of 2026-01-02", "make rebuild ACCEPT=1"):
        assert part in str(raised.value)
    assert four_days.warehouse.read_bytes() == before
    assert not four_days.warehouse.with_suffix(".rebuild").exists()
    rebuilt(replace(four_days, accept=True))
    assert len(query(four_days, "from raw.hub_snapshots")) == 3


def test_what_is_given_up_is_said(four_days: Settings) -> None:
    forget_the_rows(four_days)
    file_of(four_days, 1).unlink()
    said = rebuilt(replace(four_days, accept=True))
    assert any("raw.hub_model_counters of 2026-01-02: given up, because ACCEPT=1" in line for line in said)


def test_an_ordinary_run_sets_nothing_aside_also_when_it_accepts(four_days: Settings) -> None:
    """ACCEPT=1 of a run is about a day that was rejected."""
    path = file_of(four_days, 1)
    path.write_bytes(b"")
    four_days.warehouse.unlink()
    with pytest.raises(SnapshotError, match="make rebuild ACCEPT=1"):
        opened(replace(four_days, accept=True))
    assert path.exists()


def test_a_warehouse_of_a_newer_version_is_kept(four_days: Settings) -> None:
    with duckdb.connect(str(four_days.warehouse)) as connection:
        connection.execute("update raw.schema_version set version = ?", [SCHEMA_VERSION + 1])
        connection.execute("create table raw.of_tomorrow as select 1 as one")
    said = rebuilt(four_days)
    assert any("is of a newer version: nothing could be compared" in line for line in said)
    (kept,) = four_days.home.glob("warehouse.kept-*.duckdb")
    with duckdb.connect(str(kept), read_only=True) as connection:
        assert connection.execute("from raw.of_tomorrow").fetchall() == [(1,)]


def test_a_warehouse_that_another_program_holds_is_not_taken_for_a_damaged_one(four_days: Settings) -> None:
    ours, theirs = CONTEXT.Pipe()
    process = start(write_a_database, theirs, str(four_days.warehouse))
    try:
        ours.recv()
        with pytest.raises(SecondRun, match="is held by process"):
            rebuilt(four_days)
    finally:
        ours.send("enough")
        process.join()
    assert list(four_days.home.glob("warehouse.kept-*")) == []
    assert rebuilt(four_days)


def test_a_warehouse_of_a_version_without_a_list_of_loads_is_kept(four_days: Settings) -> None:
    before = everything(four_days)
    with duckdb.connect(str(four_days.warehouse)) as connection:
        connection.execute("update raw.schema_version set version = 0")
        connection.execute("drop table raw.loads")
    assert any("cannot be compared" in line for line in rebuilt(four_days))
    assert len(list(four_days.home.glob("warehouse.kept-*.duckdb"))) == 1
    assert everything(four_days) == before


def test_a_warehouse_of_an_older_version_gives_back_what_it_has(four_days: Settings) -> None:
    before = everything(four_days)
    with duckdb.connect(str(four_days.warehouse)) as connection:
        connection.execute("update raw.schema_version set version = ?", [SCHEMA_VERSION - 1])
    file_of(four_days, 1).unlink()
    shutil.rmtree(fetches(four_days)[1])
    said = rebuilt(four_days)
    assert sum("written again from the warehouse" in line for line in said) == 2
    assert everything(four_days) == before


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:5_000])


def overwrite(path: Path) -> None:
    path.write_bytes(b"no database")


def empty(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize("damage", [cut, overwrite, empty])
def test_an_unreadable_warehouse_is_kept_under_a_dated_name(four_days: Settings, damage: Lose) -> None:
    before = everything(four_days)
    damage(four_days.warehouse)
    kept = four_days.warehouse.read_bytes()
    with pytest.raises(ModelTideError, match=r"warehouse\.duckdb.*make rebuild"):
        opened(four_days)
    said = rebuilt(four_days)
    assert any("nothing could be compared" in line for line in said)
    (aside,) = four_days.home.glob("warehouse.kept-*.duckdb")
    assert any(aside.name in line for line in said)
    assert aside.read_bytes() == kept
    assert everything(four_days) == before


@pytest.mark.parametrize(
    "name", ["hub/notes.txt", "hub/2026-13-45.x.parquet", "prices/readme", "todo", "hub/folder/"]
)
def test_a_stray_file_is_named_and_left_alone(four_days: Settings, name: str) -> None:
    path = four_days.snapshots / name
    path.mkdir() if name.endswith("/") else path.write_text("mine")
    before = everything(four_days)
    for work in (opened, rebuilt):
        assert f"{path} is no load of Model Tide: it is left where it is and not read." in work(four_days)
    assert path.exists()
    assert everything(four_days) == before


# ---- days without rows ---------------------------------------------------------------------------------


def test_rejected_days_and_gaps_outlive_a_rebuild(four_days: Settings) -> None:
    with pytest.raises(DayRejected):
        load(four_days, "2026-01-05", [])
    with up_to_date(four_days) as connection:
        gap = past_day("2025-12-31", "archive", scope_id="top-50000-other")
        note_gap(connection, four_days, gap, "the archive has no revision of this day")
    before = everything(four_days)
    four_days.warehouse.unlink()
    rebuilt(four_days)
    assert everything(four_days) == before
    said = (
        "select snapshot_date, scope_id, provenance, reasons[1] from raw.hub_snapshots where not is_accepted"
    )
    assert query(four_days, f"{said} order by 1") == [
        (date(2025, 12, 31), "top-50000-other", "archive", "the archive has no revision of this day"),
        (date(2026, 1, 5), "top-50000-test", "observed", "the listing is empty"),
    ]


def test_a_rejected_day_that_is_accepted_later_has_one_file(settings: Settings) -> None:
    load(settings, DAYS[0], [item(n) for n in range(1, 11)])
    with pytest.raises(DayRejected):
        load(settings, DAYS[1], [item(1)])
    crawl = land(settings, DAYS[1], [item(1)])
    accepting = replace(settings, accept=True)
    with up_to_date(accepting) as connection:
        load_crawl(connection, crawl, accepting)
    assert len(list((settings.snapshots / "hub").iterdir())) == 2
    assert query(settings, "select is_accepted from raw.hub_snapshots order by snapshot_date") == [
        (True,), (True,),
    ]  # fmt: skip


def test_an_observed_day_is_removed_for_good_only_when_that_is_said(four_days: Settings) -> None:
    day = date.fromisoformat(DAYS[1])
    accepting = replace(four_days, accept=True)
    with up_to_date(accepting) as connection:
        assert drop_day(connection, accepting, day) == "observed"
    found = state(four_days)
    assert {row[1] for row in found["hub_model_counters"]} == {date(2026, 1, n) for n in (1, 3, 4)}
    assert query(four_days, "select provenance, reasons from raw.hub_snapshots where not is_accepted") == [
        ("removed", ["removed for good by make drop, with 3 models"])
    ]
    assert not (four_days.landing / "hub" / DAYS[1]).exists()
    before = everything(four_days)
    rebuilt(four_days)
    assert everything(four_days) == before
    four_days.warehouse.unlink()
    rebuilt(four_days)
    assert everything(four_days) == before


@pytest.mark.parametrize("moment", DROPPING, ids=str)
def test_a_drop_of_an_observed_day_that_was_killed_is_done_or_not_begun(
    four_days: Settings, moment: Moment
) -> None:
    settings, day = replace(four_days, accept=True), date.fromisoformat(DAYS[1])
    before = everything(settings)
    process = start(drop_a_day, settings, day, moment)
    process.join()
    assert process.exitcode == -signal.SIGKILL, "the moment never came"
    opened(settings)
    if query(settings, "from raw.hub_model_counters where snapshot_date = ?", day):
        assert everything(settings) == before
    else:
        noted = query(settings, "select provenance from raw.hub_snapshots where not is_accepted")
        assert noted == [("removed",)]
        assert not (settings.landing / "hub" / DAYS[1]).exists()
    assert list(settings.snapshots.rglob("*.tmp")) == []
    assert len([*settings.snapshots.glob("hub/*"), *settings.snapshots.glob("notes/*")]) == 4
    known = everything(settings)
    settings.warehouse.unlink()
    rebuilt(settings)
    assert everything(settings) == known


def test_a_drop_of_an_archived_day_that_was_killed_after_its_commit_does_not_come_back(
    settings: Settings,
) -> None:
    load(settings, DAYS[0], [item(1)])
    load_archived(settings, DAYS[1], [row(1), row(2)])
    process = start(drop_a_day, settings, date.fromisoformat(DAYS[1]), Moment("os.remove", ".tmp"))
    process.join()
    assert process.exitcode == -signal.SIGKILL, "the moment never came"
    for work in (opened, rebuilt):
        work(settings)
        assert query(settings, "select snapshot_date from raw.hub_snapshots") == [(date(2026, 1, 1),)]
    assert list(settings.snapshots.rglob("*.tmp")) == []


# ---- order and clocks ----------------------------------------------------------------------------------


def test_load_ids_go_on_when_the_clock_was_set_back(four_days: Settings) -> None:
    """A load of the future is known; what comes after it sorts after it, and a rebuild agrees."""
    with up_to_date(four_days) as connection:
        connection.execute(
            "update raw.loads set load_id = '20991231T235959_999999_1' where source = 'prices' and load_id = "
            "(select max(load_id) from raw.loads where source = 'prices')"
        )
    newest = fetches(four_days)[-1]
    renamed = newest.rename(newest.with_name(f"{DAYS[2]}.20991231T235959_999999_1"))
    checksums.forget(four_days.snapshots, f"prices/{newest.name}")
    add_prices(four_days, DAYS[3], [bar(3, 6.0), bar(4, 7.0)])
    (last,) = set(fetches(four_days)) - {renamed} - set(fetches(four_days)[:2])
    assert last.name.startswith(f"{DAYS[3]}.21000101T000000_000000_")
    before = everything(four_days)
    four_days.warehouse.unlink()
    rebuilt(four_days)
    assert everything(four_days) == before


# ---- homes of an earlier version -----------------------------------------------------------------------


def test_a_home_of_the_build_before_checksums_is_filled_in(tmp_path: Path) -> None:
    settings = unpacked(tmp_path)
    before = everything(settings)
    assert checksums.said(settings.snapshots) == set()
    assert all("written again" not in line for line in opened(settings))
    assert {f"{source}/{day}.{load_id}" for source, day, load_id in query(settings, "from raw.loads")} == (
        checksums.said(settings.snapshots)
    )
    after = everything(settings)
    noted = [load for load in after["loads"] if load not in before["loads"]]
    assert sorted(str(day) for _, day, _ in noted) == ["2025-12-20", "2026-01-18"], (
        "its gap, its rejected day"
    )
    for table, rows in before.items():
        if table != "loads":  # columns that came later stand last, without a value
            assert after[table] == [(*row, *[None] * (len(after[table][0]) - len(row))) for row in rows], (
                table
            )
    settings.warehouse.unlink()
    rebuilt(settings)
    assert everything(settings) == after


@pytest.mark.parametrize("work", [opened, rebuilt])
def test_a_home_of_the_build_before_checksums_gets_lost_files_back(
    tmp_path: Path, work: Callable[[Settings], list[str]]
) -> None:
    settings = unpacked(tmp_path)
    undisturbed = unpacked(tmp_path / "undisturbed")
    opened(undisturbed)
    file_of(settings, 2).unlink()
    (fetches(settings)[0] / "price_bars.parquet").write_bytes(b"")
    assert sum("written again" in line for line in work(settings)) == 2
    assert everything(settings) == everything(undisturbed)
    settings.warehouse.unlink()
    rebuilt(settings)
    assert everything(settings) == everything(undisturbed)


def test_content_that_was_changed_before_there_were_checksums_gets_none(tmp_path: Path) -> None:
    """Closing prices that the warehouse does not have, and a repository that was renamed in a file."""
    settings = unpacked(tmp_path)
    undisturbed = unpacked(tmp_path / "undisturbed")
    opened(undisturbed)
    for path, change in (
        (fetches(settings)[0] / "price_bars.parquet", "replace (close * 2 as close)"),
        (file_of(settings, 2), "replace ('maker/another' as repo_id)"),
    ):
        with duckdb.connect() as connection:
            rows = f"(select * {change} from read_parquet('{path}'))"
            connection.execute(f"copy {rows} to '{path}.changed' (format parquet)")
        path.with_name(f"{path.name}.changed").replace(path)
    assert sum("written again" in line for line in opened(settings)) == 2
    settings.warehouse.unlink()
    rebuilt(settings)
    assert everything(settings) == everything(undisturbed)


def test_a_file_that_is_unlike_the_warehouse_gets_no_checksum(tmp_path: Path) -> None:
    """Another day's counters under the name of a day: readable, and not what was loaded."""
    settings = unpacked(tmp_path)
    shutil.copyfile(file_of(settings, 3), file_of(settings, 2))
    before = everything(settings)["hub_model_counters"]
    (line,) = [line for line in opened(settings) if "written again" in line]
    assert "does not hold what the warehouse has of the day" in line
    settings.warehouse.unlink()
    rebuilt(settings)
    assert everything(settings)["hub_model_counters"] == before
