"""Which day the rows of a user's file are of.

Belongs here: finding the column that tells days apart, and refusing a file that says two things of a model.
Does not belong here: what a file is (own_files), and what its columns may be (read_files).
"""

import logging
import re
from dataclasses import replace
from datetime import date

import duckdb

from dagster_project.lib.hub.fields import BY_NAME
from dagster_project.lib.hub.read_files import FileRefused, Source, named_errors
from dagster_project.lib.warehouse.sql_text import quoted_name

Connection = duckdb.DuckDBPyConnection
logger = logging.getLogger(__name__)

COUNTERS = ("downloads", "downloadsAllTime", "likes")
# a listing that changes while it is read shows a few models twice; a file of two days nearly all of them
ODD_SHARE = 0.01
MOST_COLUMNS = 100  # that are tried
SHOWN = 60
# when the listing was read: `date`, `ds`, `snapshot_date`, `as_of`, `fetchedAt`; not when a model was made
_ACT = (
    "snapshot|captur|crawl|fetch|observ|collect|scrap|retriev|record|measur|extract|ingest|load|partition|"
    "report|stats?|data|run|query|download|log|calendar|file"
)
_DAY = "date|day|ds|dt|datum|as_?of|timestamp|time|ts|datetime|week|month|snapshot"
_LOOKS_LIKE_A_DAY = re.compile(
    rf"({_DAY})|(as_?of|({_ACT})(e?d)?)_?(date|day|dt|ds|at|on|time|timestamp|ts|datetime)(_utc)?"
)
# a column so named says of which day the row is, not when it was fetched
_IS_THE_DAY = re.compile(r"date|day|ds|dt|(snapshot|as_?of|partition|data|stats?)_?(date|day|dt)|as_?of")


def of_day(connection: Connection, source: Source, day: date) -> Source:
    """The rows of the day. Raises FileRefused for a file of several days of which none is this one.

    A file without such a column is of the day, unless it says different things of one model.
    """
    with named_errors(source.name):
        connection.execute("set timezone = 'UTC'")  # a time that names no zone is UTC
        described = connection.execute(
            f"select column_name, column_type from (describe select * from {source.sql})", [source.path]
        ).fetchall()
        kinds = dict(described)
        if "id" not in kinds or "downloads" not in kinds:
            return source  # refused by name later
        others = [name for name in kinds if name not in BY_NAME][:MOST_COLUMNS]
        said = [name for name in others if _IS_THE_DAY.fullmatch(_snake(name))]
        fetched = [name for name in others if name not in said and _LOOKS_LIKE_A_DAY.fullmatch(_snake(name))]
        for name in said:
            source = _narrowed(connection, source, name, day, must_be=True)
        # one listing may be fetched over midnight: its times tell days apart only where models come again
        if fetched and _has_repeats(connection, source):
            for name in fetched:
                source = _narrowed(connection, source, name, day, must_be=False)
        return _without_contradictions(connection, source, kinds, others, day)


def _has_repeats(connection: Connection, source: Source) -> bool:
    again = f"select 1 from {source.sql} group by cast(id as varchar) having count(*) > 1 limit 1"
    return bool(connection.execute(again, [source.path]).fetchall())


def _narrowed(connection: Connection, source: Source, name: str, day: date, *, must_be: bool) -> Source:
    """The rows that the column says are of the day; all of them where it tells no days apart."""
    sql = _day_of(name)
    total, said, read, days, first, last, found = connection.execute(
        f"select count(*), count({quoted_name(name)}), count({sql}), count(distinct {sql}), min({sql}), "
        f"max({sql}), count(*) filter ({sql} = ?) from {source.sql}",
        [day, source.path],
    ).fetchall()[0]
    if read < said or not read:
        return source  # no days
    if days == 1 and (first == day or not must_be):
        return source
    if not found:
        raise FileRefused(
            f"{source.name}: column {name} has "
            + (f"{days} days, {first} to {last}" if days > 1 else f"the day {first} in every row")
            + f", and not DATE={day}. Nothing was loaded; "
            + ("give DATE one of them." if days > 1 else f"type DATE={first}, or mend the column.")
        )
    logger.info(
        f"{source.name}: column {name} has {days} days; of {total:,} rows the {found:,} of {day} are read"
    )
    return replace(source, sql=f"(from {source.sql} where {sql} = date '{day}')")


