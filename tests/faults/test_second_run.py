"""One writer at a time: a second run ends at once, in one line that says what to do."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dagster_project.lib.publish.file import publish
from dagster_project.lib.restore.rebuild import rebuild, up_to_date
from dagster_project.lib.seeds.tables import load_seeds
from dagster_project.lib.settings import Settings
from dagster_project.lib.warehouse.connection import SecondRun, exclusive, writing
from tests.faults.processes import CONTEXT, hold_the_lock, read_a_database, start
from tests.landed import files_below, item, load


@contextmanager
def another(work: Any, *arguments: Any) -> Iterator[Any]:
    """Another process that has what it wants and keeps it."""
    ours, theirs = CONTEXT.Pipe()
    process = start(work, theirs, *arguments)
    try:
        assert ours.poll(20), "the other process did not get what it wanted"
        ours.recv()
        yield process
    finally:
        process.kill()
        process.join()


@pytest.mark.parametrize("open_again", [exclusive, writing, up_to_date, publish, rebuild])
def test_a_second_run_ends_at_once_in_one_line_that_names_the_first(
    settings: Settings, open_again: Any
) -> None:
    load(settings, "2026-01-01", [item(1)])
    before = files_below(settings.home)
    with another(hold_the_lock, settings) as process:
        started = time.monotonic()
        with pytest.raises(SecondRun) as raised:
            opened = open_again(settings)
            with opened:
                pass
        assert time.monotonic() - started < 1
        assert f"process {process.pid}" in str(raised.value)
        assert str(settings.home) in str(raised.value)
        assert "\n" not in str(raised.value)
    after = files_below(settings.home)
    assert {**before, ".lock": b""} == {**after, ".lock": b""}


def test_a_killed_run_leaves_no_lock_behind(settings: Settings) -> None:
    with another(hold_the_lock, settings) as process:
        process.kill()
        process.join()
        load(settings, "2026-01-01", [item(1)])
    assert (settings.home / ".lock").read_text() == str(os.getpid())


def test_another_data_home_is_free(settings: Settings, tmp_path: Path) -> None:
    with another(hold_the_lock, settings):
        load(replace(settings, home=tmp_path / "other"), "2026-01-01", [item(1)])


def test_a_reader_of_the_warehouse_stops_a_run_with_advice(settings: Settings) -> None:
    load(settings, "2026-01-01", [item(1)])
    with another(read_a_database, str(settings.warehouse)):
        with pytest.raises(SecondRun) as raised:
            load(settings, "2026-01-02", [item(1)])
        assert str(settings.warehouse) in str(raised.value)
        assert "published/modeltide.duckdb" in str(raised.value)
        assert "\n" not in str(raised.value)
    assert load(settings, "2026-01-02", [item(1)]).row_count == 1


def test_a_reader_of_the_published_file_neither_blocks_nor_is_blocked(settings: Settings) -> None:
    load(settings, "2026-01-01", [item(1)])
    with up_to_date(settings) as connection:
        load_seeds(connection, settings)
    path = publish(settings).path
    with another(read_a_database, str(path)) as process:
        load(settings, "2026-01-02", [item(1)])
        assert publish(settings).snapshot_date.day == 2
        assert process.is_alive()


def test_a_run_may_open_its_own_home_twice(settings: Settings) -> None:
    """An asset holds the home while the function that it calls takes it again."""
    with exclusive(settings):
        load(settings, "2026-01-01", [item(1)])
        with another_is_refused(settings):
            pass


@contextmanager
def another_is_refused(settings: Settings) -> Iterator[None]:
    """The inner end has not given the home away."""
    ours, theirs = CONTEXT.Pipe()
    process = start(hold_the_lock, theirs, settings)
    process.join()
    assert process.exitcode == 1
    assert not ours.poll()
    yield
