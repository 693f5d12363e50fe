"""A day into the raw tables, or out of them: one transaction.

Belongs here: the checks that accept or reject a landed day, keys, and the replacement of all that a day
says.
Does not belong here: reading pages (read_pages), attributes over time (attribute_history, repository_dates),
days that nobody observed (archive/unobserved_days) and the files of snapshots/.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import duckdb

from dagster_project.lib.errors import ModelTideError
from dagster_project.lib.hub.attribute_history import replace_evidence
from dagster_project.lib.hub.read_files import KEY
from dagster_project.lib.hub.read_pages import stage_pages
from dagster_project.lib.hub.repository_dates import doubt_facts, learn_facts, settle_facts
from dagster_project.lib.record import snapshots
from dagster_project.lib.record.landing import Crawl
from dagster_project.lib.settings import Settings
from dagster_project.lib.warehouse.connection import (
    WarehouseError,
    changed_rows,
    count_rows,
    limit_memory,
    scalar,
    transaction,
)
from dagster_project.lib.warehouse.raw_tables import (
    ATTRIBUTE_GROUPS,
    DAY_COLUMNS,
    HUB_MODEL_COUNTERS,
    HUB_SNAPSHOTS,
)
from dagster_project.lib.warehouse.sql_text import literal_path

MINIMUM_SHARE_OF_ROWS = 0.85  # of the previous accepted day of the same scope

KEYED = "memory.keyed"  # the day's rows with their keys, in the database that `warehouse` attaches
KEYED_ROWS = (
    "select keys.model_key, staged.* from staged join ("
    "from new_keys union all by name select hub_id, model_key from raw.hub_models) as keys using (hub_id)"
)

Connection = duckdb.DuckDBPyConnection


class DayRejected(ModelTideError):
    """The day failed its checks and stays in landing; what was published stays as it is."""


@dataclass(frozen=True)
class Loaded:
    """What a load did: `changes` counts the rows opened in each attribute table, `odd_values` names what was
    NULL or left out because it cannot be."""

    day: date
    row_count: int
    new_models: int
    changes: dict[str, int]
    odd_values: list[str]


def load_crawl(connection: Connection, crawl: Crawl, settings: Settings) -> Loaded:
    """Load a landed day in one transaction and write its file of snapshots/.

    A day that fails a check is recorded as not accepted, unless `settings.accept`, and DayRejected
    is raised; a day that was accepted before keeps what it had.
    """
    day = date.fromisoformat(crawl.opening.day)
    refuse_other_home(connection, crawl.opening.origin, [])
    limit_memory(connection, crawl.rows)
    counts, odd = stage_pages(connection, crawl)
    previous = _previous_snapshot(connection, day, crawl.opening.scope_id)
    reasons = _reasons_to_reject(connection, crawl, counts["row_count"], previous)
    reasons += odd.changed_fields(settings)
    snapshot = observed_snapshot(connection, crawl, counts | odd.columns())
    snapshot |= {"is_accepted": not reasons or settings.accept, "reasons": reasons}
    if not snapshot["is_accepted"]:
        connection.execute("drop table staged")
        was_accepted = _is_accepted(connection, day)
        if not was_accepted:
            load_note(connection, settings, snapshot)
        raise DayRejected(_rejection(day, reasons, was_accepted, crawl))
    loaded = load_staged(connection, settings, snapshot)
    crawl.drop_columns()
    return loaded


def observed_snapshot(connection: Connection, crawl: Crawl, counts: dict[str, Any]) -> dict[str, Any]:
    """The row of raw.hub_snapshots for a landed day that is accepted; `counts` say what was staged of it."""
    return {
        "snapshot_date": date.fromisoformat(crawl.opening.day),
        "scope": crawl.opening.scope,
        "scope_id": crawl.opening.scope_id,
        "pages": len(crawl.pages),
        **counts,
        "created_until": crawl.boundary.replace(tzinfo=None) if crawl.boundary else None,
        "is_complete": crawl.is_complete,
        "is_accepted": True,
        "reasons": [],
        "lacks": [],
        "provenance": "observed",
        "origin": crawl.opening.origin,
        "captured_from": crawl.started_at.replace(tzinfo=None),
        "captured_at": crawl.finished_at.replace(tzinfo=None),
        "loaded_at": datetime.now(UTC).replace(tzinfo=None),
        "load_id": snapshots.new_load_id(connection),
    }


def load_staged(connection: Connection, settings: Settings, snapshot: dict[str, Any]) -> Loaded:
    """Put the rows of `staged` in place of what the snapshot's day said, and write its file."""
    _give_keys(connection)
    connection.execute(
        "drop table staged"
    )  # before the transaction, so that its memory is free when it begins
    # the file is written beside the inserts, by a connection of its own, and put in place before the commit
    with connection.cursor() as second, ThreadPoolExecutor(1) as beside, transaction(connection):
        writing = beside.submit(snapshots.write_hub_day, second, KEYED, settings, snapshot)
        new_models = register_models(connection)
        changes = _store_day(connection, settings, snapshot)
        snapshots.put_in_place(writing.result())
    connection.execute(f"drop table {KEYED}")
    snapshots.drop_superseded_hub_files(settings)
    return Loaded(
        snapshot["snapshot_date"], snapshot["row_count"], new_models, changes, snapshot.get("odd_values", [])
    )


