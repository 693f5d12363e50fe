"""What the raw tables know of a model's attributes, group by group, as rows where they changed.

Belongs here: letting days say what a group was on them, whichever days are loaded before, between or after.
Does not belong here: counters, keys and acceptance (load_day).
"""

from collections.abc import Sequence
from datetime import date

import duckdb

from dagster_project.lib.warehouse.connection import changed_rows
from dagster_project.lib.warehouse.raw_tables import Table
from dagster_project.lib.warehouse.sql_text import digest_of, one_of

Connection = duckdb.DuckDBPyConnection


def replace_evidence(
    connection: Connection, keyed: str, group: str, table: Table, says: Sequence[date], said: Sequence[date]
) -> dict[date, int]:
    """Let the rows of `keyed` tell what `group` was on the days `says`, and take back what was told of it on
    the days `said`; what other days tell does not change. Returns the rows opened on each day.

    The table must show a row of a model on each day with evidence whose state differs from the one that held
    before: that of the model's last such day, be it in `keyed` or known from earlier loads.
    """
    if not says and not said:
        return {}
    days, name = sorted({*says, *said}), table.full_name
    connection.execute(
        f"""
        create or replace temp table before as
        select model_key, arg_max({_digest("t", table)}, first_seen) as digest from {name} as t
        where first_seen < ? group by model_key
        """,
        [days[0]],
    )
    # none after the newest day, as a daily run and a rebuild load them: half the time
    others = connection.execute(
        "select snapshot_date from raw.hub_snapshots where snapshot_date > ? and is_accepted "
        f"and not list_contains(lacks, ?) and snapshot_date not in {one_of(days)}",
        [days[0], group],
    ).fetchall()
    if others:
        _set_aside_what_is_around(connection, keyed, table, days, [day for (day,) in others])
    if said:
        connection.execute(f"delete from {name} where first_seen in {one_of(said)}")
    of_days = f"where k.snapshot_date in {one_of(says)}"
    if others or len(days) > 1:
        around = "union all from around" if others else ""
        connection.execute(
            f"""
            create or replace temp table timeline as
            select model_key, snapshot_date as day, {_digest("k", table)} as digest,
                cast(null as date) as since
            from {keyed} as k {of_days} {around}
            """
        )
        # of most models it is the same on all days: these need no order
        connection.execute(
            """
            create or replace temp table opened as
            with summed as (
                select model_key, min(day) as day, arg_min_null(since, day) as since, min(digest) as digest,
                    max(digest) as other
                from timeline group by model_key
            )
            select model_key, day, since from summed anti join before using (model_key, digest)
            where digest = other
            union all
            select model_key, day, since from (
                select *, lag(digest) over (partition by model_key order by day) as preceding
                from timeline semi join (from summed where digest <> other) using (model_key)
            ) left join before using (model_key, digest)
            where preceding is distinct from digest and (preceding is not null or before.model_key is null)
            """
        )
        new = (
            "semi join (from opened where since is null) as o "
            "on o.model_key = k.model_key and o.day = k.snapshot_date"
        )
    else:
        new = f"anti join before as b on k.model_key = b.model_key and {_digest('k', table)} = b.digest"
    connection.execute(
        f"insert into {name} select k.model_key, k.snapshot_date, {_state(table, 'k.')} "
        f"from {keyed} as k {new} {of_days} order by k.snapshot_date, k.model_key"
    )
    counts = {days[0]: changed_rows(connection)}
    if others or len(days) > 1:
        counts = dict(
            connection.execute("select day, count(*) from opened where since is null group by day").fetchall()
        )
    if others:
        connection.execute(
            f"insert into {name} select o.model_key, o.day, {_state(table, 'k.')} from opened as o "
            "join known as k on k.model_key = o.model_key and k.first_seen = o.since "
            "order by o.day, o.model_key"
        )
    connection.execute("drop table before")
    return counts


def _set_aside_what_is_around(
    connection: Connection, keyed: str, table: Table, days: Sequence[date], others: Sequence[date]
) -> None:
    """Fill `known` with what is known of the models of `keyed` and of the days' former loads, and `around`
    with their sightings on `others`: between the days, and the next one after. Rows of these sightings go.
    """
    name = table.full_name
    connection.execute(
        f"""
        create or replace temp table concerned as
        select model_key from {keyed} union
        select model_key from raw.hub_model_counters where snapshot_date in {one_of(days)}
        """
    )
    connection.execute(
        f"create or replace temp table known as from {name} semi join concerned using (model_key)"
    )
    connection.execute(
        f"""
        create or replace temp table around as
        with seen as (
            select model_key, snapshot_date as day from raw.hub_model_counters
            semi join concerned using (model_key)
            where snapshot_date in {one_of(others)}
        )
        select s.model_key, s.day, {_digest("k", table)} as digest, k.first_seen as since
        from (
            from seen where day < ? union all
            select model_key, min(day) from seen where day > ? group by model_key
        ) as s asof join known as k on k.model_key = s.model_key and k.first_seen <= s.day
        """,
        [days[-1], days[-1]],
    )
    connection.execute(
        f"delete from {name} as t where exists ("
        "select 1 from around as a where a.model_key = t.model_key and a.day = t.first_seen)"
    )
    connection.execute("drop table concerned")


def _state(table: Table, prefix: str = "") -> str:
    return ", ".join(f"{prefix}{column}" for column in table.column_names[2:])


def _digest(alias: str, table: Table) -> str:
    """The cards of 2.5 million models take 6.3 s instead of 10.8 compared whole."""
    return digest_of(alias, [(column.name, column.type) for column in table.columns[2:]])
