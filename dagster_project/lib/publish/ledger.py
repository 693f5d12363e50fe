"""The record of what was published: every headline figure with the time of the publication that said it.

Belongs here: which figures of a publication are new, and recording them once it is in place.
Does not belong here: what the figures are; the mart fct_headlines says that, a row of its SQL each.

The record is the source `headlines` of snapshots/: a folder for each publication that said something new,
restored by a rebuild like any load. It is written after the swap, so nothing is recorded that was never
published; the published file holds the figures as well, so what a kill in between kept from the record is
taken from that file by the next publication.
"""

from contextlib import suppress
from datetime import date, datetime
from pathlib import Path

import duckdb

from dagster_project.lib.record.append import add_rows
from dagster_project.lib.settings import Settings
from dagster_project.lib.warehouse.connection import scalar
from dagster_project.lib.warehouse.raw_tables import HEADLINE_FIGURES, HEADLINES
from dagster_project.lib.warehouse.sql_text import escaped

HISTORY = "fct_headline_history"
UNRECORDED = "unrecorded_headlines"
PUBLISHED_HISTORY = f"(from marts.{HISTORY} union all from {UNRECORDED})"  # this publication included
TOLERANCE = 1e-9  # relative: sums over two threads differ in their last digits

Connection = duckdb.DuckDBPyConnection


def find_unrecorded(
    connection: Connection, former: Path, published_at: datetime, snapshot_date: date, provenance: str
) -> None:
    """Fill the temporary table UNRECORDED: what this publication says first, and what a kill left out of the
    record of the one in the file `former`, if there is one.
    """
    connection.execute(
        f"create or replace temp table {UNRECORDED} as from {HEADLINE_FIGURES.full_name} limit 0"
    )
    if not _is_built(connection):
        return
    if former.exists():
        with suppress(duckdb.Error):  # damaged, or of a version without the history: it is replaced anyway
            _take_from(connection, former)
    connection.execute(
        f"""
        insert into {UNRECORDED} by name
        with known as (
            from {HEADLINE_FIGURES.full_name} union all from {UNRECORDED}
        ),
        latest as (
            select figure, subject, definition, about_date, value, value_text
            from known
            where provenance = $provenance
            qualify row_number() over (
                partition by figure, subject, definition, about_date order by published_at desc
            ) = 1
        )
        select
            $published_at as published_at, $snapshot_date as snapshot_date, $provenance as provenance,
            (select arg_max(scope_id, snapshot_date) from raw.hub_snapshots where is_accepted) as scope_id,
            figures.about_date, figures.figure, figures.subject, figures.definition,
            figures.value, figures.value_text, figures.unit
        from marts.fct_headlines as figures
        left join latest using (figure, subject, definition, about_date)
        where
            latest.figure is null
            or (figures.value is null) <> (latest.value is null)
            or abs(figures.value - latest.value) > $tolerance * abs(latest.value)
            or figures.value_text is distinct from latest.value_text
        """,
        {
            "published_at": published_at,
            "snapshot_date": snapshot_date,
            "provenance": provenance,
            "tolerance": TOLERANCE,
        },
    )


def record(connection: Connection, settings: Settings, snapshot_date: date) -> int:
    """Write what UNRECORDED holds to snapshots/ and the warehouse; returns its rows, 0 if there is none."""
    rows = connection.execute(f"from {UNRECORDED}").fetchall()
    if rows:
        add_rows(connection, settings, HEADLINES, snapshot_date, {HEADLINE_FIGURES: rows})
    return len(rows)


def _is_built(connection: Connection) -> bool:
    """Whether the SQL models were ever built: without them there is nothing to say."""
    return bool(
        scalar(
            connection,
            "select count(*) from duckdb_tables() where database_name = current_database() "
            "and schema_name = 'marts' and table_name = 'fct_headlines'",
        )
    )


def _take_from(connection: Connection, published: Path) -> None:
    connection.execute(f"attach '{escaped(published)}' as former (read_only)")
    try:
        connection.execute(
            f"""
            insert into {UNRECORDED} by name
            select said.* from former.{HISTORY} as said
            where not exists (
                select 1 from {HEADLINE_FIGURES.full_name} as recorded
                where recorded.published_at = said.published_at and recorded.figure = said.figure
                    and recorded.subject = said.subject and recorded.definition = said.definition
            )
            """
        )
    finally:
        connection.execute("detach former")