def load_note(connection: Connection, settings: Settings, snapshot: dict[str, Any]) -> None:
    """Say of a day that it has no rows, and why; rows that it had go. The note is a file of snapshots/."""
    _key_nothing(connection)
    temporary = snapshots.write_hub_day(connection, KEYED, settings, snapshot)
    with transaction(connection):
        _store_note(connection, settings, snapshot)
        snapshots.put_in_place(temporary)
    connection.execute(f"drop table {KEYED}")
    snapshots.drop_superseded_hub_files(settings)


def remove_day(connection: Connection, settings: Settings, day: date) -> None:
    """Take a day out of the raw tables and its file away, as if it had never been loaded.

    The file goes first, under a name that the next writer sweeps away: what a kill leaves is a day that is
    gone or one whose file is written again.
    """
    _key_nothing(connection)
    with transaction(connection), snapshots.withdrawn(settings, day):
        _replace_day(connection, settings, day, list(ATTRIBUTE_GROUPS))
        connection.execute("delete from raw.hub_snapshots where snapshot_date = ?", [day])
        snapshots.forget_loads_of(connection, day)
    connection.execute(f"drop table {KEYED}")
    snapshots.remove_unfinished(settings)


def rejected_days(connection: Connection) -> set[date]:
    """Days whose pages wait in landing for somebody to accept or crawl them again."""
    rows = connection.execute(
        "select snapshot_date from raw.hub_snapshots where not is_accepted and provenance = 'observed'"
    ).fetchall()
    return {day for (day,) in rows}


def restore_day(connection: Connection, settings: Settings, day_file: snapshots.HubDay) -> None:
    """Load a day from its file of snapshots/, keys included, as it was loaded the first time.

    Raises SnapshotError for a file that cannot be read, WarehouseError for one of another data home.
    """
    with snapshots.reading_record(day_file.path):
        connection.execute(
            f"create or replace table {KEYED} as select {', '.join(DAY_COLUMNS)} from read_parquet(?)",
            [literal_path(day_file.path)],
        )
    if not day_file.snapshot["is_accepted"]:
        with transaction(connection):
            _store_note(connection, settings, day_file.snapshot)
        connection.execute(f"drop table {KEYED}")
        return
    clash = connection.execute(
        f"select k.hub_id, k.model_key from {KEYED} as k join raw.hub_models as m using (model_key) "
        "where m.hub_id <> k.hub_id limit 1"
    ).fetchall()
    if clash:
        raise WarehouseError(
            f"{day_file.path}: model {clash[0][0]} has key {clash[0][1]}, which another model has "
            "already. The file belongs to another data home; take it out of snapshots/hub/."
        )
    load_keyed(connection, settings, day_file.snapshot)


def load_keyed(connection: Connection, settings: Settings, snapshot: dict[str, Any]) -> None:
    """Load a day whose rows are in KEYED already, keys included; KEYED is dropped."""
    with transaction(connection):
        register_models(connection)
        _store_day(connection, settings, snapshot)
    connection.execute(f"drop table {KEYED}")


