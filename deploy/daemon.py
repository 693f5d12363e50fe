#!/usr/bin/env python
"""`dagster-daemon`, of which one works at a time: the others wait, and one of them goes on when it has ended.

Belongs here: holding PostgreSQL's advisory lock for as long as this process is a daemon.
Does not belong here: what a daemon does (Dagster), and one run at a time (the pool in dagster.yaml).

Dagster warns of a second daemon on its storage and does not stop it: each of the two would ask a schedule for
its run, and start what is queued.
"""

import os
import sys
import threading
import time

import dagster as dg
from dagster._daemon.cli import main as dagster_daemon
from dagster_postgres import PostgresRunStorage
from sqlalchemy import Connection, create_engine, text

LOCK = 0x6D6F64656C  # "model": any number that no other program locks in this database
SECONDS = 2  # between two looks
# of a dead network the holder learns within 12 seconds, and PostgreSQL, which gives the lock away, in 60
NOTICED = {
    "connect_timeout": 10,
    "keepalives_idle": 5,
    "keepalives_interval": 5,
    "keepalives_count": 1,
    "tcp_user_timeout": 10_000,
    "options": "-c tcp_keepalives_idle=30 -c tcp_keepalives_interval=10 -c tcp_keepalives_count=3",
}


def main() -> None:
    """As `dagster-daemon`, with its arguments."""
    if sys.argv[1:2] == ["run"]:
        connection = _wait_for_the_lock()
        threading.Thread(target=_end_without, args=(connection,), daemon=True).start()
    dagster_daemon()


def _wait_for_the_lock() -> Connection:
    with dg.DagsterInstance.get() as instance:
        storage = instance.run_storage
        assert isinstance(storage, PostgresRunStorage), "deploy/daemon.py is for PostgreSQL"
        engine = create_engine(storage.postgres_url, isolation_level="AUTOCOMMIT", connect_args=NOTICED)
    connection = engine.connect()
    is_said = False
    while not connection.scalar(text("select pg_try_advisory_lock(:key)"), {"key": LOCK}):
        if not is_said:
            print("Another daemon works on this storage: waiting until it ends.", flush=True)
            is_said = True
        time.sleep(SECONDS)
    print("The only daemon of this storage.", flush=True)
    return connection


def _end_without(connection: Connection) -> None:
    """The lock is gone with its connection, so this process goes, too."""
    try:
        while True:
            connection.execute(text("select 1"))
            time.sleep(SECONDS)
    except Exception as error:
        print(f"The connection that holds the daemons' lock is gone: {error}", file=sys.stderr, flush=True)
    finally:
        os._exit(1)


if __name__ == "__main__":
    main()
