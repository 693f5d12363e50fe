"""Days into the raw tables, or out of them: one transaction for a set of days, or for one.

Belongs here: the checks that accept or reject a landed day, keys, and the replacement of all that days say.
Does not belong here: reading pages (read_pages), attributes over time (attribute_history, repository_dates),
days that nobody observed (archive/unobserved_days) and the files of snapshots/.
"""

from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb

from dagster_project.lib.errors import ModelTideError
from dagster_project.lib.hub.attribute_history import replace_evidence
from dagster_project.lib.hub.day_rows import KEYED, empty_keyed
from dagster_project.lib.hub.read_files import KEY
from dagster_project.lib.hub.read_pages import read_pages
from dagster_project.lib.hub.repository_dates import doubt_facts, learn_facts, settle_facts
from dagster_project.lib.record import snapshots
from dagster_project.lib.record.landing import Crawl
from dagster_project.lib.settings import Settings
from dagster_project.lib.warehouse.connection import (
    WarehouseError,
    by_column,
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
from dagster_project.lib.warehouse.sql_text import literal_path, one_of

MINIMUM_SHARE_OF_ROWS = 0.85  # of the previous accepted day of the same scope

# a set of days: its statements cost the same whatever the rows, which lie in memory until they are stored
SET_ROWS = 300_000

KEYS = "(select hub_id, model_key from new_keys union all select hub_id, model_key from raw.hub_models)"

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
    empty_keyed(connection)
    counts, odd = read_pages(connection, crawl)
    previous = _previous_snapshot(connection, day, crawl.opening.scope_id)
    reasons = _reasons_to_reject(connection, crawl, counts["row_count"], previous)
    reasons += odd.changed_fields(settings)
    snapshot = observed_snapshot(connection, crawl, counts | odd.columns())
    snapshot |= {"is_accepted": not reasons or settings.accept, "reasons": reasons}
    if not snapshot["is_accepted"]:
        connection.execute(f"drop table {KEYED}")
        was_accepted = day in loaded_days(connection)
        if not was_accepted:
            load_note(connection, settings, snapshot)
        raise DayRejected(_rejection(day, reasons, was_accepted, crawl))
    loaded = load_held(connection, settings, [snapshot])[0]
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


def load_held(connection: Connection, settings: Settings, said: Sequence[dict[str, Any]]) -> list[Loaded]:
    """Put the rows of KEYED in place of what the days of these snapshot rows said, and write their files.

    Of several days none may be loaded already: what it alone had said must go before another gets its keys.
    KEYED and `new_keys` are dropped.
    """
    for snapshot in said:  # one after the other: a model's key is that of its first day
        day = snapshot["snapshot_date"]
        number_models(
            connection, f"(from {KEYED} where snapshot_date = date '{day}' and model_key is null)", day
        )
    # in place: rows that go through a join are made anew
    connection.execute(
        f"update {KEYED} as k set model_key = keys.model_key from {KEYS} as keys "
        "where k.model_key is null and k.hub_id = keys.hub_id"
    )
    # the files are written beside the inserts, by a connection of its own, and put in place before the commit
    with connection.cursor() as second, ThreadPoolExecutor(1) as beside, transaction(connection):
        writing = beside.submit(_write_files, second, settings, said)
        opened = _store_keyed(connection, settings, said)
        for temporary in writing.result():
            snapshots.put_in_place(temporary)
    counted = connection.execute("select snapshot_date, count(*) from new_keys group by all").fetchall()
    connection.execute("drop table new_keys")
    connection.execute(f"drop table {KEYED}")
    snapshots.drop_superseded_hub_files(settings)
    new_models = dict(counted)
    return [
        Loaded(
            day := snapshot["snapshot_date"],
            snapshot["row_count"],
            new_models.get(day, 0),
            {ATTRIBUTE_GROUPS[group].name: opened[group].get(day, 0) for group in _groups_said(snapshot)},
            snapshot.get("odd_values", []),
        )
        for snapshot in said
    ]


def load_note(connection: Connection, settings: Settings, snapshot: dict[str, Any]) -> None:
    """Say of a day that it has no rows, and why; rows that it had go. The note is a file of snapshots/."""
    empty_keyed(connection)
    load_held(connection, settings, [snapshot])


def remove_day(connection: Connection, settings: Settings, day: date) -> None:
    """Take a day out of the raw tables and its file away, as if it had never been loaded.

    The file goes first, under a name that the next writer sweeps away: what a kill leaves is a day that is
    gone or one whose file is written again.
    """
    empty_keyed(connection)
    with transaction(connection), snapshots.withdrawn(settings, day):
        _replace_days(connection, settings, {day: []})
        connection.execute("delete from raw.hub_snapshots where snapshot_date = ?", [day])
        snapshots.forget_loads_of(connection, [day])
    connection.execute(f"drop table {KEYED}")
    snapshots.remove_unfinished(settings)


def rejected_days(connection: Connection) -> set[date]:
    """Days whose pages wait in landing for somebody to accept or crawl them again."""
    rows = connection.execute(
        "select snapshot_date from raw.hub_snapshots where not is_accepted and provenance = 'observed'"
    ).fetchall()
    return {day for (day,) in rows}


def restore_days(connection: Connection, settings: Settings, files: Sequence[snapshots.HubDay]) -> None:
    """Load days from their files of snapshots/, keys included, as they were loaded the first time.

    Raises SnapshotError for a file that cannot be read, WarehouseError for one of another data home.
    """
    empty_keyed(connection)
    paths = [literal_path(one.path) for one in files if one.snapshot["is_accepted"]]
    if paths:
        with snapshots.reading_record(files[0].path):
            connection.execute(
                f"insert into {KEYED} by name select {', '.join(DAY_COLUMNS)}, "
                "cast(parse_filename(filename)[:10] as date) as snapshot_date from read_parquet(?)",
                [paths],
            )
    load_keyed(connection, settings, [one.snapshot for one in files])


def load_keyed(connection: Connection, settings: Settings, said: Sequence[dict[str, Any]]) -> None:
    """Load days whose rows are in KEYED already and whose files are written; KEYED is dropped."""
    with transaction(connection):
        _store_keyed(connection, settings, said)
        clash = connection.execute(
            f"select k.snapshot_date, k.hub_id, k.model_key from {KEYED} as k "
            "join raw.hub_models as m using (model_key) where m.hub_id <> k.hub_id limit 1"
        ).fetchall()
        if clash:
            day, model, key = clash[0]
            (load_id,) = (row["load_id"] for row in said if row["snapshot_date"] == day)
            raise WarehouseError(
                f"{snapshots.path_of(settings, snapshots.HUB, day, load_id)}: model {model} has key {key}, "
                "which another model has already. The file belongs to another data home; take it out of "
                "snapshots/hub/."
            )
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
        f"select count(downloads_30d), count(downloads_all_time), count(distinct hub_id) from {KEYED}"
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


def loaded_days(connection: Connection) -> set[date]:
    """The days that have rows."""
    rows = connection.execute("select snapshot_date from raw.hub_snapshots where is_accepted").fetchall()
    return {day for (day,) in rows}


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


def number_models(connection: Connection, rows: str, day: date) -> None:
    """Give models of a day that nobody knows the next keys, in `new_keys`: the biggest comes first."""
    connection.execute(
        f"""
        insert into new_keys
        select
            date '{day}',
            hub_id,
            cast(greatest(
                coalesce((select max(model_key) from raw.hub_models), 0),
                coalesce((select max(model_key) from new_keys), 0)
            ) + row_number() over (
                order by coalesce(downloads_all_time, downloads_30d, 0) desc, hub_id
            ) as integer)
        from {rows} anti join raw.hub_models using (hub_id) anti join new_keys using (hub_id)
        """
    )


def register_models(connection: Connection, seen: str) -> None:
    """Enter the models of `seen`, a row each, that are not registered."""
    connection.execute(
        "insert into raw.hub_models select model_key, hub_id, created_at, last_modified "
        f"from {seen} as k anti join raw.hub_models using (model_key) order by model_key"
    )


def _write_files(connection: Connection, settings: Settings, said: Sequence[dict[str, Any]]) -> list[Path]:
    """The files of the days under temporary names, all of them or none."""
    written: list[Path] = []
    try:
        for snapshot in said:
            rows = f"where snapshot_date = date '{snapshot['snapshot_date']}'"
            table = f"(select {', '.join(DAY_COLUMNS)} from {KEYED} {rows})"
            written.append(snapshots.write_hub_day(connection, table, settings, snapshot))
    except BaseException:
        for temporary in written:
            temporary.unlink(missing_ok=True)
        raise
    return written


def _store_keyed(
    connection: Connection, settings: Settings, said: Sequence[dict[str, Any]]
) -> dict[str, dict[date, int]]:
    """Replace all that the days say with the rows of KEYED; returns the rows opened, by group and day."""
    opened = _replace_days(
        connection, settings, {snapshot["snapshot_date"]: _groups_said(snapshot) for snapshot in said}
    )
    write_snapshot_rows(connection, said)
    snapshots.record_loads(
        connection,
        [
            (snapshots.HUB if row["is_accepted"] else snapshots.NOTES, row["snapshot_date"], row["load_id"])
            for row in said
        ],
    )
    return opened


def _groups_said(snapshot: dict[str, Any]) -> list[str]:
    """The attribute groups that a day says something of; a day without rows says nothing."""
    return [group for group in ATTRIBUTE_GROUPS if snapshot["is_accepted"] and group not in snapshot["lacks"]]


def _replace_days(
    connection: Connection, settings: Settings, groups_said: Mapping[date, Collection[str]]
) -> dict[str, dict[date, int]]:
    """The same without the snapshot rows: models, counters, evidence and facts."""
    days = list(groups_said)
    found = connection.execute(
        "select snapshot_date, lacks from raw.hub_snapshots "
        f"where is_accepted and snapshot_date in {one_of(days)}"
    ).fetchall()
    former = dict(found)  # what is replaced
    seen = KEYED
    if len(days) > 1:
        seen = "seen"
        connection.execute(
            "create or replace temp table seen as select model_key, any_value(hub_id) as hub_id, "
            "min(created_at) as created_at, max(last_modified) as last_modified "
            f"from {KEYED} group by model_key"
        )
    register_models(connection, seen)
    learn_facts(connection, seen)
    if former:
        doubt_facts(connection, KEYED, days)
        settle_facts(connection, KEYED, settings, days)
    opened = {
        group: replace_evidence(
            connection,
            KEYED,
            group,
            table,
            [day for day, groups in groups_said.items() if group in groups],
            [day for day, lacks in former.items() if group not in lacks],
        )
        for group, table in ATTRIBUTE_GROUPS.items()
    }
    if former:
        connection.execute(
            "create or replace temp table gone as select model_key from raw.hub_model_counters "
            f"where snapshot_date in {one_of(days)} and model_key not in (select model_key from {KEYED})"
        )
        connection.execute(f"delete from raw.hub_model_counters where snapshot_date in {one_of(days)}")
    connection.execute(
        f"insert into raw.hub_model_counters select {', '.join(HUB_MODEL_COUNTERS.column_names)} "
        f"from {KEYED} order by snapshot_date, model_key"
    )
    if former:
        if count_rows(connection, "gone"):  # seen by what is replaced and on no other day: never seen
            connection.execute(
                "delete from raw.hub_models where model_key in "
                "(select model_key from gone anti join raw.hub_model_counters using (model_key))"
            )
        connection.execute("drop table gone")
    return opened


def snapshot_row(connection: Connection, day: date) -> dict[str, Any]:
    """What raw.hub_snapshots says of a day, of an earlier version too. Raises LookupError if nothing."""
    rows = by_column(connection.execute("from raw.hub_snapshots where snapshot_date = ?", [day]))
    if not rows:
        raise LookupError(f"raw.hub_snapshots has no row of {day}")
    return rows[0]


def write_snapshot_rows(connection: Connection, said: Sequence[dict[str, Any]]) -> None:
    """Put rows of raw.hub_snapshots in place of the days' former ones."""
    days = one_of(snapshot["snapshot_date"] for snapshot in said)
    connection.execute(f"delete from raw.hub_snapshots where snapshot_date in {days}")
    holes = ", ".join("?" for _ in HUB_SNAPSHOTS.columns)
    connection.execute(
        f"insert into raw.hub_snapshots values {', '.join(f'({holes})' for _ in said)}",
        # a file of an earlier version lacks columns
        [snapshot.get(name) for snapshot in said for name in HUB_SNAPSHOTS.column_names],
    )
