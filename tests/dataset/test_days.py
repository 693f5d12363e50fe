"""The record as a tar for each day and a list: what differs, what lacks, and what comes out of a tar."""

import shutil
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from dagster_project.lib.dataset import days
from dagster_project.lib.dataset.days import Record, RecordError
from dagster_project.lib.record.append import add_rows
from dagster_project.lib.record.checksums import Checksum
from dagster_project.lib.settings import Settings
from dagster_project.lib.warehouse.connection import writing
from dagster_project.lib.warehouse.raw_tables import HEADLINE_FIGURES, HEADLINES, HUB_TABLES

DAYS = (date(2026, 1, 14), date(2026, 1, 15))


def said(*loads: str) -> Record:
    return {load: {f"{load}.parquet": Checksum(1, "0" * 64)} for load in loads}


@pytest.fixture
def recorded(settings: Settings) -> Settings:
    """A home with a load on each of two days."""
    with writing(settings) as connection:
        for day in DAYS:
            at = datetime(day.year, day.month, day.day, 6, tzinfo=UTC).replace(tzinfo=None)
            row = {"published_at": at, "snapshot_date": day, "provenance": "live", "figure": "one"}
            rows = [tuple(row.get(name) for name in HEADLINE_FIGURES.column_names)]
            add_rows(connection, settings, HEADLINES, day, {HEADLINE_FIGURES: rows})
    return settings


def packed(settings: Settings, folder: Path) -> dict[str, Path]:
    folder.mkdir(exist_ok=True)
    return days.pack(settings, days.held_by(settings), [str(day) for day in DAYS], folder)


def restored(archives: dict[str, Path], home: Path) -> Settings:
    """A new home with what the tars of the list hold."""
    settings = Settings(home=home)
    record = days.read_list(archives[days.LIST].read_text(), "the list")
    for day, loads in days.days_of(record).items():
        days.unpack(settings, archives[days.tar_of(day)], loads)
    return settings


def test_what_is_packed_and_unpacked_is_the_record(recorded: Settings, tmp_path: Path) -> None:
    there = restored(packed(recorded, tmp_path / "tars"), tmp_path / "there")
    assert days.held_by(there) == days.held_by(recorded) != {}
    for path in recorded.snapshots.rglob("*.*"):
        if path.is_file():
            assert (there.snapshots / path.relative_to(recorded.snapshots)).read_bytes() == path.read_bytes()


def test_a_day_is_the_same_tar_whenever_it_is_packed(recorded: Settings, tmp_path: Path) -> None:
    first = {name: path.read_bytes() for name, path in packed(recorded, tmp_path / "first").items()}
    for path in recorded.snapshots.rglob("*.parquet"):
        path.touch()
    shutil.copytree(recorded.snapshots, tmp_path / "moved" / "snapshots")
    moved = packed(Settings(home=tmp_path / "moved"), tmp_path / "second")
    assert {name: path.read_bytes() for name, path in moved.items()} == first


def test_a_load_that_is_not_what_the_list_says_is_not_put_in_place(
    recorded: Settings, tmp_path: Path
) -> None:
    archives = packed(recorded, tmp_path / "tars")
    tar = archives[days.tar_of(str(DAYS[1]))]
    content = tar.read_bytes()
    tar.write_bytes(content.replace(b"PAR1", b"PAR2", 1))
    with pytest.raises(RecordError, match=r"headlines/2026-01-15\.\w+ was not restored: .* its checksum"):
        restored(archives, tmp_path / "there")
    assert {days.day_of(load) for load in days.held_by(Settings(home=tmp_path / "there"))} == {str(DAYS[0])}


def test_a_day_whose_tar_is_missing_or_cut_is_not_put_in_place(recorded: Settings, tmp_path: Path) -> None:
    archives = packed(recorded, tmp_path / "tars")
    archives[days.tar_of(str(DAYS[0]))].write_bytes(b"no tar")
    with pytest.raises(RecordError, match=r"was not restored: .* is missing. Type `make pull` again"):
        restored(archives, tmp_path / "cut")
    archives[days.tar_of(str(DAYS[0]))].unlink()
    with pytest.raises(RecordError, match=r"was not restored: .* is missing. Type `make pull` again"):
        restored(archives, tmp_path / "missing")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no list",
        "# 1 bytes\n" + "0" * 64 + "  ../../outside/2026-01-14.1.parquet\n",
        "# 1 bytes\n" + "0" * 64 + "  hub/2026-01-14.1/../../outside.parquet\n",
    ],
)
def test_a_list_that_is_none_or_leads_outside_is_refused(text: str) -> None:
    with pytest.raises(RecordError, match="is no list of a record"):
        days.read_list(text, "the dataset")


def test_a_load_that_ours_have_not_is_lacking() -> None:
    assert days.lacking(said("npm_installs/2026-01-14.1"), said("npm_installs/2026-01-14.2")) == [
        "npm_installs/2026-01-14.1"
    ]


@pytest.mark.parametrize(
    ("theirs", "ours", "lacking"),
    [
        ("hub/2026-01-14.1", "hub/2026-01-14.2", []),
        ("hub/2026-01-14.1", "notes/2026-01-14.2", []),
        ("hub/2026-01-14.2", "hub/2026-01-14.1", ["hub/2026-01-14.2"]),
        ("hub/2026-01-14.1", "hub/2026-01-15.2", ["hub/2026-01-14.1"]),
    ],
)
def test_a_later_load_of_a_day_of_the_hub_takes_the_place_of_an_earlier_one(
    theirs: str, ours: str, lacking: list[str]
) -> None:
    assert days.lacking(said(theirs), said(ours)) == lacking


def test_a_day_is_changed_if_a_load_of_it_is_new_gone_or_other() -> None:
    there = said("npm_installs/2026-01-14.1", "npm_installs/2026-01-15.1", "npm_installs/2026-01-16.1")
    ours = said("npm_installs/2026-01-14.1", "npm_installs/2026-01-15.1", "npm_installs/2026-01-15.2")
    ours["npm_installs/2026-01-14.1"] = {"npm_installs/2026-01-14.1.parquet": Checksum(1, "1" * 64)}
    assert days.changed(there, ours) == ["2026-01-14", "2026-01-15", "2026-01-16"]
    assert days.changed(ours, ours) == []


def test_a_load_may_be_passed_on_if_all_of_its_tables_may() -> None:
    free = frozenset({*(table.name for table in HUB_TABLES), "price_fetches", "price_vintages"})
    record = said("hub/2026-01-14.1", "notes/2026-01-15.1", "prices/2026-01-14.1", "headlines/2026-01-14.1")
    assert set(days.redistributable(record, free)) == {"hub/2026-01-14.1", "notes/2026-01-15.1"}
