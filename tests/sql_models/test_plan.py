"""What one more build need not do again."""

from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import date, datetime
from typing import Any

import duckdb
import pytest

from dagster_project.lib.seeds.tables import ALL_SEEDS
from dagster_project.lib.sql_models import plan
from dagster_project.lib.sql_models.plan import EARLIER_LEDGERS, Plan, _sources, plan_build, record_build
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


def names(planned: Plan) -> set[str]:
    return {NODES[key]["name"] for key in planned.nodes}


def test_a_home_that_was_never_built_is_built_whole_from_nothing() -> None:
    with duckdb.connect() as made:
        for schema in ("raw", "seeds"):
            made.execute(f"create schema {schema}")
        for table in (*ALL_TABLES, *ALL_SEEDS):
            made.execute(table.ddl())
        made.execute("create schema intermediate")
        for ledger in EARLIER_LEDGERS:  # a home of an earlier version says elsewhere what it is built from
            made.execute(f"create table intermediate.{ledger} as select 'older' as said")
        planned = plan_build(made)
        assert planned.runs == [["--full-refresh"]]
        assert planned.nodes == NODES.keys()
        record_build(made, planned, [])
        left = "select table_name from duckdb_tables() where schema_name = 'intermediate'"
        assert made.execute(left).fetchall() == [("builds",)]


def test_nothing_is_done_where_nothing_has_changed(connection: Connection) -> None:
    planned = plan_build(connection)
    assert planned.nodes == frozenset()
    assert planned.runs == []
    assert planned.unchanged == NODES.keys()


def test_what_follows_from_a_changed_row_is_built_and_tested_and_views_stay(connection: Connection) -> None:
    connection.execute("insert into raw.price_fetches by name select 'BABA' as symbol, 'ok' as status")
    planned = plan_build(connection)
    assert "about_sources" in names(planned)
    assert "int_models__states" not in names(planned)
    assert not planned.nodes & VIEWS
    assert planned.nodes | planned.unchanged == NODES.keys()
    ((option, *chosen, indirect, empty),) = planned.runs
    assert (option, indirect, empty) == ("--select", "--indirect-selection", "empty")
    assert any(name.endswith(".about_sources") for name in chosen)
    assert len(chosen) == len(planned.nodes)


def test_where_most_is_to_be_built_the_rest_is_left_out_by_name(connection: Connection) -> None:
    connection.execute("insert into raw.loads values ('hub', date '2026-01-14', '2')")
    for table in _sources().values():
        if table.startswith("seeds."):
            connection.execute(f"insert into {table} by name select 'x' as source")
    planned = plan_build(connection)
    ((option, *left, _, _),) = planned.runs
    assert option == "--exclude"
    assert len(left) == len(planned.unchanged)


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
    planned = plan_build(connection)
    tested = {key for node in planned.nodes for key in NODES[node]["depends_on"]["nodes"]}
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
    planned = plan_build(connection, chosen)
    assert planned.nodes == chosen
    assert planned.runs == [
        ["--select", "fqn:model_tide.marts.dim_models", "--indirect-selection", "empty"],
    ]
    record_build(connection, planned, [])
    assert "about_sources" in names(plan_build(connection))


MODEL = "int_snapshot_days__totals"


def rewritten(name: str, **changes: Any) -> dict[str, Any]:
    """The parsed project with another value of a node or macro."""
    project = deepcopy(manifest())
    for kind in ("nodes", "macros"):
        for node in project[kind].values():
            if node["name"] == name:
                node.update({key: change(node[key]) for key, change in changes.items()})
    return project


@pytest.mark.parametrize(
    ("change", "is_another"),
    [
        ({"raw_code": lambda code: f"-- a remark\n{code}"}, False),
        (
            {"raw_code": lambda code: f"{{# a remark, and 'half a quote #}}{code.replace('    ', '  ')}"},
            False,
        ),
        ({"description": lambda _: "in other words"}, False),
        ({"raw_code": lambda code: code.replace("sum(", "avg(", 1)}, True),
        ({"raw_code": lambda code: f"{code} where '-- no remark' <> ''"}, True),
        ({"config": lambda config: {**config, "materialized": "table"}}, True),
    ],
)
def test_other_sql_builds_from_nothing_what_follows_from_it_and_other_words_the_table_alone(
    connection: Connection, monkeypatch: pytest.MonkeyPatch, change: dict[str, Any], is_another: bool
) -> None:
    project = rewritten(MODEL, **change)
    monkeypatch.setattr(plan, "manifest", lambda: project)
    planned = plan_build(connection)
    built = names(planned)
    assert MODEL in built
    assert ("fct_snapshot_days" in built) is is_another
    assert "fct_ticker_returns_daily" not in built
    assert [run[0] for run in planned.runs] == (["--full-refresh"] if is_another else ["--select"])


def test_a_model_that_is_new_is_built_with_what_is_built_from_nothing(connection: Connection) -> None:
    """It may read columns that the others have only then."""
    connection.execute("insert into raw.loads values ('hub', date '2026-01-14', '2')")
    connection.execute("delete from intermediate.builds where node = 'model.model_tide.int_models__profiles'")
    (option, *going_on), (refresh, *anew) = plan_build(connection).runs
    new = "fqn:model_tide.intermediate.int_models__profiles"
    assert refresh == "--full-refresh" and new in anew
    assert (new in going_on) is (option == "--exclude")


def test_what_goes_on_is_built_before_what_is_built_from_nothing(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection.execute("insert into raw.loads values ('hub', date '2026-01-14', '2')")
    project = rewritten("int_snapshot_days__statuses", raw_code=lambda code: f"{code} limit 1")
    monkeypatch.setattr(plan, "manifest", lambda: project)
    going_on, (refresh, *anew) = plan_build(connection).runs
    assert refresh == "--full-refresh"
    named = {run: {option.rpartition(".")[2] for option in options} for run, options in
             (("going on", going_on), ("anew", anew))}  # fmt: skip
    assert MODEL in named["going on"]
    assert "fct_snapshot_days" in named["anew"]
    assert not named["going on"] & named["anew"] - {"empty", "--select", "--indirect-selection"}


@pytest.mark.parametrize(
    ("macro", "code", "is_another"),
    [
        ("days_between", lambda code: code.replace("{% macro", "{# a remark #}{% macro"), False),
        ("duckdb__days_between", lambda code: code.replace("'day'", "'week'"), True),
        ("spark__days_between", lambda code: code.replace("datediff", "date_diff"), False),
    ],
)
def test_a_macro_is_part_of_what_names_it(
    connection: Connection, monkeypatch: pytest.MonkeyPatch, macro: str, code: Any, is_another: bool
) -> None:
    project = rewritten(macro, macro_sql=code)
    monkeypatch.setattr(plan, "manifest", lambda: project)
    built = names(plan_build(connection))
    assert bool(built) is is_another
    assert ("int_model_growth__daily" in built) is is_another
    assert "stg_hub__counters" not in built


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
