"""What the raw tables know of a model's attributes, group by group, as rows where they changed.

Belongs here: letting one day say what a group was on it, whichever days are loaded before or after.
Does not belong here: counters, keys and acceptance (hub_load).
"""

from datetime import date

import duckdb

from dagster_project.lib.raw_tables import Table
from dagster_project.lib.warehouse import changed_rows


def replace_evidence(
    connection: duckdb.DuckDBPyConnection, keyed: str, group: str, table: Table, day: date
) -> int:
    """Let the table `keyed` say what `group` was on `day`; what other days say does not change.

    With `before` the state that held before the day and `after` the state on the model's next day
    with evidence, the table must show: a row at the day if its state differs from `before`, and a row
    at the next day if `after` differs from what then precedes it. Returns rows opened at the day.
    """
    name, state = table.full_name, table.column_names[2:]
    columns = ", ".join(state)
    connection.execute(
        f"""
        create or replace temp table before as
        select model_key, arg_max({_digest("t", table)}, first_seen) as digest from {name} as t
        where first_seen < ? group by model_key
        """,
        [day],
    )
    connection.execute(
        """
        create or replace temp table next_days as
        select model_key, min(snapshot_date) as next_day from raw.hub_model_counters
        where snapshot_date > ? and snapshot_date in (
            select snapshot_date from raw.hub_snapshots
            where is_accepted and not list_contains(lacks, ?)
        )
        group by model_key
        """,
        [day, group],
    )
    connection.execute(
        f"""
        create or replace temp table after as
        select n.model_key, n.next_day, {columns} from next_days as n join {name} as t
            on t.model_key = n.model_key and t.first_seen <= n.next_day
        qualify row_number() over (partition by n.model_key order by t.first_seen desc) = 1
        """
    )
    connection.execute(
        f"""
        delete from {name} as t where t.first_seen = $day or exists (
            select 1 from next_days as n where n.model_key = t.model_key and n.next_day = t.first_seen
        )
        """,
        {"day": day},
    )
    connection.execute(
        f"insert into {name} select s.model_key, ?, {_prefixed('s', state)} from {keyed} as s "
        f"anti join before as b on s.model_key = b.model_key and {_digest('s', table)} = b.digest "
        "order by s.model_key",
        [day],
    )
    opened = changed_rows(connection)
    for preceding, digest, condition in (
        (keyed, _digest("p", table), "true"),
        ("before", "p.digest", f"a.model_key not in (select model_key from {keyed})"),
    ):
        connection.execute(
            f"insert into {name} select a.model_key, a.next_day, {_prefixed('a', state)} "
            f"from after as a join {preceding} as p using (model_key) "
            f"where {condition} and {_digest('a', table)} <> {digest} order by a.model_key"
        )
    connection.execute(
        f"insert into {name} select model_key, next_day, {columns} from after "
        f"anti join {keyed} as k using (model_key) anti join before using (model_key) order by model_key"
    )
    for temporary in ("before", "next_days", "after"):
        connection.execute(f"drop table {temporary}")
    return opened


def _prefixed(alias: str, columns: tuple[str, ...]) -> str:
    return ", ".join(f"{alias}.{column}" for column in columns)


def _digest(alias: str, table: Table) -> str:
    """64 bits of a state: two states that differ share them once in 10^19 pairs. The cards of 2.5 million
    models take 6.3 s instead of 10.8 compared whole. DuckDB's hash of [] is that of NULL, hence the lengths.
    """
    state = table.columns[2:]
    lengths = [f"len({alias}.{column.name})" for column in state if column.type.endswith("[]")]
    return f"hash({', '.join([*(f'{alias}.{column.name}' for column in state), *lengths])})"
