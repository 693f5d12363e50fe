"""What may be passed on: every table has a decision, and what holds prices may not.

Belongs here: the seed table_terms.
Does not belong here: that the ways out obey it (tests/dataset, tests/site).
"""

import csv

import duckdb
import pytest

from dagster_project.lib.checkout import SQL
from dagster_project.lib.publish.file import ABOUT
from dagster_project.lib.publish.publications import PublishError
from dagster_project.lib.publish.terms import redistributable
from dagster_project.lib.sql_models.project import marts
from dagster_project.lib.warehouse.raw_tables import described

PRICES = {"price_bars", "price_vintages"}


def rows() -> list[dict[str, str]]:
    with (SQL / "seeds" / "table_terms.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, strict=True))


def test_every_table_has_a_decision_under_its_schema() -> None:
    tables = {
        "raw": set(described("raw")),
        "seeds": set(described("seeds")),
        "marts": set(marts()),
        "about": set(ABOUT),
    }
    said: dict[str, set[str]] = {schema: set() for schema in tables}
    for row in rows():
        said[row["table_schema"]].add(row["table_name"])
    assert said == tables


def test_what_is_kept_back_says_why_and_nothing_else_does() -> None:
    assert [row for row in rows() if (row["is_redistributable"] == "false") != bool(row["reason"])] == []


def test_a_table_with_a_price_or_a_return_of_a_session_is_kept_back() -> None:
    kept = {row["table_name"] for row in rows() if row["is_redistributable"] == "false"}
    by_session = {
        mart.name
        for mart in marts().values()
        if {"session_date", "relative_session"} & {name for name, *_ in mart.columns}
        and {"close", "adj_close", "was_close", "simple_return", "log_return", "abnormal_return"}
        & {name for name, *_ in mart.columns}
    }
    assert len(by_session) == 3
    assert kept == by_session | PRICES


def test_a_table_that_the_publication_does_not_know_stays_at_home() -> None:
    with duckdb.connect() as connection:
        with pytest.raises(PublishError, match=r"no table table_terms.*make run.*make rebuild"):
            redistributable(connection)
        connection.execute(
            "create table table_terms as select * from (values ('a', true), ('b', false)) "
            "as t(table_name, is_redistributable)"
        )
        assert redistributable(connection) == {"a"}
