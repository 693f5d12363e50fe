"""dbt's connection to the warehouse of a data home, as a plugin of dbt-duckdb (named in sql/profiles.yml).

Belongs here: which file dbt opens and how much memory it may use, taken from the environment as it connects.
Does not belong here: what is the same for every home (sql/profiles.yml), and starting dbt (defs/sql_models).

dbt reads the whole project anew, 10 seconds, whenever a value of its profile is another than the last time.
So the profile is a constant, and one parse serves every home, run, test and worker.
"""

import os
from typing import Any

from dbt.adapters.duckdb.credentials import DuckDBCredentials
from dbt.adapters.duckdb.plugins import BasePlugin
from duckdb import DuckDBPyConnection

from dagster_project.lib.warehouse.connection import PLANS_WITHOUT_STATISTICS, THREADS
from dagster_project.lib.warehouse.sql_text import escaped

WAREHOUSE, MEMORY_LIMIT = "MODELTIDE_WAREHOUSE", "MODELTIDE_MEMORY_LIMIT"
BY_HAND = "1GB"  # of a dbt that was started by hand


class Plugin(BasePlugin):
    """Puts the file that the environment names in place of the profile's; dbt calls both `warehouse`."""

    def update_connection_config(self, creds: DuckDBCredentials, config: dict[str, Any]) -> None:
        creds.path = os.environ.get(WAREHOUSE) or creds.path

    def configure_connection(self, conn: DuckDBPyConnection) -> None:
        # once, and for all cursors; the profile's settings would be set for each of them
        conn.execute(f"set global memory_limit = '{escaped(os.environ.get(MEMORY_LIMIT) or BY_HAND)}'")
        conn.execute(f"set global threads = {THREADS}")
        conn.execute(PLANS_WITHOUT_STATISTICS)
