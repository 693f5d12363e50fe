"""Rows of a source into its raw tables: one load is one transaction and one folder of snapshots/.

Belongs here: adding the rows of a load, the first time and again from its folder, many folders at once.
Does not belong here: what the rows say (markets/vintages and the like) and the folders themselves
(snapshots).
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import duckdb

from dagster_project.lib.record import snapshots
from dagster_project.lib.settings import Settings
from dagster_project.lib.warehouse.connection import transaction
from dagster_project.lib.warehouse.raw_tables import Source, Table
from dagster_project.lib.warehouse.sql_text import literal_path

Connection = duckdb.DuckDBPyConnection
Rows = Sequence[tuple[Any, ...]]


def add_rows(
    connection: Connection, settings: Settings, source: Source, day: date, rows: Mapping[Table, Rows]
) -> None:
    """Add a load's rows, those of its status tables in place of the former ones.

    The rows are a folder of snapshots/ before they are committed. Raises SnapshotError or WarehouseError
    when there is no room; then nothing was added.
    """
    load_id = snapshots.new_load_id(connection)
    with transaction(connection):
        for table in source.tables:
            _stage(connection, table, rows.get(table, ()))
        snapshots.write_rows(connection, settings, source, day, load_id)
        _append(connection, source, [(day, load_id)])


def restore_rows(connection: Connection, loads: Sequence[snapshots.RowLoad]) -> None:
    """Add the rows of folders of snapshots/ of one source, oldest first, as they were added the first time;
    none is added twice.

    Raises SnapshotError for a file that cannot be read; then nothing was added.
    """
    source = loads[0].source
    with transaction(connection):
        for table in source.tables:
            files = [str(load.path / f"{table.name}.parquet") for load in loads]
            parameters = [[literal_path(file) for file in files]]
            columns = ", ".join(table.column_names)
            if table in source.replaced:  # of what several loads say of a key, the last counts
                key = ", ".join(source.replaced[table])
                chosen = (
                    f"qualify rank() over (partition by {key} order by list_position(?, filename) desc) = 1"
                )
                parameters.append(files)
            else:  # a backup that was copied back may hold what a load was given that stood in for several
                chosen = f"except select {columns} from {table.full_name}"
            rows = snapshots.rows_in_files(table, f"{columns}, filename")
            with snapshots.reading_record(loads[0].path):
                connection.execute(
                    f"create or replace temp table new_{table.name} as select {columns} from {rows} {chosen}",
                    parameters,
                )
        _append(connection, source, [(load.day, load.load_id) for load in loads])


def _append(connection: Connection, source: Source, loads: Sequence[tuple[date, str]]) -> None:
    for table in source.tables:
        if table in source.replaced:
            key = ", ".join(source.replaced[table])
            connection.execute(
                f"delete from {table.full_name} where ({key}) in (select ({key}) from new_{table.name})"
            )
        connection.execute(f"insert into {table.full_name} by name from new_{table.name}")
        connection.execute(f"drop table new_{table.name}")
    snapshots.record_loads(connection, [(source.name, *load) for load in loads])


def _stage(connection: Connection, table: Table, rows: Rows) -> None:
    connection.execute(f"create or replace temp table new_{table.name} as from {table.full_name} limit 0")
    columns = list(zip(*rows, strict=True))
    if columns:
        # one parameter per column: 20,000 bars in 50 ms, against 20 s row by row
        arrays = ", ".join(f"unnest(cast(? as {column.type}[])) as {column.name}" for column in table.columns)
        connection.execute(
            f"insert into new_{table.name} by name select {arrays}", [list(column) for column in columns]
        )
