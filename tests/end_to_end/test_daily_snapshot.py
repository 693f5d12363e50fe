"""The production job against the embedded upstreams, as `make run` runs it.

Belongs here: what a good day publishes, and that the same day again changes nothing.
Does not belong here: days that go wrong, and warehouses that are restored (test_bad_days).
"""

import os
from datetime import date
from unittest.mock import patch

import dagster as dg
import duckdb
import pytest

from dagster_project import runs
from dagster_project.lib.report import words
from dagster_project.lib.sql_models.plan import FOUND, digests
from dagster_project.lib.sql_models.project import manifest
from tests.worlds.homes import (
    FIRST,
    SECOND,
    World,
    contents,
    last_line,
    latest_check,
)

NEED_WEEKS = ("fct_openness_changes", "fct_concentration_daily")  # a 28-day flow, a change to see
from tests.rows import assert_tables_equal


def test_every_table_is_published_with_rows_and_says_that_it_is_synthetic(world: World) -> None:
    assert world.ask("select snapshot_date, provenance, snapshots from about") == [(SECOND, "synthetic", 2)]
    counts = dict(world.ask("from about_tables"))
    empty = {table for table, rows in counts.items() if rows == 0}
    assert empty <= {"fct_missing_sessions", "fct_price_restatements", "fct_changes_daily", *NEED_WEEKS}
    assert {"dim_models", "fct_model_growth_daily", "fct_openness_daily", "fct_ticker_returns_daily"} <= {
        *counts
    }
    for table, rows in counts.items():
        parquet = world.settings.published / "parquet" / table
        files = f"{parquet}/*.parquet" if parquet.is_dir() else f"{parquet}.parquet"
        with duckdb.connect() as connection:
            read = connection.execute(f"select count(*) from read_parquet('{files}')").fetchall()
        assert read == [(rows,)], table


def test_the_report_of_the_day_is_written_after_the_publication(world: World) -> None:
    text = (world.settings.published / "report.html").read_text()
    assert f"Snapshot of {words.day(SECOND)}" in text
    assert "Synthetic data." in text
    assert "could not be made" not in text


def test_every_published_column_says_what_it_is(world: World) -> None:
    silent = world.ask(
        "select table_name, column_name from duckdb_columns() "
        "where comment is null and not internal and database_name = current_database()"
    )
    assert silent == []


def test_a_published_model_has_the_upstreams_own_numbers(world: World) -> None:
    biggest = world.ask("select repo_id, downloads_30d from dim_models order by downloads_30d desc limit 1")
    from huggingface_hub import HfApi

    world.morning(SECOND)
    listed = next(
        iter(HfApi(endpoint=world.upstream.url, token=False).list_models(sort="downloads", limit=1))
    )
    assert biggest == [(listed.id, listed.downloads)]


def test_another_day_is_refused_in_one_line_and_nothing_is_written(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    digest = world.digest()
    assert world.run("run", "--day", "2026-01-20") == 1
    error = last_line(capsys)
    assert "The Hub's day is 2026-01-15, not 2026-01-20" in error
    assert not (world.settings.landing / "hub" / "2026-01-20").exists()
    assert world.digest() == digest


def test_every_number_of_a_source_that_asks_for_it_says_where_it_is_from(world: World) -> None:
    attributed = dict(world.ask("select data_source, attribution from about_sources"))
    assert attributed["openrouter_tokens"].startswith(
        "Source: OpenRouter (openrouter.ai/rankings), as of 2026"
    )
    assert world.ask(
        "select count(*) from fct_open_vs_closed_daily where value is not null and source is null"
    ) == [(0,)]


def test_the_job_says_in_its_log_how_each_page_went(world: World) -> None:
    with patch.dict(os.environ, world.environment), runs.dagster_instance(world.settings) as instance:
        run = instance.get_runs(limit=None)[-1]
        lines = [record.message for record in instance.all_logs(run.run_id)]
    pages = [line for line in lines if line.startswith("page 0 (top): ")]
    assert pages
    assert "a second, quota left " in pages[0]


def test_more_licences_are_known_by_their_cards_than_by_tags(world: World) -> None:
    known = dict(
        world.ask(
            "select licence_evidence, count(*) from dim_models "
            "where licence_id = 'other' and licence_class <> 'L0' group by 1"
        )
    )
    assert known["license_name on card"] > known.get("license_name tag", 0)


def test_a_second_load_of_a_day_changes_nothing_and_a_reader_with_an_old_connection_reads_on(
    world: World,
) -> None:
    before = contents(world, is_asked_again=True)
    with duckdb.connect(str(world.published), read_only=True) as reader:
        published_at = reader.execute("select published_at from about").fetchall()
        assert world.run("run", "--day", SECOND.isoformat()) == 0
        assert reader.execute("select published_at from about").fetchall() == published_at
    assert world.ask("select published_at from about") > published_at
    assert_tables_equal(contents(world, is_asked_again=True), before)


def test_a_whole_build_says_what_each_model_is_built_from(world: World) -> None:
    with duckdb.connect(str(world.settings.warehouse), read_only=True) as connection:
        recorded = dict(connection.execute("select node, built_from from intermediate.builds").fetchall())
    for name, digest in digests(manifest()).items():
        assert recorded[name] in (" ".join(digest), FOUND)


def test_a_pass_over_cards_that_is_refused_leaves_a_status_row_and_the_run_ends_well(world: World) -> None:
    """The first pass is of the first day, so one is due a week later, and asked for until it succeeds."""
    later = [date(2026, 1, 20), date(2026, 1, 21), date(2026, 1, 22)]
    for day in later:
        world.upstream.refuses_cards = day != later[-1]
        world.land(day)
        if day == later[1]:
            check = latest_check(world, "licence_card_passes", "licence_cards_answered")
    assert (check.passed, check.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert "answered 403" in check.description and "the next run asks again" in check.description
    assert latest_check(world, "licence_card_passes", "licence_cards_answered").passed
    with duckdb.connect(str(world.settings.warehouse), read_only=True) as connection:
        passes = connection.execute(
            "select snapshot_date, status from raw.licence_card_passes order by 1"
        ).fetchall()
        listed = connection.execute(
            "select count(*) from raw.hub_snapshots where is_accepted and list_contains(?, snapshot_date)",
            [later],
        ).fetchall()
    assert passes == [(FIRST, "ok"), (later[1], "error"), (later[2], "ok")]
    assert listed == [(3,)]
