"""A data home, the embedded upstreams and `make run` as a user types it.

Belongs here: starting such a world, and reading what it published and what its runs said.
Does not belong here: claims.
"""

import hashlib
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

import dagster as dg
import duckdb
import pytest

from dagster_project import cli, runs
from dagster_project.lib.settings import Settings
from dagster_project.synthetic.server import Answer, Upstream
from tests.planted import HOOK, TOKEN
from tests.worlds.once import built_once

FIRST, SECOND, THIRD, FOURTH = (date(2026, 1, day) for day in (14, 15, 16, 17))


class Hub(Upstream):
    """The embedded upstreams, which may refuse to hand out cards."""

    refuses_cards = False

    def answer(self, target: str, headers: Any) -> Answer:
        if self.refuses_cards and "filter=" in target:
            return Answer(403, b'{"error":"no cards today"}')
        return super().answer(target, headers)


class World:
    """A data home, the upstreams, and `make run` as a user types it."""

    def __init__(self, home: Path, upstream: Hub) -> None:
        self.upstream = upstream
        secrets = {"HF_TOKEN": TOKEN, "ALERT_WEBHOOK_URL": HOOK}  # and the upstream's own key
        self.environment = {"MODELTIDE_HOME": str(home), **secrets, **upstream.environment}
        self.settings = Settings.from_environment(self.environment)
        self.published = self.settings.published / "modeltide.duckdb"

    def morning(self, day: date) -> None:
        self.upstream.set_now(datetime(day.year, day.month, day.day, 6, tzinfo=UTC))

    def run(self, *arguments: str, **environment: str) -> int:
        with patch.dict(os.environ, {**self.environment, **environment}):
            return cli.main(list(arguments) or ["run"])

    def land(self, day: date) -> None:
        """The day without its SQL models and without a publication."""
        self.morning(day)
        with patch.dict(os.environ), runs.dagster_instance(self.settings) as instance:
            runs.execute_job("land_and_load", instance, day, self.settings)

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.published), read_only=True) as connection:
            return connection.execute(sql).fetchall()

    def digest(self) -> str:
        return hashlib.sha256(self.published.read_bytes()).hexdigest()


@contextmanager
def two_days(shared: Path, folder: Path) -> Iterator[World]:
    """Two days snapshotted, then built and published; a home of its own below `folder`."""
    with Hub(models=2_500, quota=1_000_000) as upstream:

        def build(built: Path) -> None:
            made = World(built / "data", upstream)
            made.land(FIRST)
            made.morning(SECOND)
            assert made.run() == 0

        home = folder / "data"
        shutil.copytree(built_once(shared, "two_days", build) / "data", home, symlinks=True)
        made = World(home, upstream)
        made.morning(SECOND)
        yield made


def latest_check(world: World, table: str, name: str) -> Any:
    key = dg.AssetCheckKey(dg.AssetKey(["raw", table]), name)
    with patch.dict(os.environ, world.environment), runs.dagster_instance(world.settings) as instance:
        records = instance.event_log_storage.get_asset_check_execution_history(key, limit=1)
        return records[0].event.dagster_event.asset_check_evaluation_data


def last_line(capsys: pytest.CaptureFixture[str]) -> str:
    error = capsys.readouterr().err
    assert "Traceback" not in error
    return error.strip().splitlines()[-1]


# a load has an id of its own each time; a source that is asked again says when, and has nothing new
OF_THE_LOAD = ("load_id", "as_of", "oldest_as_of", "fetched_at", "new_rows")
OF_THE_LOAD_THERE = {"fct_open_vs_closed_daily": ("vintage",)}  # the time of asking; elsewhere a number
USED = {"fct_token_vintages": "where is_used"}  # asked again, a source has a vintage more, which is used
SAID_AS_OF = re.compile(r"as of [0-9-]{10}T[0-9:]{8}Z")


def contents(world: World, *, is_asked_again: bool = False) -> dict[str, list[tuple[Any, ...]]]:
    """Every published table; where its day is loaded again, without what each load says of itself."""

    def rows(table: str) -> list[tuple[Any, ...]]:
        if not is_asked_again:
            return world.ask(f"from {table} order by all")
        left_out = (*OF_THE_LOAD, *OF_THE_LOAD_THERE.get(table, ()))
        found = world.ask(
            f"select columns(lambda name: name not in {left_out}) from {table} {USED.get(table, '')} "
            "order by all"
        )
        return [
            tuple(SAID_AS_OF.sub("", value) if isinstance(value, str) else value for value in row)
            for row in found
        ]

    return {table: rows(table) for (table,) in world.ask("select table_name from about_tables")}
