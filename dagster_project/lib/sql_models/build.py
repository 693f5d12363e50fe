"""dbt on the SQL project, in this process.

Belongs here: how dbt is called, and that it lets go of the warehouse. Does not belong here: what is built
(defs/sql_models) and dbt's connection (connection).

A process of its own would cost 3 seconds to start, and goes on alone when its parent is killed.
"""

import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.artifacts.schemas.run import RunResult
from dbt.cli.main import dbtRunner
from dbt_common.events.base_types import EventMsg

from dagster_project.lib.checkout import SQL
from dagster_project.lib.errors import ModelTideError
from dagster_project.lib.sql_models.connection import MEMORY_LIMIT, WAREHOUSE
from dagster_project.lib.sql_models.project import PARSED

TOLD = 5  # of what failed


class BuildFailed(ModelTideError):
    """dbt could not build or test something; the message has what it says of the first few."""


def build(
    warehouse: Path,
    options: Sequence[str],
    *,
    memory_limit: str,
    folder: Path,
    ended: Callable[[], None] = lambda: None,
) -> list[RunResult]:
    """`dbt build` without unit tests, which need no data and run in `make test`; its files go to `folder`.

    What became of each model and test, in the order in which they ended. `ended` is called after each.
    Raises whatever interrupts it.
    """

    def tell(event: EventMsg) -> None:
        if event.info.name == "NodeFinished":
            ended()

    command = ["build", "--exclude-resource-type", "unit_test", *options]
    with environment({WAREHOUSE: str(warehouse), MEMORY_LIMIT: memory_limit}), interrupted_as_dbt_knows():
        try:
            result = dbtRunner(callbacks=[tell]).invoke([*command, *at(folder)])
        finally:
            _let_go()
    if result.exception is not None:
        raise result.exception
    return list(getattr(result.result, "results", []))


def failed(results: Iterable[RunResult]) -> list[RunResult]:
    """Models and tests that had to pass and did not."""
    return [result for result in results if result.status in ("error", "fail", "runtime error")]


def refuse_failed(results: Iterable[RunResult]) -> None:
    """Raises BuildFailed if a model or a test that must pass did not."""
    if found := failed(results):
        said = "; ".join(f"{r.node.name}: {' '.join(str(r.message).split())}" for r in found[:TOLD])
        more = f"; {len(found) - TOLD} more" if len(found) > TOLD else ""
        raise BuildFailed(f"The SQL models were not built whole. {said}{more}")


def at(folder: Path) -> list[str]:
    """The options of any command on this project that writes to a folder of its own."""
    return [
        "--project-dir", str(SQL), "--profiles-dir", str(SQL), "--partial-parse-file-path", str(PARSED),
        "--target-path", str(folder), "--log-path", str(folder), "--log-level-file", "none",
        "--no-write-json", "--no-use-colors",
    ]  # fmt: skip


def _let_go() -> None:
    """Close the warehouse, which dbt-duckdb keeps open until its process ends."""
    with suppress(Exception):  # there is none if dbt did not come so far
        DuckDBConnectionManager.env().close()  # type: ignore[no-untyped-call]
    DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call]


@contextmanager
def interrupted_as_dbt_knows() -> Iterator[None]:
    """Signals raise KeyboardInterrupt, and are sent again to whoever handled them before when dbt has ended.

    Only at a KeyboardInterrupt dbt cancels its queries and waits for its threads. At anything else, such as
    what Dagster raises, it closes connections that are in use, and raises the error of that instead.
    """
    if threading.current_thread() is not threading.main_thread():  # which alone is sent signals
        yield
        return
    received: list[int] = []
    asked: tuple[int, ...] = (signal.SIGINT, signal.SIGTERM)

    def interrupt(number: int, _: FrameType | None) -> None:
        received.append(number)
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in asked}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for number in received[:1]:
            signal.raise_signal(number)


@contextmanager
def environment(values: dict[str, str]) -> Iterator[None]:
    """Values of the environment, for a while."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
