"""A published file made by hand that says what changed, a row of each kind.

Belongs here: the tables that the feed, the digest and the page read, and rows for them.
Does not belong here: whether the mart has these columns (test_changes publishes a real one).
"""

from datetime import date, timedelta
from typing import Any

import duckdb

from tests.worlds.warehouse import insert_rows

SUNDAY = date(2026, 2, 22)
MONDAY = SUNDAY - timedelta(days=6)
PLANTED: list[dict[str, Any]] = [
    {"kind": "milestone", "subject_kind": "family", "subject": "qwen", "name": "Qwen",
     "definition": "lineage", "value_after": "700000000", "last_date_before": SUNDAY - timedelta(days=1),
     "size": 7e8, "size_unit": "requests so far"},
    {"kind": "climber", "subject_kind": "publisher", "subject": "z-ai", "name": "z-ai", "publisher": "z-ai",
     "value_before": "14", "value_after": "3", "growth_30d": 2.5, "size": 2e6,
     "size_unit": "requests of 30 days"},
    {"kind": "claim", "subject_kind": "claim", "subject": "qwen-700m-scmp", "name": "A newspaper",
     "definition": "organisation", "value_before": "short by", "value_after": "passed", "size": 7.01e8,
     "size_unit": "in the unit of the claim"},
    {"kind": "licence", "subject_kind": "model", "subject": "one", "name": "a/one", "publisher": "a",
     "value_before": "mit", "value_after": "gemma", "size": 10.0, "size_unit": "requests of 30 days"},
    {"kind": "gating", "subject_kind": "model", "subject": "one", "name": "a/one", "publisher": "a",
     "value_before": "false", "value_after": "manual", "size": 10.0, "size_unit": "requests of 30 days"},
    {"kind": "day", "subject_kind": "day", "subject": "2026-02-18", "name": "2026-02-18",
     "value_before": "ok_unchecked", "value_after": "frozen, not used", "size": 50_000.0,
     "size_unit": "models"},
]  # fmt: skip


class Publication:
    """A published file made by hand, up to a day."""

    def __init__(self, newest: date = SUNDAY, provenance: str = "live") -> None:
        self.connection = duckdb.connect()
        self.connection.execute(
            """
            create table about as select timestamp '2026-02-23 06:10:00.5' as published_at,
                $newest as snapshot_date, $newest - 300 as first_snapshot_date, $provenance as provenance;
            """,
            {"newest": newest, "provenance": provenance},
        )
        self.connection.execute(
            """
            create table about_sources as
            select 'hub' as data_source, 'Names are statements of the publishers' as terms;
            create table fct_changes_daily (change_id varchar, change_date date, kind varchar,
                subject_kind varchar, subject varchar, name varchar, publisher varchar, definition varchar,
                value_before varchar, value_after varchar, last_date_before date, growth_30d double,
                size double, size_unit varchar, how_sure varchar);
            create table fct_snapshot_days (snapshot_date date, accepted boolean, usable boolean,
                status varchar)
            """
        )

    def changes(self, *rows: dict[str, Any], day: date = SUNDAY) -> None:
        insert_rows(
            self.connection,
            "fct_changes_daily",
            [
                {
                    "change_id": f"{row['kind']}:{row['subject']}:{day}",
                    "change_date": day,
                    "how_sure": "as counted",
                    **row,
                }
                for row in rows
            ],
        )

    def day(self, day: date, status: str) -> None:
        accepted, usable = status != "missing", status == "ok"
        row = {"snapshot_date": day, "accepted": accepted, "usable": usable, "status": status}
        insert_rows(self.connection, "fct_snapshot_days", [row])