def _previous_snapshot(connection: Connection, day: date, scope_id: str) -> dict[str, Any] | None:
    found = connection.execute(
        "select snapshot_date, row_count from raw.hub_snapshots "
        "where is_accepted and provenance = 'observed' and scope_id = ? and snapshot_date < ? "
        "order by snapshot_date desc limit 1",
        [scope_id, day],
    ).fetchall()
    if not found:
        return None
    previous_day, rows = found[0]
    has_all_time = scalar(
        connection,
        "select count(downloads_all_time) > 0 from raw.hub_model_counters where snapshot_date = ?",
        [previous_day],
    )
    return {"day": previous_day, "row_count": rows, "has_all_time": has_all_time}


def _reasons_to_reject(
    connection: Connection, crawl: Crawl, rows: int, previous: dict[str, Any] | None
) -> list[str]:
    with_30d, with_all_time, keys = connection.execute(
        "select count(downloads_30d), count(downloads_all_time), count(distinct hub_id) from staged"
    ).fetchall()[0]
    reasons = []
    if not crawl.is_complete:
        reasons.append("the crawl is not complete")
    if rows == 0:
        reasons.append("the listing is empty")
    elif with_30d == 0:
        reasons.append("downloads_30d is NULL for every model")
    if keys != rows:
        reasons.append(f"{rows - keys} hub_id are there twice")
    if previous is not None:
        if rows < MINIMUM_SHARE_OF_ROWS * previous["row_count"]:
            reasons.append(
                f"{rows} models are less than {MINIMUM_SHARE_OF_ROWS:.0%} of the "
                f"{previous['row_count']} of {previous['day']}"
            )
        if rows and with_all_time == 0 and previous["has_all_time"]:
            reasons.append(f"downloads_all_time is NULL for every model, and was not on {previous['day']}")
    return reasons


def refuse_other_home(connection: Connection, origin: str, lacks: list[str]) -> None:
    """Raise WarehouseError for a day that would be counted twice or taken for real among those here."""
    stands_in = KEY in lacks
    other = scalar(
        connection,
        "select min(snapshot_date) from raw.hub_snapshots where is_accepted and list_contains(lacks, ?) <> ?",
        [KEY, stands_in],
    )
    if other is not None:
        named, here = ("repository id", "_id") if stands_in else ("_id", "repository id")
        raise WarehouseError(
            f"The days of this data home know models by their {here} ({other}), this one by the {named}: "
            "each model would count twice. Nothing was loaded. Add the column _id, or set another "
            "MODELTIDE_HOME."
        )
    present = scalar(
        connection,
        "select origin from raw.hub_snapshots where is_accepted and origin <> ? limit 1",
        [origin],
    )
    if present is not None and "synthetic" in (origin, present):
        raise WarehouseError(
            f"This data home holds {present} days; a {origin} day does not belong among them. "
            "Nothing was loaded. Set another MODELTIDE_HOME."
        )


def _is_accepted(connection: Connection, day: date) -> bool:
    found = scalar(connection, "select is_accepted from raw.hub_snapshots where snapshot_date = ?", [day])
    return found is True


def _rejection(day: date, reasons: list[str], was_accepted: bool, crawl: Crawl) -> str:
    kept = (
        "The day keeps what an earlier crawl loaded"
        if was_accepted
        else "What was published before stays readable"
    )
    return (
        f"{day} was not accepted: {'; '.join(reasons)}. {kept}. The pages stay in {crawl.folder}. "
        f"Look at them; then type `make run DAY={day} REFETCH=1` to crawl again, or "
        f"`make run DAY={day} ACCEPT=1` to accept the day as it is."
    )


def _give_keys(connection: Connection) -> None:
    """Fill KEYED from `staged`."""
    number_models(connection)
    connection.execute(f"create or replace table {KEYED} as {KEYED_ROWS}")
    connection.execute("drop table new_keys")


def number_models(connection: Connection) -> None:
    """Fill `new_keys`: models of `staged` that are not registered get the next keys, biggest first."""
    connection.execute(
        """
        create or replace temp table new_keys as
        select
            hub_id,
            cast((select coalesce(max(model_key), 0) from raw.hub_models) + row_number() over (
                order by coalesce(downloads_all_time, downloads_30d, 0) desc, hub_id
            ) as integer) as model_key
        from staged anti join raw.hub_models using (hub_id)
        """
    )


