"""Big tables with a row per key, published forward: what did not change since the former publication stays.

Belongs here: which tables those are, and bringing the one of the published file up to the warehouse.
Does not belong here: rows of days (daily_tables), and the other tables, which are written whole (file).

To write 42 columns of 2.5 million models takes half of a publication, nearly all of it for texts, of which a
day changes half a percent. So numbers are updated in place, and a row whose texts changed is replaced.
"""

from collections.abc import Iterable

import duckdb

from dagster_project.lib.warehouse.connection import columns_of, count_rows, scalar
from dagster_project.lib.warehouse.sql_text import digest_of, quoted_name

KEYS = {"dim_models": "hub_id"}
MOST_HOLES = (
    0.2  # of a table's rows: what was replaced leaves its place empty until the table is written anew
)

Connection = duckdb.DuckDBPyConnection


def signature(connection: Connection, table: str, relation: str) -> str:
    """Hash of the columns of the relation and, in whatever order, of its rows.

    What they say is gathered for `carry`: of each row the key, a digest of the texts, and the numbers.
    """
    columns = columns_of(connection, relation)
    texts, numbers = _texts_and_numbers(table, columns)
    read = [KEYS[table], f"{digest_of('t', texts)} as texts", *map(quoted_name, numbers)]
    connection.execute(
        f"create or replace temp table {_gathered(table)} as select {', '.join(read)} from {relation} as t"
    )
    query = f"select hash($1, count(*), sum(hash(t))) from {_gathered(table)} as t"
    return str(scalar(connection, query, [repr(columns)]))


def can_be_carried(connection: Connection, table: str, relation: str) -> bool:
    """Whether the attached file `published` has the table with the relation's columns and few holes."""
    target = f"published.main.{table}"
    if not scalar(
        connection,
        "select count(*) from duckdb_tables() where database_name = 'published' and table_name = ?",
        [table],
    ):
        return False
    places = f"select coalesce(max(rowid), -1) + 1 from {target}"
    is_full = count_rows(connection, target) >= (1 - MOST_HOLES) * int(str(scalar(connection, places)))
    return is_full and columns_of(connection, target) == columns_of(connection, relation)


def carry(connection: Connection, table: str, relation: str) -> None:
    """Make the table of `published` hold the rows of which `signature` gathered what they say."""
    target, key, gathered = f"published.main.{table}", KEYS[table], _gathered(table)
    texts, numbers = _texts_and_numbers(table, columns_of(connection, relation))
    # in steps: with these joins inside of a delete or an insert DuckDB takes three times as long
    connection.execute(
        f"create or replace temp table placed as "
        f"select rowid as place, {key}, {digest_of('t', texts)} as texts from {target} as t"
    )
    connection.execute(
        f"delete from {target} where rowid in "
        f"(select place from placed anti join {gathered} using ({key}, texts))"
    )
    connection.execute(
        f"update {target} as t set {', '.join(f'{name} = g.{name}' for name in map(quoted_name, numbers))} "
        f"from {gathered} as g where g.{key} = t.{key} and {_row('g', numbers)} is distinct from "
        f"{_row('t', numbers)}"
    )
    connection.execute(
        f"create or replace temp table missing as "
        f"select {key} from {gathered} anti join placed using ({key}, texts)"
    )
    connection.execute(f"insert into {target} from {relation} semi join missing using ({key})")
    for made in (gathered, "placed", "missing"):
        connection.execute(f"drop table {made}")


def _gathered(table: str) -> str:
    return f"gathered_{table}"


def _texts_and_numbers(
    table: str, columns: Iterable[tuple[str, str]]
) -> tuple[list[tuple[str, str]], list[str]]:
    """The columns but for the key: those of texts with their types, and those of a fixed width."""
    others = [(name, kind) for name, kind in columns if name != KEYS[table]]
    texts = [(name, kind) for name, kind in others if kind.startswith("VARCHAR")]
    return texts, [name for name, kind in others if (name, kind) not in texts]


def _row(alias: str, names: Iterable[str]) -> str:
    return f"row({', '.join(f'{alias}.{quoted_name(name)}' for name in names)})"
