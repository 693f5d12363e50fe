"""Landed pages into the raw tables: one day, one transaction.

Belongs here: reading pages with strict types, duplicates, the checks that accept or reject a day, keys, and
the replacement of a day's counters and attribute evidence.
Does not belong here: fetching (hub, landing) and the files of snapshots/ (snapshots).
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import duckdb
import orjson

from dagster_project.lib import snapshots
from dagster_project.lib.errors import ModelTideError
from dagster_project.lib.landing import Crawl
from dagster_project.lib.raw_tables import ATTRIBUTE_GROUPS, HUB_MODEL_COUNTERS, HUB_SNAPSHOTS, Table
from dagster_project.lib.settings import Settings
from dagster_project.lib.warehouse import WarehouseError, limit_memory, scalar, transaction

MINIMUM_SHARE_OF_ROWS = 0.85  # of the previous accepted day of the same scope

KEYED = "memory.keyed"  # the day's rows with their keys, in the database that `warehouse` attaches

Connection = duckdb.DuckDBPyConnection


class TypeFlip(ModelTideError):
    """A field changed its type upstream; the message names field and page."""


class DayRejected(ModelTideError):
    """The day failed its checks and stays in landing; what was published stays as it is."""


@dataclass(frozen=True)
class Loaded:
    """What a load did; `changes` counts the rows opened in each attribute table."""

    day: date
    row_count: int
    new_models: int
    changes: dict[str, int]


# what an item of /api/models may hold: JSON type on the wire, as read by DuckDB
_PAGE_COLUMNS = {
    "_id": "varchar",
    "id": "varchar",
    "author": "varchar",
    "createdAt": "varchar",
    "lastModified": "varchar",
    # numbers are read as JSON text first: a cast would take "123", 12.6 and true for integers
    "downloads": "json",
    "downloadsAllTime": "json",
    "likes": "json",
    "trendingScore": "json",
    "gated": "json",
    "private": "json",
    "library_name": "varchar",
    "pipeline_tag": "varchar",
    "tags": "varchar[]",
    "baseModels": "struct(relation varchar, models struct(id varchar)[])",
    "safetensors": "struct(total json)",
    "gguf": "struct(total json)",
    "usedStorage": "json",
}
_INTEGERS = {
    "downloads_30d": "downloads",
    "downloads_all_time": '"downloadsAllTime"',
    "likes": "likes",
    "used_storage_bytes": '"usedStorage"',
    "safetensors_parameters": "safetensors.total",
    "gguf_parameters": "gguf.total",
}


def _is_integer(value: Any) -> bool:
    return type(value) is int


def _is_time(value: Any) -> bool:
    try:
        return isinstance(value, str) and bool(datetime.fromisoformat(value))
    except ValueError:
        return False


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _has_total(value: Any) -> bool:
    return isinstance(value, dict) and (value.get("total") is None or _is_integer(value["total"]))


# the same contract once more, for the message: asked only after a load has failed
_FIELDS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "_id": (lambda v: _is_text(v) and len(v) == 24, "a text of 24 hexadecimal digits"),
    "id": (_is_text, "a text"),
    "createdAt": (_is_time, "an ISO 8601 time"),
    "lastModified": (_is_time, "an ISO 8601 time"),
    "downloads": (_is_integer, "a whole number"),
    "downloadsAllTime": (_is_integer, "a whole number"),
    "likes": (_is_integer, "a whole number"),
    "trendingScore": (lambda v: type(v) in (int, float), "a number"),
    "gated": (lambda v: v in (False, True, "auto", "manual"), "false, auto or manual"),
    "private": (lambda v: isinstance(v, bool), "true or false"),
    "tags": (lambda v: isinstance(v, list) and all(map(_is_text, v)), "a list of texts"),
    "baseModels": (lambda v: isinstance(v, dict), "an object"),
    "safetensors": (_has_total, "an object whose total is a whole number"),
    "gguf": (_has_total, "an object whose total is a whole number"),
    "usedStorage": (_is_integer, "a whole number"),
}
_REQUIRED = ("_id", "id", "createdAt")


def load_crawl(connection: Connection, crawl: Crawl, settings: Settings) -> Loaded:
    """Load a landed day in one transaction and write its file of snapshots/.

    A day that fails a check is recorded as not accepted, unless `settings.accept`, and DayRejected
    is raised; a day that was accepted before keeps what it had. Raises TypeFlip.
    """
    day = date.fromisoformat(crawl.opening.day)
    now = datetime.now(UTC).replace(tzinfo=None)
    _refuse_other_origin(connection, crawl.opening.origin)
    limit_memory(connection, crawl.rows)
    counts = _stage_pages(connection, crawl)
    previous = _previous_snapshot(connection, day, crawl.opening.scope_id)
    reasons = _reasons_to_reject(connection, crawl, counts["row_count"], previous)
    snapshot: dict[str, Any] = {
        "snapshot_date": day,
        "scope": crawl.opening.scope,
        "scope_id": crawl.opening.scope_id,
        "pages": len(crawl.pages),
        **counts,
        "is_complete": crawl.is_complete,
        "is_accepted": not reasons or settings.accept,
        "reasons": reasons,
        "lacks": [],
        "provenance": "observed",
        "origin": crawl.opening.origin,
        "captured_from": crawl.started_at.replace(tzinfo=None),
        "captured_at": crawl.finished_at.replace(tzinfo=None),
        "loaded_at": now,
        "load_id": snapshots.new_load_id(now),
    }
    if not snapshot["is_accepted"]:
        connection.execute("drop table staged")
        was_accepted = _is_accepted(connection, day)
        if not was_accepted:
            with transaction(connection):
                _write_snapshot_row(connection, snapshot)
        raise DayRejected(_rejection(day, reasons, was_accepted, crawl))
    _give_keys(connection)
    # the file is written beside the inserts, by a connection of its own, and put in place before the commit
    with connection.cursor() as second, ThreadPoolExecutor(1) as beside, transaction(connection):
        writing = beside.submit(snapshots.write_hub_day, second, KEYED, settings, snapshot)
        new_models = _register_models(connection)
        changes = _store_day(connection, snapshot)
        snapshots.put_in_place(writing.result())
    connection.execute(f"drop table {KEYED}")
    snapshots.drop_superseded_hub_files(settings, day, snapshot["load_id"])
    return Loaded(day, counts["row_count"], new_models, changes)


def rejected_days(connection: Connection) -> set[date]:
    """Days whose pages wait in landing for somebody to accept or crawl them again."""
    rows = connection.execute("select snapshot_date from raw.hub_snapshots where not is_accepted").fetchall()
    return {day for (day,) in rows}


def restore_day(connection: Connection, day_file: snapshots.HubDay) -> None:
    """Load a day from its file of snapshots/, keys included, as it was loaded the first time."""
    connection.execute(
        f"create or replace table {KEYED} as select * from read_parquet(?) order by model_key",
        [str(day_file.path)],
    )
    clash = connection.execute(
        f"select k.hub_id, k.model_key from {KEYED} as k join raw.hub_models as m using (model_key) "
        "where m.hub_id <> k.hub_id limit 1"
    ).fetchall()
    if clash:
        raise WarehouseError(
            f"{day_file.path}: model {clash[0][0]} has key {clash[0][1]}, which another model has "
            "already. The file belongs to another data home; take it out of snapshots/hub/."
        )
    with transaction(connection):
        _register_models(connection)
        _store_day(connection, day_file.snapshot)
    connection.execute(f"drop table {KEYED}")


def _stage_pages(connection: Connection, crawl: Crawl) -> dict[str, int]:
    """Fill the temporary table `staged`, one row per public model; returns what was removed."""
    main, followed = crawl.opening.streams[0], "publisher:"
    try:
        connection.execute(f"create or replace temp table staged as {_select_pages()}", [crawl.files(main)])
        overlap = 0
        if crawl.files(followed):
            # the top listing was fetched first and is kept: its rows are one moment in time
            connection.execute(
                f"create or replace temp table more as {_select_pages()}", [crawl.files(followed)]
            )
            overlap = _count(connection, "more semi join staged using (hub_id)")
            connection.execute("insert into staged from more anti join staged using (hub_id)")
            connection.execute("drop table more")
        flipped = _count(connection, "staged where is_flipped")
    except duckdb.Error as error:
        raise _name_the_flip(crawl, error) from error
    if flipped:
        raise _name_the_flip(crawl, None)
    private = _count(connection, "staged where is_private")
    if private:
        connection.execute("delete from staged where is_private")
    duplicates = int(
        str(scalar(connection, "select count(*) - count(distinct hub_id) from staged"))
    )  # counted first: a window over 3.2 million rows costs 35 s and 1.8 GB
    if duplicates:
        connection.execute(
            "delete from staged where rowid in (select unnest(list(rowid order by rowid)[2:]) "
            "from staged group by hub_id having count(*) > 1)"
        )
    connection.execute("alter table staged drop column is_flipped")
    connection.execute("alter table staged drop column is_private")
    return {
        "row_count": _count(connection, "staged"),
        "duplicates": duplicates,
        "overlap": overlap,
        "private_rows": private,
    }


def _select_pages() -> str:
    columns = ", ".join(f"'{name}': '{kind}'" for name, kind in _PAGE_COLUMNS.items())
    integers = ", ".join(f"try_cast({field} as bigint) as {name}" for name, field in _INTEGERS.items())
    flips = " or ".join(
        [
            # one pattern over the _id and all integers: a pattern for each costs a third of the load
            f"not regexp_full_match(concat_ws(' ', coalesce(_id, ''), {', '.join(_INTEGERS.values())}), "
            r"'[0-9a-f]{24}( -?[0-9]{1,18})*')",
            """("trendingScore" is not null and try_cast("trendingScore" as double) is null)""",
            "gated not in ('false', 'true', '\"auto\"', '\"manual\"')",
            "private not in ('true', 'false')",
            "coalesce(id, '') = ''",
            """try_cast("createdAt" as timestamptz) is null""",
            """("lastModified" is not null and try_cast("lastModified" as timestamptz) is null)""",
        ]
    )
    return f"""
        select
            _id as hub_id,
            id as repo_id,
            coalesce(author, case when contains(id, '/') then split_part(id, '/', 1) end) as publisher,
            try_cast("createdAt" as timestamptz) at time zone 'UTC' as created_at,
            try_cast("lastModified" as timestamptz) at time zone 'UTC' as last_modified,
            {integers},
            try_cast("trendingScore" as double) as trending_score,
            case trim(gated, '"') when 'true' then 'yes' else trim(gated, '"') end as gated,
            library_name,
            pipeline_tag,
            tags,
            "baseModels".relation as base_relation,
            list_transform("baseModels".models, lambda m: m.id) as base_models,
            coalesce(private = 'true', false) as is_private,
            coalesce({flips}, false) as is_flipped
        from read_json(?, format = 'array', columns = {{{columns}}})
    """


def _name_the_flip(crawl: Crawl, error: duckdb.Error | None) -> Exception:
    """Walk the pages for the first field of an unexpected type."""
    for page in crawl.pages:
        for item in orjson.loads(crawl.read(page)):
            for name, (fits, expected) in _FIELDS.items():
                value = item.get(name)
                if (value is None and name in _REQUIRED) or (value is not None and not fits(value)):
                    return TypeFlip(
                        f"Field {name} changed its type upstream: {orjson.dumps(value).decode()[:60]} "
                        f"instead of {expected}, model {item.get('id')!r}, page {page.number} "
                        f"({page.stream}, {crawl.folder / page.file}). Nothing was loaded; the pages stay "
                        "in landing. Teach lib/hub_load.py the new type and run the day again."
                    )
    return error or TypeFlip(f"A field of {crawl.folder} has an unexpected type. Nothing was loaded.")


def _previous_snapshot(connection: Connection, day: date, scope_id: str) -> dict[str, Any] | None:
    found = connection.execute(
        "select snapshot_date, row_count from raw.hub_snapshots "
        "where is_accepted and scope_id = ? and snapshot_date < ? order by snapshot_date desc limit 1",
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


def _refuse_other_origin(connection: Connection, origin: str) -> None:
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
    """Turn `staged` into `keyed`: known models keep their key, unseen ones get the next, biggest first.

    Done before the transaction, so that the memory of `staged` is free when it begins; there is one writer.
    """
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
    connection.execute(
        f"""
        create or replace table {KEYED} as
        select keys.model_key, staged.*
        from staged
        join (
            from new_keys union all by name select hub_id, model_key from raw.hub_models
        ) as keys using (hub_id)
        order by keys.model_key
        """
    )
    connection.execute("drop table staged")
    connection.execute("drop table new_keys")


def _register_models(connection: Connection) -> int:
    """Enter the models of `keyed` that are not registered; returns how many."""
    connection.execute(
        "insert into raw.hub_models select model_key, hub_id, created_at, last_modified "
        f"from {KEYED} as k anti join raw.hub_models using (model_key)"
    )
    return _changed_rows(connection)


def _store_day(connection: Connection, snapshot: dict[str, Any]) -> dict[str, int]:
    """Replace all that the day says with the rows of `keyed`; returns rows opened per table."""
    day = snapshot["snapshot_date"]
    connection.execute(
        "update raw.hub_models as m set last_modified = greatest(m.last_modified, s.last_modified) "
        f"from {KEYED} as s where m.model_key = s.model_key "
        "and s.last_modified > coalesce(m.last_modified, timestamp '1970-01-01')"
    )
    changes = {
        table.name: _replace_evidence(connection, group, table, day)
        for group, table in ATTRIBUTE_GROUPS.items()
        if group not in snapshot["lacks"]
    }
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
    if _count(connection, "gone"):  # seen by the load that is replaced and on no other day: never seen
        connection.execute(
            "delete from raw.hub_models where model_key in "
            "(select model_key from gone anti join raw.hub_model_counters using (model_key))"
        )
    connection.execute("drop table gone")
    _write_snapshot_row(connection, snapshot)
    snapshots.record_load(connection, "hub", day, snapshot["load_id"])
    return changes


def _replace_evidence(connection: Connection, group: str, table: Table, day: date) -> int:
    """Let `keyed` say what `group` was on `day`; what other days say does not change.

    With `before` the state that held before the day and `after` the state on the model's next day
    with evidence, the table must show: a row at the day if its state differs from `before`, and a row
    at the next day if `after` differs from what then precedes it. Returns rows opened at the day.
    """
    name, state = table.full_name, table.column_names[2:]
    columns = ", ".join(state)
    connection.execute(
        f"""
        create or replace temp table before as
        select t.* from {name} as t join (
            select model_key, max(first_seen) as first_seen from {name}
            where first_seen < ? group by model_key
        ) using (model_key, first_seen)
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
        f"insert into {name} select s.model_key, ?, {_prefixed('s', state)} from {KEYED} as s "
        f"anti join before as b on s.model_key = b.model_key and not ({_differs('s', 'b', state)})",
        [day],
    )
    opened = _changed_rows(connection)
    for preceding, condition in (
        (KEYED, "true"),
        ("before", f"a.model_key not in (select model_key from {KEYED})"),
    ):
        connection.execute(
            f"insert into {name} select a.model_key, a.next_day, {_prefixed('a', state)} "
            f"from after as a join {preceding} as p using (model_key) "
            f"where {condition} and ({_differs('a', 'p', state)}) order by a.model_key"
        )
    connection.execute(
        f"insert into {name} select model_key, next_day, {columns} from after "
        f"anti join {KEYED} as k using (model_key) anti join before using (model_key) order by model_key"
    )
    for temporary in ("before", "next_days", "after"):
        connection.execute(f"drop table {temporary}")
    return opened


def _write_snapshot_row(connection: Connection, snapshot: dict[str, Any]) -> None:
    connection.execute("delete from raw.hub_snapshots where snapshot_date = ?", [snapshot["snapshot_date"]])
    holes = ", ".join("?" for _ in HUB_SNAPSHOTS.columns)
    connection.execute(
        f"insert into raw.hub_snapshots values ({holes})",
        [snapshot[name] for name in HUB_SNAPSHOTS.column_names],
    )


def _prefixed(alias: str, columns: tuple[str, ...]) -> str:
    return ", ".join(f"{alias}.{column}" for column in columns)


def _differs(left: str, right: str, columns: tuple[str, ...]) -> str:
    return " or ".join(f"{left}.{c} is distinct from {right}.{c}" for c in columns)


def _count(connection: Connection, relation: str) -> int:
    return int(str(scalar(connection, f"select count(*) from {relation}")))


def _changed_rows(connection: Connection) -> int:
    """Rows of the insert that was just executed."""
    return int(connection.fetchall()[0][0])
