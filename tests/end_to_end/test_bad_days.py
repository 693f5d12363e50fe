"""`make run` on days that go wrong, and the warehouse restored after them.

Belongs here: a day that is not accepted, sources that are down, a warehouse that is gone or built anew.
Does not belong here: a good day (test_daily_snapshot), and faults in the middle of a page (tests/faults).
"""

import dagster as dg
import duckdb
import pytest

from dagster_project.synthetic.api_routes import SYNTHETIC_KEY
from dagster_project.synthetic.faults import CATALOGUE_PATH
from tests.planted import HOOK_PATH, TOKEN, found_in
from tests.rows import assert_equal, assert_tables_equal
from tests.worlds.homes import (
    SECOND,
    THIRD,
    World,
    contents,
    last_line,
    latest_check,
)

# what the sources have to say once they answer
NEWS = {
    "about_sources", "dim_api_models", "dim_catalogue_models", "fct_abnormal_returns", "fct_catalogue_daily",
    "fct_event_study", "fct_event_study_pooled", "fct_headline_history", "fct_headlines",
    "fct_open_vs_closed_daily", "fct_sdk_index_weekly", "fct_sdk_installs_daily", "fct_source_status_daily",
    "fct_ticker_returns_daily", "fct_token_share_daily", "fct_token_vintages",
}  # fmt: skip


def run_with_the_hub_alone(world: World, *arguments: str, **environment: str) -> int:
    """Nobody answers for prices and packages, the catalogue is a valid answer without a model, there is no
    key.
    """
    nobody = dict.fromkeys(("YAHOO_ENDPOINT", "NPM_ENDPOINT", "PYPISTATS_ENDPOINT"), "http://127.0.0.1:9")
    world.upstream.faults.add("no_rows", path=CATALOGUE_PATH)
    world.morning(THIRD)
    try:
        return world.run("run", *arguments, OPENROUTER_API_KEY="", **nobody, **environment)
    finally:
        world.upstream.faults.clear()


def test_a_day_with_too_few_models_leaves_yesterdays_publication(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    digest = world.digest()
    world.upstream.faults.add("missing", fraction=0.3)
    assert run_with_the_hub_alone(world) == 1
    assert f"{THIRD} was not accepted" in last_line(capsys)
    assert world.digest() == digest


@pytest.fixture(scope="module")
def without_sources(world: World) -> World:
    """The day fetched again; the run ends well."""
    assert run_with_the_hub_alone(world, "--day", THIRD.isoformat(), REFETCH="1") == 0
    return world


def test_a_day_that_is_fetched_again_is_accepted_and_published(without_sources: World) -> None:
    assert without_sources.ask("select snapshot_date from about") == [(THIRD,)]


def test_a_price_source_that_is_down_leaves_status_rows_and_the_run_ends_well(without_sources: World) -> None:
    world = without_sources
    assert price_statuses(world) == [("error", len(seeded_symbols(world)))]
    check = latest_check(world, "price_fetches", "every_symbol_answered")
    assert check is not None
    assert (check.passed, check.severity) == (False, dg.AssetCheckSeverity.WARN)


def test_small_sources_that_fail_leave_reasons_in_the_marts_and_the_run_ends_well(
    without_sources: World,
) -> None:
    world = without_sources
    assert dict(
        world.ask(
            f"select data_source, statuses from fct_source_status_daily where snapshot_date = '{THIRD}'"
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
            f"where activity_date = '{SECOND}' and value is null"
        )
    )
    assert "OPENROUTER_API_KEY is not set" in reasons["tokens"]
    assert "a valid answer without a model" in reasons["catalogue"]
    assert world.ask(
        "select count(*) > 0 from fct_token_share_daily where reason like '%OPENROUTER_API_KEY is not set%'"
    ) == [(True,)]


def test_rebuild_restores_every_published_table(without_sources: World) -> None:
    before = contents(without_sources)
    assert without_sources.run("rebuild") == 0
    assert_tables_equal(contents(without_sources), before)


def test_the_next_run_asks_the_sources_that_failed_again_and_brings_a_deleted_warehouse_back(
    without_sources: World,
) -> None:
    world = without_sources
    before = contents(world, is_asked_again=True)
    world.settings.warehouse.unlink()
    assert world.run() == 0
    assert price_statuses(world) == [("ok", len(seeded_symbols(world)))]
    assert (
        world.ask(
            f"select channel from fct_open_vs_closed_daily where activity_date = '{SECOND}' and value is null"
        )
        == []
    )
    after = contents(world, is_asked_again=True)
    assert after.keys() == before.keys()
    for table in after.keys() - NEWS:
        assert_equal(after[table], before[table], table, near_0=0)


def price_statuses(world: World) -> list[tuple[str, int]]:
    with duckdb.connect(str(world.settings.warehouse), read_only=True) as connection:
        return connection.execute(
            "select status, count(*) from raw.price_fetches where snapshot_date = ? group by 1", [THIRD]
        ).fetchall()


def seeded_symbols(world: World) -> list[str]:
    return [symbol for (symbol,) in world.ask("select symbol from companies")]


def test_after_whole_runs_that_ended_well_and_that_failed_no_secret_is_in_the_home(
    without_sources: World,
) -> None:
    """Landing, snapshots, warehouse, publications, Dagster's store and logs are looked into."""
    found = found_in(without_sources.settings.home, ("license:mit", TOKEN, HOOK_PATH, SYNTHETIC_KEY))
    assert found, "what is there is found"
    assert [each for each in found if not each.startswith("license:mit in ")] == []
