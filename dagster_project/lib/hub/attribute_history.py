"""What the raw tables know of a model's attributes, group by group, as rows where they changed.

Belongs here: letting one day say what a group was on it, whichever days are loaded before or after.
Does not belong here: counters, keys and acceptance (load_day).
"""

from datetime import date

import duckdb

from dagster_project.lib.warehouse.connection import changed_rows, count_rows
from dagster_project.lib.warehouse.raw_tables import Table

# days after one that say something of a group
_DAYS_WITH_EVIDENCE = (
    "select snapshot_date from raw.hub_snapshots "
    "where snapshot_date > $day and is_accepted and not list_contains(lacks, $group)"
)


def replace_evidence(
    connection: duckdb.DuckDBPyConnection, keyed: str, group: str, table: Table, day: date
) -> int:
    """Let the table `keyed` say what `group` was on `day`; what other days say does not change.

    With `before` the state that held before the day and `after` the state on the model's next day
    with evidence, the table must show: a row at the day if its state differs from `before`, and a row
    at the next day if `after` differs from what then precedes it. Returns rows opened at the day.
    """
    name = table.full_name
    connection.execute(
        f"""
        create or replace temp table before as
        select model_key, arg_max({_digest("t", table)}, first_seen) as digest from {name} as t
        where first_seen < ? group by model_key
        """,
        [day],
    )
    # none after the newest day, as a daily run and a rebuild load them: half the time
    later = count_rows(connection, f"({_DAYS_WITH_EVIDENCE})", {"day": day, "group": group})
    if later:
        _set_aside_what_follows(connection, group, table, day)
    connection.execute(f"delete from {name} where first_seen = ?", [day])
    connection.execute(
        f"insert into {name} select s.model_key, ?, {_state(table, 's.')} from {keyed} as s "
        f"anti join before as b on s.model_key = b.model_key and {_digest('s', table)} = b.digest "
        "order by s.model_key",
        [day],
    )
    opened = changed_rows(connection)
    if later:
        _tell_what_follows(connection, keyed, table)
    connection.execute("drop table before")
    return opened


def _set_aside_what_follows(
    connection: duckdb.DuckDBPyConnection, group: str, table: Table, day: date
) -> None:
    """Fill `after` with each model's state on its next day, whose row is deleted if there is one."""
    name = table.full_name
    connection.execute(
        f"""
        create or replace temp table next_days as
        select model_key, min(snapshot_date) as next_day from raw.hub_model_counters
        where snapshot_date > $day and snapshot_date in ({_DAYS_WITH_EVIDENCE})
        group by model_key
        """,
        {"day": day, "group": group},
    )
    connection.execute(
        f"""
        create or replace temp table after as
        select n.model_key, n.next_day, {_state(table)} from next_days as n join {name} as t
            on t.model_key = n.model_key and t.first_seen <= n.next_day
        qualify row_number() over (partition by n.model_key order by t.first_seen desc) = 1
        """
    )
    connection.execute(
        f"delete from {name} as t where exists ("
        "select 1 from next_days as n where n.model_key = t.model_key and n.next_day = t.first_seen)"
    )
    connection.execute("drop table next_days")


def _tell_what_follows(connection: duckdb.DuckDBPyConnection, keyed: str, table: Table) -> None:
    """Give the next days the rows that they need after what the day says now."""
    name = table.full_name
    for preceding, digest, condition in (
        (keyed, _digest("p", table), "true"),
        ("before", "p.digest", f"a.model_key not in (select model_key from {keyed})"),
    ):
        connection.execute(
            f"insert into {name} select a.model_key, a.next_day, {_state(table, 'a.')} "
            f"from after as a join {preceding} as p using (model_key) "
            f"where {condition} and {_digest('a', table)} <> {digest} order by a.model_key"
        )
    connection.execute(
        f"insert into {name} select model_key, next_day, {_state(table)} from after "
        f"anti join {keyed} as k using (model_key) anti join before using (model_key) order by model_key"
    )
    connection.execute("drop table after")


def _state(table: Table, prefix: str = "") -> str:
    return ", ".join(f"{prefix}{column}" for column in table.column_names[2:])


def _digest(alias: str, table: Table) -> str:
    """64 bits of a state: two states that differ share them once in 10^19 pairs. The cards of 2.5 million
    models take 6.3 s instead of 10.8 compared whole. DuckDB's hash of [] is that of NULL, hence the lengths.
    """
    state = table.columns[2:]
    lengths = [f"len({alias}.{column.name})" for column in state if column.type.endswith("[]")]
    return f"hash({', '.join([*(f'{alias}.{column.name}' for column in state), *lengths])})"
