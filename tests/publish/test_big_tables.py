"""Big tables published forward: whatever changed, the table of the file is the one of the warehouse."""

from collections.abc import Iterator
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import settings as example_settings
from hypothesis import strategies as st

from dagster_project.lib.publish import big_tables

TABLE = "dim_models"
SOURCE = f"marts.{TABLE}"
COLUMNS = "hub_id varchar, name varchar, tags varchar[], downloads bigint, share double, seen date"


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        opened.execute("attach ':memory:' as published")
        opened.execute("create schema marts")
        yield opened


def say(connection: duckdb.DuckDBPyConnection, rows: dict[str, tuple[Any, ...]]) -> None:
    """The rows of the warehouse, by key."""
    connection.execute(f"create or replace table {SOURCE} ({COLUMNS})")
    for key, row in rows.items():
        connection.execute(f"insert into {SOURCE} values (?, ?, ?, ?, ?, ?)", [key, *row])


def publish(connection: duckdb.DuckDBPyConnection) -> str:
    """As a publication does it; returns the signature."""
    signature = big_tables.signature(connection, TABLE, SOURCE)
    assert big_tables.can_be_carried(connection, TABLE, SOURCE)
    big_tables.carry(connection, TABLE, SOURCE)
    return signature


def rows_of(connection: duckdb.DuckDBPyConnection, relation: str) -> list[Any]:
    return connection.execute(f"from {relation} order by hub_id").fetchall()


def places(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    return dict(connection.execute(f"select hub_id, rowid from published.{TABLE}").fetchall())


ROW = st.tuples(
    st.sampled_from(["a/b", "a/c", "", None]),
    st.sampled_from([None, [], ["x"], ["x", "y"], [""]]),
    st.sampled_from([None, 0, 1, 2]),
    st.sampled_from([None, 0.0, 0.5, float("nan")]),
    st.sampled_from([None, "2026-01-01", "2026-01-02"]),
)
WORLD = st.dictionaries(st.sampled_from("abcdef"), ROW)


@given(st.lists(WORLD, min_size=2, max_size=5))
@example_settings(max_examples=30, deadline=None)
def test_whatever_changed_the_table_is_what_the_warehouse_says(worlds: list[dict[str, Any]]) -> None:
    with duckdb.connect() as connection:
        connection.execute("attach ':memory:' as published")
        connection.execute("create schema marts")
        say(connection, worlds[0])
        connection.execute(f"create table published.{TABLE} as from {SOURCE}")
        said = {}
        for world in worlds:
            say(connection, world)
            signature = big_tables.signature(connection, TABLE, SOURCE)
            big_tables.carry(connection, TABLE, SOURCE)
            expected = repr(rows_of(connection, SOURCE))  # nan is nan, too
            assert repr(rows_of(connection, f"published.{TABLE}")) == expected
            assert said.setdefault(signature, expected) == expected


def test_a_row_stays_in_its_place_when_numbers_change_and_is_replaced_when_a_text_does(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    before = {key: (f"a/{key}", ["x"], 1, 0.5, "2026-01-01") for key in "abcdefghijk"}
    say(connection, before)
    connection.execute(f"create table published.{TABLE} as from {SOURCE}")
    first = places(connection)
    say(
        connection,
        before | {"a": ("a/a", ["x"], 2, 0.7, "2026-01-02"), "b": ("a/b", [], 1, 0.5, "2026-01-01")},
    )
    publish(connection)
    now = places(connection)
    assert {key for key in now if now[key] != first[key]} == {"b"}


def test_the_signature_is_of_rows_and_columns_in_any_order(connection: duckdb.DuckDBPyConnection) -> None:
    rows: dict[str, tuple[Any, ...]] = {key: (key, [], 1, None, None) for key in "abc"}
    say(connection, rows)
    connection.execute(f"create table published.{TABLE} as from {SOURCE}")
    first = publish(connection)
    say(connection, dict(reversed(rows.items())))
    assert publish(connection) == first
    say(connection, rows | {"a": ("a", None, 1, None, None)})
    assert publish(connection) != first
    connection.execute(f"alter table {SOURCE} rename column seen to seen_date")
    assert big_tables.signature(connection, TABLE, SOURCE) != first


def test_a_table_with_other_columns_or_many_holes_is_written_anew(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    rows: dict[str, tuple[Any, ...]] = {f"{number}": ("x", [], 1, None, None) for number in range(10)}
    say(connection, rows)
    assert not big_tables.can_be_carried(connection, TABLE, SOURCE)
    connection.execute(f"create table published.{TABLE} as from {SOURCE}")
    assert big_tables.can_be_carried(connection, TABLE, SOURCE)
    connection.execute(f"delete from published.{TABLE} where hub_id in ('3', '4')")
    assert big_tables.can_be_carried(connection, TABLE, SOURCE)
    connection.execute(f"delete from published.{TABLE} where hub_id = '5'")
    assert not big_tables.can_be_carried(connection, TABLE, SOURCE)
    connection.execute(f"create or replace table published.{TABLE} as from {SOURCE}")
    connection.execute(f"alter table {SOURCE} alter downloads type integer")
    assert not big_tables.can_be_carried(connection, TABLE, SOURCE)
