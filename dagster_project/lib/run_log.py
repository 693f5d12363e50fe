"""Where Dagster keeps its runs and their events: its own SQLite files, through connections that stay open.

Belongs here: how the files are opened. Does not belong here: what stands in them (Dagster), and for how long
(defs/run_keeper).

Dagster opens and closes a file, and compiles its SQL anew, for each event, of which a daily run has hundreds:
with it an event costs 9 ms, without 3. Named in dagster.yaml.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._core.storage.event_log.sqlite.sqlite_event_log import INDEX_SHARD_NAME
from dagster._core.storage.runs import SqliteRunStorage
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS
from dagster._serdes import ConfigurableClassData
from sqlalchemy import Connection, Engine, create_engine, event


def _history(*parts: str) -> str:
    """Where Dagster keeps both if nothing else is said, so that an older home's runs are found."""
    return str(Path(os.environ["DAGSTER_HOME"], "history", *parts))


def _opened(address: str) -> Engine:
    engine = create_engine(address, connect_args={"timeout": SQLITE_BUSY_TIMEOUT_SECONDS})

    @event.listens_for(engine, "connect")
    def _(connection: Any, _: Any) -> None:
        # a power cut may lose the last events of a log, never its order; each would wait for the disk
        connection.execute("pragma synchronous = normal")

    return engine


class RunEvents(SqliteEventLogStorage):
    """A file for each run and one for all; of the runs' only the last one asked for stays open."""

    @classmethod
    def config_type(cls) -> dict[str, Any]:
        return {}

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> Self:
        return cls(_history("runs"), inst_data)

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._engines: dict[str, Engine] = {}
        super().__init__(base_dir, inst_data)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        with self._db_lock:
            engine = self._engine_of(shard)
            if shard not in self._initialized_dbs:
                self._initdb(engine)
                self._initialized_dbs.add(shard)
            with engine.begin() as connection:
                yield connection

    def _engine_of(self, shard: str) -> Engine:
        if shard not in self._engines:
            for other in self._engines.keys() - {INDEX_SHARD_NAME}:
                self._engines.pop(other).dispose()
            self._engines[shard] = _opened(self.conn_string_for_shard(shard))
        return self._engines[shard]

    def dispose(self) -> None:
        while self._engines:
            self._engines.popitem()[1].dispose()
        super().dispose()


class Runs(SqliteRunStorage):
    """The runs themselves, their tags and what the daemon remembers: one file."""

    @classmethod
    def config_type(cls) -> dict[str, Any]:
        return {}

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> Self:
        return cls.from_local(_history(), inst_data)

    def __init__(self, conn_string: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._engine = _opened(conn_string)
        super().__init__(conn_string, inst_data)

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        with self._engine.begin() as connection:
            yield connection

    def dispose(self) -> None:
        self._engine.dispose()
        super().dispose()
