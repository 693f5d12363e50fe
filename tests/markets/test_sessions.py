"""The exchanges' expected sessions."""

from datetime import date

import pytest

from dagster_project.lib.markets import sessions
from dagster_project.lib.settings import Settings
from dagster_project.lib.warehouse.connection import scalar, writing

TABLE = "raw.exchange_sessions"
CHRISTMAS, NEW_YEAR = date(2026, 12, 25), date(2026, 1, 1)


def test_holidays_are_no_sessions_and_the_year_of_sixty_days_ahead_is_whole(settings: Settings) -> None:
    with writing(settings) as connection:
        counts = sessions.load_sessions(connection, date(2026, 11, 2))
        assert counts == dict(
            connection.execute(f"select exchange, count(*) from {TABLE} group by 1").fetchall()
        )
        assert scalar(connection, f"select max(session_date) from {TABLE}") == date(2027, 12, 31)
        for holiday in (CHRISTMAS, NEW_YEAR):
            assert not scalar(connection, f"select count(*) from {TABLE} where session_date = ?", [holiday])


def test_nothing_is_computed_again_within_a_year_and_all_of_it_with_another_calendar(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with writing(settings) as connection:
        before = sessions.load_sessions(connection, date(2026, 1, 14))
    with monkeypatch.context() as patch, writing(settings) as connection:
        patch.setattr(sessions, "_sessions", pytest.fail)
        assert sessions.load_sessions(connection, date(2026, 1, 15)) == before
    # of an older home, or of another version of the calendars
    with writing(settings) as connection:
        connection.execute(f"delete from {TABLE} where session_date < date '2026-01-01'")
        connection.execute(f"comment on table {TABLE} is null")
        assert sessions.load_sessions(connection, date(2026, 1, 15)) == before
