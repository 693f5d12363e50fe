"""What is known of a repository once and for all: when it was created and last modified.

Belongs here: keeping both true in raw.hub_models, whichever days are loaded, replaced or removed.
Does not belong here: attributes that have a history (attribute_history) and counters (load_day).

No day stores them in the warehouse, so when a day is replaced or removed, what it alone had said is looked
up in the files of the other days.
"""

from collections.abc import Collection, Sequence
from datetime import date

import duckdb

from dagster_project.lib.record import snapshots
from dagster_project.lib.settings import Settings
from dagster_project.lib.warehouse.connection import count_rows
from dagster_project.lib.warehouse.sql_text import literal_path, one_of

Connection = duckdb.DuckDBPyConnection


def learn_facts(connection: Connection, seen: str) -> None:
    """The earliest creation and the latest modification that any day says; `seen` has a row a model."""
    connection.execute(
        f"""
        update raw.hub_models as m set
            created_at = least(m.created_at, k.created_at),
            last_modified = greatest(m.last_modified, k.last_modified)
        from {seen} as k
        where m.model_key = k.model_key and (
            k.last_modified > coalesce(m.last_modified, timestamp '0001-01-01')
            or k.created_at < coalesce(m.created_at, timestamp '9999-12-31')
        )
        """
    )


def doubt_facts(connection: Connection, keyed: str, days: Sequence[date]) -> None:
    """Note in `doubted` the models of the days' former loads whose facts the new rows do not confirm."""
    connection.execute(
        f"""
        create or replace temp table doubted as
        select m.model_key from raw.hub_models as m
        semi join (
            select model_key from raw.hub_model_counters
            where snapshot_date in {one_of(days)}
        ) as former on former.model_key = m.model_key
        anti join {keyed} as k on k.model_key = m.model_key
            and k.created_at is not distinct from m.created_at
            and k.last_modified is not distinct from m.last_modified
        """
    )


def settle_facts(connection: Connection, keyed: str, settings: Settings, days: Collection[date]) -> None:
    """Tell the facts of `doubted` anew, from the new rows and the files of all other days."""
    if count_rows(connection, "doubted"):
        files = [literal_path(other.path) for other in snapshots.hub_days(settings) if other.day not in days]
        facts = "select model_key, created_at, last_modified from"
        others = f"union all {facts} read_parquet(?)" if files else ""
        connection.execute(
            f"""
            update raw.hub_models as m set created_at = f.created_at, last_modified = f.last_modified
            from (
                select model_key, min(created_at) as created_at, max(last_modified) as last_modified
                from ({facts} {keyed} {others}) semi join doubted using (model_key)
                group by model_key
            ) as f
            where m.model_key = f.model_key
            """,
            [files] if files else [],
        )
    connection.execute("drop table doubted")
