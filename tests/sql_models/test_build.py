"""dbt in this process: what it says of each model and test, and that it lets go of the file."""

import os
import signal
import threading
from pathlib import Path

import dagster as dg
import duckdb
import pytest

from dagster_project.defs.sql_models import checked
from dagster_project.lib.seeds.tables import ALL_SEEDS, load_seeds
from dagster_project.lib.settings import Settings
from dagster_project.lib.sql_models.build import BuildFailed, build, refuse_failed
from dagster_project.lib.warehouse.raw_tables import ALL_TABLES

ASKED = ["--select", "stg_seeds__share_thresholds", "source:raw.price_fetches"]


@pytest.fixture
def warehouse(settings: Settings) -> Path:
    """Every raw table, empty, and the seeds."""
    settings.home.mkdir()
    with duckdb.connect(str(settings.warehouse)) as connection:
        for schema in ("raw", "seeds"):
            connection.execute(f"create schema {schema}")
        for table in (*ALL_TABLES, *ALL_SEEDS):
            connection.execute(table.ddl())
        load_seeds(connection, settings)
    return settings.warehouse


def test_each_model_and_test_is_reported_and_the_file_is_free_afterwards(
    warehouse: Path, tmp_path: Path
) -> None:
    before, ended = dict(os.environ), list[bool]()
    results = build(
        warehouse,
        ASKED,
        memory_limit="300MB",
        folder=tmp_path / "dbt",
        ended=lambda: ended.append(True),
    )
    assert {result.status for result in results} == {"success", "pass"}
    nodes = [result for result in results if result.node.resource_type in ("model", "test")]  # and two hooks
    assert len(ended) == len(nodes) == 2
    assert os.environ == before
    # neither a connection with other settings nor one that another process would wait for
    with duckdb.connect(str(warehouse), config={"threads": 1}) as connection:
        rows = connection.execute("select count(*) from staging.stg_seeds__share_thresholds").fetchall()
        assert rows == [(1,)]


def test_a_test_that_fails_is_refused_by_name_and_said_what_to_do(warehouse: Path, tmp_path: Path) -> None:
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("insert into raw.price_fetches by name select 'BABA' as symbol from range(2)")
    results = build(warehouse, ASKED, memory_limit="300MB", folder=tmp_path / "dbt")
    (failed,) = [result for result in results if result.status == "fail"]
    with pytest.raises(BuildFailed, match=r"source_grain_raw_price_fetches.*Got 1 result"):
        refuse_failed(results)
    said = checked(dg.AssetCheckKey(dg.AssetKey(["raw", "price_fetches"]), failed.node.name), failed)
    assert said.description.startswith(
        f"1 row against the claim {failed.node.name}. Nothing after it was built"
    )
    assert (said.passed, said.severity) == (False, dg.AssetCheckSeverity.ERROR)
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("drop table raw.price_fetches")


def test_what_dbt_cannot_do_at_all_is_raised_and_the_file_is_free_afterwards(
    warehouse: Path, tmp_path: Path
) -> None:
    with pytest.raises(Exception, match=r"--no-such-option"):
        build(warehouse, ["--no-such-option"], memory_limit="300MB", folder=tmp_path / "dbt")
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("drop schema seeds cascade")
    results = build(warehouse, ASKED, memory_limit="300MB", folder=tmp_path / "dbt")
    with pytest.raises(BuildFailed, match=r"stg_seeds__share_thresholds: .*does not exist"):
        refuse_failed(results)


class Interrupted(BaseException):
    """As Dagster interrupts a step: in the main thread, and no Exception."""


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_is_passed_on_and_the_file_is_free_afterwards(
    sent: signal.Signals, warehouse: Path, tmp_path: Path
) -> None:
    """It is sent while the query of a test runs, in another thread."""
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute(
            "insert into raw.price_fetches by name"
            " select snapshot_date, 'S' || i as symbol"
            " from range(2_000_000) as r(i), (values (date '2026-01-01')) as d(snapshot_date)"
        )

    def interrupt(*_: object) -> None:
        raise Interrupted

    def interrupt_the_next_query() -> None:
        if not timers:  # what is cancelled ends, too
            timers.append(threading.Timer(0.2, os.kill, (os.getpid(), sent)))
            timers[0].start()

    timers: list[threading.Timer] = []
    running = threading.active_count()
    before = signal.signal(sent, interrupt)
    try:
        with pytest.raises(Interrupted):
            build(
                warehouse,
                ASKED,
                memory_limit="300MB",
                folder=tmp_path / "dbt",
                ended=interrupt_the_next_query,
            )
        assert signal.getsignal(sent) is interrupt
    finally:
        signal.signal(sent, before)
    timers[0].join()
    assert threading.active_count() == running
    with duckdb.connect(str(warehouse), config={"threads": 1}) as connection:
        connection.execute("create table raw.free as select 1")
