"""The production job against the embedded upstreams, day after day, as `make run` runs it."""

import hashlib
import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest

from dagster_project import cli
from dagster_project.lib.settings import Settings
from dagster_project.upstream.faults import CATALOGUE_PATH
from dagster_project.upstream.server import Answer, Upstream

NEED_WEEKS = ("fct_openness_changes", "fct_concentration_daily")  # a 28-day flow, a change to see
FIRST, SECOND, THIRD, FOURTH = (date(2026, 1, day) for day in (14, 15, 16, 17))


class Hub(Upstream):
    """The embedded upstreams, which may refuse to hand out cards."""

    refuses_cards = False

    def answer(self, target: str, headers: Any) -> Answer:
        if self.refuses_cards and "filter=" in target:
            return Answer(403, b'{"error":"no cards today"}')
        return super().answer(target, headers)


class World:
    """A data home, the upstreams, and `make run` as a user types it."""

    def __init__(self, home: Path, upstream: Hub) -> None:
        self.upstream = upstream
        self.environment = {"MODELTIDE_HOME": str(home), **upstream.environment}
        self.settings = Settings.from_environment(self.environment)
        self.published = self.settings.published / "modeltide.duckdb"

    def morning(self, day: date) -> None:
        self.upstream.set_now(datetime(day.year, day.month, day.day, 6, tzinfo=UTC))

    def run(self, *arguments: str, **environment: str) -> int:
        with environment_of({**self.environment, **environment}):
            return cli.main(list(arguments) or ["run"])

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.published), read_only=True) as connection:
            return connection.execute(sql).fetchall()

    def digest(self) -> str:
        return hashlib.sha256(self.published.read_bytes()).hexdigest()


