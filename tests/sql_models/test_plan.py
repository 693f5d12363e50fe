"""What one more build need not do again."""

from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path

import duckdb
import pytest

from dagster_project.lib.seeds.tables import ALL_SEEDS
from dagster_project.lib.sql_models import project
from dagster_project.lib.sql_models.plan import Plan, plan_build, record_build
from dagster_project.lib.sql_models.project import manifest
from dagster_project.lib.warehouse.raw_tables import ALL_TABLES

Connection = duckdb.DuckDBPyConnection
NODES = {key: node for key, node in manifest()["nodes"].items() if node["resource_type"] in ("model", "test")}
VIEWS = {key for key, node in NODES.items() if node["config"]["materialized"] == "view"}


@pytest.fixture
def connection() -> Iterator[Connection]:
    """A warehouse with every table that the models read, of which a whole build has just passed."""
    with duckdb.connect() as made:
        for schema in ("raw", "seeds"):
            made.execute(f"create schema {schema}")
        for table in (*ALL_TABLES, *ALL_SEEDS):
            made.execute(table.ddl())
        record_build(made, plan_build(made), [])
        yield made


def names(plan: Plan) -> set[str]:
    return {NODES[key]["name"] for key in plan.nodes}


def test_a_home_that_was_never_built_is_built_whole_from_nothing() -> None:
    with duckdb.connect() as made:
        for schema in ("raw", "seeds"):
            made.execute(f"create schema {schema}")
        for table in (*ALL_TABLES, *ALL_SEEDS):
            made.execute(table.ddl())
        plan = plan_build(made)
        assert plan.options == ["--full-refresh"]
        assert plan.nodes == NODES.keys()
        # a home of an earlier version says of another ledger what it is built by
        made.execute("create table intermediate.sql_version as select 'older' as version")
        record_build(made, plan, [])
        assert made.execute(
            "select count(*) from duckdb_tables() where table_name = 'sql_version'"
        ).fetchall() == [(0,)]


def test_nothing_is_done_where_nothing_has_changed(connection: Connection) -> None:
    plan = plan_build(connection)
    assert plan.nodes == frozenset()
    assert plan.unchanged == NODES.keys()


def test_what_follows_from_a_changed_row_is_built_and_tested_and_views_stay(connection: Connection) -> None:
    connection.execute("insert into raw.price_fetches by name select 'BABA' as symbol, 'ok' as status")
    plan = plan_build(connection)
    assert "about_sources" in names(plan)
    assert "int_models__states" not in names(plan)
    assert not plan.nodes & VIEWS
    assert plan.nodes | plan.unchanged == NODES.keys()
    assert plan.options[0] == "--exclude"
    assert plan.options[-2:] == ["--indirect-selection", "empty"]
    assert not any(option.endswith(".about_sources") for option in plan.options)


@pytest.mark.parametrize("source", ["hub", "notes"])
def test_a_day_that_was_loaded_again_or_taken_out_builds_what_follows_from_the_hub(
    connection: Connection, source: str
) -> None:
    connection.execute("insert into raw.loads values (?, ?, ?)", [source, date(2026, 1, 14), "2"])
    found = names(plan_build(connection))
    assert {"fct_snapshot_days", "int_models__states"} <= found
    assert "fct_ticker_returns_daily" not in found


def test_a_test_looks_again_at_a_view_whose_rows_may_have_changed(connection: Connection) -> None:
    connection.execute(
        "insert into raw.price_bars by name select 'BABA' as symbol, date '2026-01-14' as session_date, "
        "1 as vintage, 1.0 as close"
    )
    plan = plan_build(connection)
    tested = {key for node in plan.nodes for key in NODES[node]["depends_on"]["nodes"]}
    assert VIEWS & tested


def test_a_finding_is_told_again_although_nothing_has_changed(connection: Connection) -> None:
    finding = next(key for key, node in NODES.items() if node["name"] == "a_missing_session_is_a_finding")
    record_build(connection, plan_build(connection), [finding])
    assert plan_build(connection).nodes == {finding}


def test_a_part_that_somebody_chose_is_built_as_chosen_and_not_taken_for_a_whole_build(
    connection: Connection,
) -> None:
    connection.execute("insert into raw.price_fetches by name select 'BABA' as symbol, 'ok' as status")
    chosen = frozenset({"model.model_tide.dim_models"})
    plan = plan_build(connection, chosen)
    assert plan.nodes == chosen
    assert plan.options == [
        "--select", "fqn:model_tide.marts.dim_models", "--indirect-selection", "empty",
    ]  # fmt: skip
    record_build(connection, plan, [])
    assert "about_sources" in names(plan_build(connection))


@pytest.mark.parametrize(
    ("file", "options"),
    [("models/one.sql", ["--full-refresh"]), ("macros/one.sql", ["--full-refresh"]), ("tests/one.sql", []),
     ("models/one.yml", [])],
)  # fmt: skip
def test_other_sql_builds_all_from_nothing_and_another_contract_or_test_builds_all(
    connection: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str, options: list[str]
) -> None:
    for folder in ("models", "macros", "tests"):
        (tmp_path / folder).mkdir()
    (tmp_path / "dbt_project.yml").touch()
    monkeypatch.setattr(project, "SQL", tmp_path)
    record_build(connection, plan_build(connection), [])
    assert plan_build(connection).nodes == frozenset()
    (tmp_path / file).write_text("select 1")
    plan = plan_build(connection)
    assert (plan.nodes, plan.options) == (NODES.keys(), options)


def _reload(connection: Connection) -> None:
    connection.execute("update raw.loads set load_id = 'again'")


def _restate(connection: Connection) -> None:
    connection.execute("update raw.openrouter_tokens set total_tokens = 2")


def _other_order(connection: Connection) -> None:
    connection.execute("create table memory_rows as from raw.openrouter_tokens order by all desc")
    connection.execute("delete from raw.openrouter_tokens")
    connection.execute("insert into raw.openrouter_tokens from memory_rows")


@pytest.mark.parametrize(
    ("deed", "is_change"), [(_reload, True), (_restate, True), (_other_order, False), (lambda _: None, False)]
)
def test_a_table_has_changed_if_its_rows_have(
    connection: Connection, deed: Callable[[Connection], None], is_change: bool
) -> None:
    connection.execute("insert into raw.loads values ('hub', date '2026-01-14', '1')")
    for number in range(3):
        connection.execute(
            "insert into raw.openrouter_tokens by name select ? as token_date, 'a/b' as model_permaslug, "
            "1 as total_tokens, ? as fetched_at",
            [date(2026, 1, 1 + number), datetime(2026, 1, 5)],
        )
    record_build(connection, plan_build(connection), [])
    deed(connection)
    assert bool(plan_build(connection).nodes) is is_change
