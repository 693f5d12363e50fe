"""The questions of sql/claim, put to the published file.

Belongs here: asking one with the values that it names. Does not belong here: what is asked (sql/claim).
"""

from typing import Any

import duckdb

from dagster_project.lib.checkout import SQL
from dagster_project.lib.claim.verdicts import Row
from dagster_project.lib.warehouse.connection import by_column

QUERIES = SQL / "claim"


def asked(connection: duckdb.DuckDBPyConnection, name: str, values: dict[str, Any]) -> list[Row]:
    """Rows of sql/claim/`name`.sql; of the values those that it names."""
    text = (QUERIES / f"{name}.sql").read_text(encoding="utf-8")
    return by_column(connection.execute(text, {n: value for n, value in values.items() if f"${n}" in text}))


def about(connection: duckdb.DuckDBPyConnection) -> Row:
    """The row that says of which day the file is."""
    return by_column(connection.execute("from about"))[0]