@contextmanager
def environment_of(values: dict[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(values)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Two days snapshotted, then built and published."""
    with Hub(models=2_500, quota=1_000_000) as upstream:
        made = World(tmp_path_factory.mktemp("home") / "data", upstream)
        made.morning(FIRST)
        with environment_of(made.environment), cli.dagster_instance(made.settings) as instance:
            cli.execute_job("land_and_load", instance, FIRST, made.settings)
        made.morning(SECOND)
        assert made.run() == 0
        yield made


def test_every_table_is_published_with_rows_and_says_that_it_is_synthetic(world: World) -> None:
    assert world.ask("select snapshot_date, provenance, snapshots from about") == [(SECOND, "synthetic", 2)]
    counts = dict(world.ask("from about_tables"))
    empty = {table for table, rows in counts.items() if rows == 0}
    assert empty <= {"fct_missing_sessions", "fct_price_restatements", *NEED_WEEKS}
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
    assert "Snapshot of 15 January 2026" in text
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


def test_a_second_load_of_a_day_changes_nothing_and_a_reader_with_an_old_connection_reads_on(
    world: World,
) -> None:
    before = contents(world, STATED_ANEW)
    with duckdb.connect(str(world.published), read_only=True) as reader:
        published_at = reader.execute("select published_at from about").fetchall()
        assert world.run("run", "--day", SECOND.isoformat()) == 0
        assert reader.execute("select published_at from about").fetchall() == published_at
    assert world.ask("select published_at from about") > published_at
    assert_equal(contents(world, STATED_ANEW), before)


def test_another_day_is_refused_in_one_line_and_nothing_is_written(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    digest = world.digest()
    assert world.run("run", "--day", "2026-01-20") == 1
    error = last_line(capsys)
    assert "The Hub's day is 2026-01-15, not 2026-01-20" in error
    assert not (world.settings.landing / "hub" / "2026-01-20").exists()
    assert world.digest() == digest


def test_a_day_with_too_few_models_leaves_yesterdays_publication_and_can_be_accepted(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.morning(THIRD)
    digest = world.digest()
    world.upstream.faults.add("missing", fraction=0.3)
    try:
        assert world.run() == 1
    finally:
        world.upstream.faults.clear()
    assert f"{THIRD} was not accepted" in last_line(capsys)
    assert world.digest() == digest
    assert world.run("run", "--day", THIRD.isoformat(), REFETCH="1") == 0
    assert world.ask("select snapshot_date from about") == [(THIRD,)]


def test_a_price_source_that_is_down_leaves_status_rows_and_the_run_ends_well(world: World) -> None:
    world.morning(THIRD)
    assert world.run("run", YAHOO_ENDPOINT="http://127.0.0.1:9") == 0
    with duckdb.connect(str(world.settings.warehouse), read_only=True) as connection:
        status = connection.execute(
            "select status, count(*) from raw.price_fetches where snapshot_date = ? group by 1", [THIRD]
        ).fetchall()
    assert status == [("error", len(seeded_symbols(world)))]
    check = latest_check(world, "price_fetches", "every_symbol_answered")
    assert check is not None
    assert (check.passed, check.severity) == (False, dg.AssetCheckSeverity.WARN)


def test_small_sources_that_fail_leave_reasons_in_the_marts_and_the_run_ends_well(world: World) -> None:
    """Nobody answers for packages, the catalogue is a valid answer without a model, there is no key."""
    world.morning(FOURTH)
    world.upstream.faults.add("no_rows", path=CATALOGUE_PATH)
    nobody = "http://127.0.0.1:9"
    assert world.run("run", NPM_ENDPOINT=nobody, PYPISTATS_ENDPOINT=nobody, OPENROUTER_API_KEY="") == 0
    assert dict(
        world.ask(
            f"select data_source, statuses from fct_source_status_daily where snapshot_date = '{FOURTH}'"
        )
    ) == {
        "models_dev_catalogue": "empty",
        "npm_installs": "error",
        "openrouter_tokens": "no_key",
        "pypi_installs": "error",
    }
    for source, table in (
        ("models_dev_catalogue", "models_dev_fetches"), ("npm_installs", "npm_fetches"),
        ("openrouter_tokens", "openrouter_fetches"), ("pypi_installs", "pypi_fetches"),
    ):  # fmt: skip
        check = latest_check(world, table, f"{source}_answered")
        assert (check.passed, check.severity) == (False, dg.AssetCheckSeverity.WARN)
    reasons = dict(
        world.ask(
            "select channel, reason from fct_open_vs_closed_daily "
            f"where activity_date = '{THIRD}' and value is null"
        )
    )
    assert "OPENROUTER_API_KEY is not set" in reasons["tokens"]
    assert "a valid answer without a model" in reasons["catalogue"]
    assert world.ask(
        "select count(*) > 0 from fct_token_share_daily where reason like '%OPENROUTER_API_KEY is not set%'"
    ) == [(True,)]
    assert world.run() == 0, "and the next run asks again"
    assert (
        world.ask(
            f"select channel from fct_open_vs_closed_daily where activity_date = '{THIRD}' and value is null"
        )
        == []
    )


def test_every_number_of_a_source_that_asks_for_it_says_where_it_is_from(world: World) -> None:
    attributed = dict(world.ask("select data_source, attribution from about_sources"))
    assert attributed["openrouter_tokens"].startswith(
        "Source: OpenRouter (openrouter.ai/rankings), as of 2026"
    )
    assert world.ask(
        "select count(*) from fct_open_vs_closed_daily where value is not null and source is null"
    ) == [(0,)]


def test_rebuild_restores_every_published_table(world: World) -> None:
    before = contents(world)
    assert world.run("rebuild") == 0
    assert_equal(contents(world), before)


def test_a_deleted_warehouse_comes_back_by_itself_at_the_next_run(world: World) -> None:
    before = contents(world, STATED_ANEW)
    world.settings.warehouse.unlink()
    assert world.run() == 0
    after = contents(world, STATED_ANEW)
    assert_equal(after, before)


def test_the_job_says_in_its_log_how_each_page_went(world: World) -> None:
    with environment_of(world.environment), cli.dagster_instance(world.settings) as instance:
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


def test_a_pass_over_cards_that_is_refused_leaves_a_status_row_and_the_run_ends_well(world: World) -> None:
    """The first pass is of the first day, so one is due a week later, and asked for until it succeeds."""
    later = [date(2026, 1, 20), date(2026, 1, 21), date(2026, 1, 22)]
    world.upstream.refuses_cards = True
    with environment_of(world.environment), cli.dagster_instance(world.settings) as instance:
        for day in later:
            world.upstream.refuses_cards = day != later[-1]
            world.morning(day)
            cli.execute_job("land_and_load", instance, day, world.settings)
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


# a load has an id of its own each time, and says when it asked
VOLATILE = {
    "fct_snapshot_days": "load_id",
    "about_sources": "as_of, attribution",
    "fct_source_status_daily": "as_of, fetched_at",
}


# sources that are asked again with a day state their figures anew, and when
STATED_ANEW = (
    "about_sources", "fct_source_status_daily", "dim_api_models", "fct_catalogue_daily",
    "fct_open_vs_closed_daily", "fct_sdk_installs_daily", "fct_sdk_index_weekly", "fct_token_share_daily",
    "fct_token_vintages", "fct_headlines", "fct_headline_history",
)  # fmt: skip


def contents(world: World, without: tuple[str, ...] = ()) -> dict[str, list[tuple[Any, ...]]]:
    return {
        table: world.ask(
            f"select * exclude ({VOLATILE[table]}) from {table} order by all"
            if table in VOLATILE
            else f"from {table} order by all"
        )
        for (table,) in world.ask("select table_name from about_tables")
        if table not in without
    }


def assert_equal(found: dict[str, Any], expected: dict[str, Any]) -> None:
    """Equal, floating-point figures at 1e-9 relative."""
    assert found.keys() == expected.keys()
    for table, rows in expected.items():
        assert len(found[table]) == len(rows), table
        for left, right in zip(found[table], rows, strict=True):
            for a, b in zip(left, right, strict=True):
                same = math.isclose(a, b, rel_tol=1e-9) if isinstance(b, float) and a is not None else a == b
                assert same, (table, left, right)


def last_line(capsys: pytest.CaptureFixture[str]) -> str:
    error = capsys.readouterr().err
    assert "Traceback" not in error
    return error.strip().splitlines()[-1]


def seeded_symbols(world: World) -> list[str]:
    return [symbol for (symbol,) in world.ask("select symbol from companies")]


def latest_check(world: World, table: str, name: str) -> Any:
    key = dg.AssetCheckKey(dg.AssetKey(["raw", table]), name)
    with environment_of(world.environment), cli.dagster_instance(world.settings) as instance:
        records = instance.event_log_storage.get_asset_check_execution_history(key, limit=1)
        return records[0].event.dagster_event.asset_check_evaluation_data
