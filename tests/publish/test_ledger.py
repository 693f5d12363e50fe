"""The record of headline figures: what somebody cited is found again, whatever happens in between."""

import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from dagster_project.lib.publish.file import Published, publish
from dagster_project.lib.restore.rebuild import rebuild
from dagster_project.lib.settings import Settings
from dagster_project.lib.warehouse.connection import writing
from tests.faults.processes import Moment, publish_again, start

DAY = date(2026, 1, 14)
BEFORE_THE_RECORD = Moment("os.mkdir", ".tmp")  # the published file is in place by then


def judge(settings: Settings, **figures: float | None) -> None:
    """Build the two marts of a day with these figures, as dbt would."""
    with writing(settings) as connection:
        connection.execute("create schema if not exists marts")
        connection.execute("delete from raw.hub_snapshots")
        connection.execute(
            "insert into raw.hub_snapshots by name select ? as snapshot_date, 'top' as scope, "
            "'top-1-x' as scope_id, true as is_accepted, 'live' as origin",
            [DAY],
        )
        connection.execute(
            "create or replace table marts.fct_headlines (about_date date, figure varchar, subject varchar, "
            "definition varchar, value double, value_text varchar, unit varchar)"
        )
        connection.executemany(
            "insert into marts.fct_headlines values (?, ?, 'qwen', 'lineage', ?, null, 'requests')",
            [[DAY, figure, value] for figure, value in figures.items()],
        )
        connection.execute("create or replace view marts.fct_headline_history as from raw.headline_figures")


def history(path: Path) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(path), read_only=True) as connection:
        return connection.execute(
            "select figure, value, published_at from fct_headline_history order by published_at, figure"
        ).fetchall()


def recorded(settings: Settings) -> list[tuple[Any, ...]]:
    with writing(settings) as connection:
        return connection.execute(
            "select figure, value, published_at from raw.headline_figures order by published_at, figure"
        ).fetchall()


def published_at(made: Published) -> Any:
    with duckdb.connect(str(made.path), read_only=True) as connection:
        return connection.execute("select published_at from about").fetchall()[0][0]


def test_a_figure_is_kept_with_the_time_of_the_publication_that_said_it(settings: Settings) -> None:
    judge(settings, downloads=700e6)
    made = publish(settings)
    assert history(made.path) == recorded(settings) == [("downloads", 700e6, published_at(made))]
    parquet = made.path.parent / "parquet" / "fct_headline_history.parquet"
    assert duckdb.read_parquet(str(parquet)).fetchall()[0][8] == 700e6


def test_the_same_published_twice_is_said_once(settings: Settings) -> None:
    judge(settings, downloads=700e6, share=None)
    first = history(publish(settings).path)
    judge(settings, downloads=700e6 * (1 + 1e-12), share=None)
    again = publish(settings)
    assert again.new_headlines == 0
    assert history(again.path) == first
    assert len(list((settings.snapshots / "headlines").iterdir())) == 1


@pytest.mark.parametrize(("said", "judged"), [(700e6, 690e6), (700e6, None), (None, 690e6), (0.0, 1.0)])
def test_a_day_that_is_judged_anew_leaves_what_was_said_of_it(
    settings: Settings, said: float | None, judged: float | None
) -> None:
    judge(settings, downloads=said, models=400.0)
    publish(settings)
    judge(settings, downloads=judged, models=400.0)
    made = publish(settings)
    rows = [(figure, value) for figure, value, _ in history(made.path)]
    assert rows == [("downloads", said), ("models", 400.0), ("downloads", judged)]
    assert recorded(settings) == history(made.path)


def test_a_rebuild_from_snapshots_keeps_what_was_said(settings: Settings) -> None:
    judge(settings, downloads=700e6)
    publish(settings)
    judge(settings, downloads=690e6)
    publish(settings)
    before = recorded(settings)
    settings.warehouse.unlink()
    rebuild(settings)
    assert recorded(settings) == before
    judge(settings, downloads=690e6)
    assert publish(settings).new_headlines == 0


def test_what_a_kill_after_the_swap_kept_from_the_record_is_recorded_by_the_next_publication(
    settings: Settings,
) -> None:
    judge(settings, downloads=700e6)
    killed = start(publish_again, settings, BEFORE_THE_RECORD)
    killed.join()
    assert killed.exitcode == -9
    said = history(settings.published / "modeltide.duckdb")
    assert [row[:2] for row in said] == [("downloads", 700e6)]
    assert recorded(settings) == []
    judge(settings, downloads=690e6)
    made = publish(settings)
    assert [row[:2] for row in history(made.path)] == [("downloads", 700e6), ("downloads", 690e6)]
    assert history(made.path)[:1] == said
    assert recorded(settings) == history(made.path)


def test_a_program_that_holds_the_published_file_for_writing_stops_no_publication(
    settings: Settings,
) -> None:
    """DBeaver does, unless it is told to open files read-only."""
    judge(settings, downloads=700e6)
    path = publish(settings).path
    script = f"import duckdb; c = duckdb.connect({str(path)!r}); print('open', flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None and holder.stdout.readline() == b"open\n"
        judge(settings, downloads=690e6)
        rows = history(publish(settings).path)
        holder.communicate(b"\n")
    assert [row[1] for row in rows] == [700e6, 690e6]


def test_a_damaged_publication_is_replaced_and_the_record_stands(settings: Settings) -> None:
    judge(settings, downloads=700e6)
    made = publish(settings)
    before = recorded(settings)
    made.path.write_bytes(b"half of it")
    assert history(publish(settings).path) == before
