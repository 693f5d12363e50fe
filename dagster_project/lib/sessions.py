"""Expected sessions of the exchanges, from exchange_calendars.

Belongs here: which days an exchange trades and when it opens and closes, early closes included.
Does not belong here: whether a price is there for a session; a SQL model says that.
"""

from datetime import date, timedelta
from functools import cache

import duckdb
import exchange_calendars
import pandas as pd

from dagster_project.lib.prices import TIMEZONES
from dagster_project.lib.raw_tables import EXCHANGE_SESSIONS
from dagster_project.lib.warehouse import transaction

FIRST_SESSION = date(2007, 1, 1)  # XHKG's holidays are known from there on
AHEAD = timedelta(days=60)  # at least, so that an event can be mapped to the sessions that follow it


def load_sessions(connection: duckdb.DuckDBPyConnection, day: date) -> dict[str, int]:
    """Replace raw.exchange_sessions up to 60 days past `day` or further; returns sessions by exchange."""
    end = date((day + AHEAD).year, 12, 31)  # a year's calendar is computed once in a process
    frames = [_sessions(exchange, end) for exchange in TIMEZONES]
    sessions = pd.concat(frames)  # noqa: F841 - DuckDB reads the frame by its name
    with transaction(connection):
        connection.execute(f"delete from {EXCHANGE_SESSIONS.full_name}")
        connection.execute(f"insert into {EXCHANGE_SESSIONS.full_name} from sessions")
    return {exchange: len(frame) for exchange, frame in zip(TIMEZONES, frames, strict=True)}


@cache
def _sessions(exchange: str, end: date) -> pd.DataFrame:
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