def _without_contradictions(
    connection: Connection, source: Source, kinds: dict[str, str], others: list[str], day: date
) -> Source:
    """The source, if it says one thing of each model, or nearly each. Raises FileRefused."""
    key = "coalesce(cast(_id as varchar), cast(id as varchar))" if "_id" in kinds else "cast(id as varchar)"
    models, doubtful = _contradictions(connection, source, kinds, key)
    if not doubtful:
        return source
    telling = [
        name
        for name in others
        if not _contradictions(connection, source, kinds, f"{key}, {quoted_name(name)}")[1]
    ]
    for name in telling:
        narrowed = _narrowed(connection, source, name, day, must_be=False)
        if narrowed is not source:
            return _without_contradictions(connection, narrowed, kinds, others, day)
    shown = _example(connection, source, kinds, key)
    if doubtful <= models * ODD_SHARE:
        logger.info(f"{source.name}: {shown}, and so are {doubtful - 1} more models; the greatest counts")
        return source
    raise FileRefused(
        f"{source.name}: {shown}, and so are {doubtful:,} of {models:,} models: that is several days or "
        f"listings in one file. {_what_tells(connection, source, telling)} Nothing was loaded; keep the rows "
        "of one day."
    )


def _contradictions(
    connection: Connection, source: Source, kinds: dict[str, str], key: str
) -> tuple[int, int]:
    """How many models (by the key) there are, and of how many two rows say different counters."""
    differ = _differ(kinds)
    models, doubtful = connection.execute(
        f"select count(*), count(*) filter (differ) from "
        f"(select {differ} as differ from {source.sql} group by {key})",
        [source.path],
    ).fetchall()[0]
    return models, doubtful


def _example(connection: Connection, source: Source, kinds: dict[str, str], key: str) -> str:
    name, times, least, most = connection.execute(
        f"select cast(any_value(id) as varchar) as name, count(*), cast(min(downloads) as varchar), "
        f"cast(max(downloads) as varchar) from {source.sql} group by {key} having {_differ(kinds)} "
        "order by count(*) desc, name limit 1",
        [source.path],
    ).fetchall()[0]
    downloads = f"{least} and {most}" if times == 2 else f"{least} to {most}"
    return f"{name} is there {times} times with other counters (downloads {downloads})"


def _differ(kinds: dict[str, str]) -> str:
    return " or ".join(f'min("{name}") <> max("{name}")' for name in COUNTERS if name in kinds)


def _what_tells(connection: Connection, source: Source, telling: list[str]) -> str:
    if not telling:
        return "No column tells them apart."
    name = telling[0]
    values = connection.execute(
        f"select distinct cast({quoted_name(name)} as varchar) from {source.sql} order by 1 limit 3",
        [source.path],
    ).fetchall()
    return f"Column {name} tells them apart ({', '.join(str(one)[:SHOWN] for (one,) in values)}, …)."


def _day_of(name: str) -> str:
    """The UTC day of a column of any type, NULL where it is none: also 20250301 and seconds since 1970."""
    text = f"trim(cast({quoted_name(name)} as varchar), ' \"')"
    number = f"try_cast({text} as bigint)"
    return (
        f"case when regexp_full_match({text}, '(19|20)[0-9]{{6}}') "
        f"then cast(try_strptime({text}, '%Y%m%d') as date) "
        f"when regexp_full_match({text}, '1[0-9]{{9}}([0-9]{{3}})?') then cast(make_timestamp("
        f"{number} * if(length({text}) = 10, 1000000, 1000)) as date) "
        f"when not regexp_full_match({text}, '[0-9.]*') "
        f"then cast(try_cast({text} as timestamptz) at time zone 'UTC' as date) end"
    )


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|[\s.-]+", "_", name.strip()).lower()
