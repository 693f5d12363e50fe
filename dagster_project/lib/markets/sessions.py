"""Expected sessions of the exchanges, from exchange_calendars.

Belongs here: which days an exchange trades and when it opens and closes, early closes included.
Does not belong here: whether a price is there for a session; a SQL model says that.
"""

from datetime import date, timedelta
from functools import cache
from importlib.metadata import version
from typing import TYPE_CHECKING

import duckdb

from dagster_project.lib.markets.chart import TIMEZONES
from dagster_project.lib.warehouse.connection import scalar, transaction
from dagster_project.lib.warehouse.raw_tables import EXCHANGE_SESSIONS

if TYPE_CHECKING:
    import pandas as pd

FIRST_SESSION = date(2007, 1, 1)  # XHKG's holidays are known from there on
AHEAD = timedelta(days=60)  # at least, so that an event can be mapped to the sessions that follow it


def load_sessions(connection: duckdb.DuckDBPyConnection, day: date) -> dict[str, int]:
    """Replace raw.exchange_sessions up to 60 days past `day` or further; returns sessions by exchange.

    To the end of a year, so that for most of a year nothing changes and nothing is computed.
    """
    end, table = date((day + AHEAD).year, 12, 31), EXCHANGE_SESSIONS.full_name
    made_by = f"exchange_calendars {version('exchange_calendars')}, until {end}"
    if _made_by(connection) != made_by:
        frames = [_sessions(exchange, end) for exchange in TIMEZONES]
        with transaction(connection):
            connection.execute(f"delete from {table}")
            for frame in frames:  # noqa: B007 - DuckDB reads it by its name
                connection.execute(f"insert into {table} from frame")
            connection.execute(f"comment on table {table} is '{made_by}'")
    counted = connection.execute(f"select exchange, count(*) from {table} group by exchange").fetchall()
    return dict(counted)


def _made_by(connection: duckdb.DuckDBPyConnection) -> object:
    return scalar(
        connection,
        "select comment from duckdb_tables() where database_name = current_database() "
        "and schema_name = ? and table_name = ?",
        [EXCHANGE_SESSIONS.schema, EXCHANGE_SESSIONS.name],
    )


@cache
def _sessions(exchange: str, end: date) -> "pd.DataFrame":
    import exchange_calendars  # a second, with pandas
    import pandas as pd

    calendar = exchange_calendars.get_calendar(exchange, start=FIRST_SESSION.isoformat(), end=end.isoformat())
    schedule = calendar.schedule
    return pd.DataFrame(
        {
            "exchange": exchange,
            "session_date": schedule.index.date,
            "open_at": schedule["open"].dt.tz_localize(None).to_numpy(),
            "close_at": schedule["close"].dt.tz_localize(None).to_numpy(),
        }
    )
