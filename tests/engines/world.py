"""The small world that every engine builds: a record of invented days, restored, as a lake.

Belongs here: what is in it. Does not belong here: building models of it.
"""

import os
from datetime import date, timedelta
from pathlib import Path
from unittest.mock import patch

from dagster_project.demo import EVERY, LAST_DAY, QUOTA
from dagster_project.lib.archive.backfill import days_between
from dagster_project.lib.restore.rebuild import rebuild
from dagster_project.lib.seeds import tables as seeds
from dagster_project.lib.settings import Settings
from dagster_project.lib.warehouse import parquet
from dagster_project.lib.warehouse.connection import writing
from dagster_project.synthetic.record import write_record
from dagster_project.synthetic.server import Upstream

MODELS = 1_200
FIRST_WEEK, DAYS = date(2025, 8, 31), 45

# a publication of ten days before that used every day: those that are judged otherwise now are changes
_SAID_BEFORE = """
insert into raw.headline_figures by name
select
    cast($1 - 10 as timestamp) as published_at, $1 - 10 as snapshot_date, 'synthetic' as provenance,
    snapshot_date - 1 as about_date, 'day_usable' as figure, cast(snapshot_date as varchar) as subject,
    'status' as definition, 1 as value, 'ok' as value_text, '1 or 0' as unit
from raw.hub_snapshots
where is_accepted and snapshot_date <= $1 - 10
"""


def make_lake(folder: Path) -> Path:
    """The raw tables and seeds of 20 weeks and 45 days of some thousand models, all sources included."""
    with Upstream(models=MODELS, quota=QUOTA) as upstream:
        settings = Settings.from_environment({"MODELTIDE_HOME": str(folder / "home"), **upstream.environment})
        first_day = LAST_DAY - timedelta(days=DAYS - 1)
        weeks = days_between(FIRST_WEEK, first_day - timedelta(days=1), 7)
        with patch.dict(os.environ, upstream.environment):
            write_record(upstream, settings, weeks, days_between(first_day, LAST_DAY), EVERY, lambda _: None)
            rebuild(settings, lambda _: None)
    lake = folder / "lake"
    with writing(settings) as connection:
        seeds.load_seeds(connection, settings)
        connection.execute(_SAID_BEFORE, [LAST_DAY])
        tables = connection.execute(
            "select schema_name, table_name from duckdb_tables() where schema_name in ('raw', 'seeds')"
        ).fetchall()
        for schema, table in tables:
            (lake / schema / table).mkdir(parents=True)
            path = lake / schema / table / "all.parquet"
            parquet.write(connection, f"{schema}.{table}", f"from {schema}.{table}", path)
    return lake
