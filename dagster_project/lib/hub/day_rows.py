"""The rows of a set of days on their way into the warehouse: what each day says of each model.

Belongs here: the table that holds them.
Does not belong here: filling it (read_files, load_day) and where its rows go (load_day).
"""

import duckdb

from dagster_project.lib.warehouse.raw_tables import DAY_COLUMNS

KEYED = "memory.keyed"  # in the database that `warehouse` attaches
# what only the reading of pages and files needs
READ = {"is_private": "boolean", "is_plain": "boolean", "said": "bigint", "place": "bigint"}


def empty_keyed(connection: duckdb.DuckDBPyConnection) -> None:
    """Begin a set: no row, and no model in `new_keys`."""
    body = ", ".join(f'"{name}" {kind}' for name, kind in {**DAY_COLUMNS, **READ}.items())
    connection.execute(f"create or replace table {KEYED} (snapshot_date date, {body})")
    connection.execute(
        "create or replace temp table new_keys (snapshot_date date, hub_id varchar, model_key integer)"
    )