def register_models(connection: Connection, keyed: str = KEYED) -> int:
    """Enter the models of `keyed` that are not registered; returns how many."""
    connection.execute(
        "insert into raw.hub_models select model_key, hub_id, created_at, last_modified "
        f"from {keyed} as k anti join raw.hub_models using (model_key) order by model_key"
    )
    return changed_rows(connection)


def _store_day(connection: Connection, settings: Settings, snapshot: dict[str, Any]) -> dict[str, int]:
    """Replace all that the day says with the rows of `keyed`; returns rows opened per table."""
    day = snapshot["snapshot_date"]
    changes = _replace_day(connection, settings, day, snapshot["lacks"])
    write_snapshot_row(connection, snapshot)
    snapshots.record_load(connection, snapshots.HUB, day, snapshot["load_id"])
    return changes


def _store_note(connection: Connection, settings: Settings, snapshot: dict[str, Any]) -> None:
    """Replace all that the day says with its snapshot row; KEYED has no row."""
    day = snapshot["snapshot_date"]
    if _is_accepted(connection, day):
        _replace_day(connection, settings, day, list(ATTRIBUTE_GROUPS))
    write_snapshot_row(connection, snapshot)
    snapshots.record_load(connection, snapshots.NOTES, day, snapshot["load_id"])


def _key_nothing(connection: Connection) -> None:
    body = ", ".join(f'"{name}" {kind}' for name, kind in DAY_COLUMNS.items())
    connection.execute(f"create or replace table {KEYED} ({body})")


def _replace_day(connection: Connection, settings: Settings, day: date, lacks: list[str]) -> dict[str, int]:
    """The same without the snapshot row: counters, evidence and facts."""
    learn_facts(connection, KEYED)
    doubt_facts(connection, KEYED, day)
    settle_facts(connection, KEYED, settings, day)
    former = scalar(
        connection, "select lacks from raw.hub_snapshots where snapshot_date = ? and is_accepted", [day]
    )
    changes = {}
    for group, table in ATTRIBUTE_GROUPS.items():
        if group not in lacks:
            changes[table.name] = replace_evidence(connection, KEYED, group, table, day)
        elif isinstance(former, list) and group not in former:
            replace_evidence(connection, f"(from {KEYED} limit 0)", group, table, day)
    connection.execute(
        "create or replace temp table gone as select model_key from raw.hub_model_counters "
        f"where snapshot_date = ? and model_key not in (select model_key from {KEYED})",
        [day],
    )
    connection.execute("delete from raw.hub_model_counters where snapshot_date = ?", [day])
    columns = ", ".join(HUB_MODEL_COUNTERS.column_names[1:])
    connection.execute(
        f"insert into raw.hub_model_counters select ?, {columns} from {KEYED} order by model_key", [day]
    )
    if count_rows(connection, "gone"):  # seen by the load that is replaced and on no other day: never seen
        connection.execute(
            "delete from raw.hub_models where model_key in "
            "(select model_key from gone anti join raw.hub_model_counters using (model_key))"
        )
    connection.execute("drop table gone")
    return changes


def snapshot_row(connection: Connection, day: date) -> dict[str, Any]:
    """What raw.hub_snapshots says of a day, of an earlier version too. Raises LookupError if nothing."""
    found = connection.execute("from raw.hub_snapshots where snapshot_date = ?", [day])
    names = [name for name, *_ in found.description]
    rows = found.fetchall()
    if not rows:
        raise LookupError(f"raw.hub_snapshots has no row of {day}")
    return dict(zip(names, rows[0], strict=True))


def write_snapshot_row(connection: Connection, snapshot: dict[str, Any]) -> None:
    """Put the row of raw.hub_snapshots in place of the day's former one."""
    connection.execute("delete from raw.hub_snapshots where snapshot_date = ?", [snapshot["snapshot_date"]])
    holes = ", ".join("?" for _ in HUB_SNAPSHOTS.columns)
    connection.execute(
        f"insert into raw.hub_snapshots values ({holes})",
        # a file of an earlier version lacks columns
        [snapshot.get(name) for name in HUB_SNAPSHOTS.column_names],
    )
