"""Partitionings: a UTC day of the Hub, and the past days that a backfill may ask other sources for."""

from datetime import date, timedelta

import dagster as dg

from dagster_project.defs.home import ended_days


def days_from(
    start: date, end_offset: int = 0, ended: tuple[date, date] | None = None
) -> dg.DailyPartitionsDefinition:
    """A partition a day until today; of a home whose days have ended those that it has.

    Without that the UI offers the demo's backfills the last 90 days, of which none is there.
    """
    if ended is None:
        return dg.DailyPartitionsDefinition(start_date=start.isoformat(), end_offset=end_offset)
    first, last = ended
    return dg.DailyPartitionsDefinition(
        start_date=max(start, first).isoformat(), end_date=(last + timedelta(days=1)).isoformat()
    )


_ENDED = ended_days()
# hub-stats, the oldest public archive of the listing, begins in July 2024; end_offset lets the tick of
# a day ask for that day
DAILY = days_from(date(2024, 7, 1), end_offset=1, ended=_ENDED)
# OpenRouter's figures begin here
TOKEN_DAYS = days_from(date(2025, 1, 1), ended=_ENDED)
# npm serves 18 months and pypistats 180 days: earlier days are refused by the run, which knows the day
INSTALL_DAYS = days_from(date(2024, 7, 1), ended=_ENDED)
