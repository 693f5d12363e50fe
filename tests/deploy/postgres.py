"""Debian's PostgreSQL on a free port of 127.0.0.1, in a folder of its own.

Belongs here: finding, starting and ending it. Does not belong here: what Dagster keeps in it.
"""

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

NAME = "modeltide"  # of the user and of the database


def programs() -> Path | None:
    """The folder with initdb and postgres: Debian keeps them out of PATH. The newest, or None."""
    in_path = shutil.which("initdb")
    found = [Path(in_path).parent] if in_path else []
    found += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: -float(p.parent.name))
    return next((p for p in found if (p / "initdb").exists() and (p / "postgres").exists()), None)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def postgres(programs: Path) -> Iterator[dict[str, str]]:
    """A server that lives as long as the block; what a deployment has to know of it, as its variables."""
    port, password = free_port(), secrets.token_hex(16)
    # not below pytest's folder, which only its owner may enter: PostgreSQL refuses to run as root
    folder = Path(tempfile.mkdtemp(prefix="modeltide-postgres-"))
    owner = _owner()
    as_owner: dict[str, Any] = {} if owner is None else dict(user=owner[0], group=owner[1], extra_groups=[])
    try:
        secret = folder / "password"
        secret.write_text(password)
        for path in (folder, secret):
            if owner:
                os.chown(path, *owner)
        made = [programs / "initdb", "-D", folder / "data", "-U", NAME, "--auth=scram-sha-256"]
        quick = ["--no-sync", "--encoding=UTF8", "--locale=C", f"--pwfile={secret}"]
        subprocess.run([*made, *quick], check=True, capture_output=True, cwd=folder, **as_owner)
        served = [programs / "postgres", "-D", folder / "data", "-h", "127.0.0.1", "-p", str(port), "-F"]
        with open(folder / "log", "wb") as log:
            server = subprocess.Popen(
                [*served, "-c", "unix_socket_directories="],
                stdout=log,
                stderr=log,
                cwd=folder,
                start_new_session=True,
                **as_owner,
            )
        try:
            variables = {"HOST": "127.0.0.1", "PORT": str(port), "USERNAME": NAME, "PASSWORD": password}
            with _once_it_answers(server, variables) as connection:
                connection.autocommit = True
                connection.cursor().execute(f"create database {NAME}")
            yield {f"DAGSTER_PG_{name}": value for name, value in {**variables, "DB": NAME}.items()}
        finally:
            server.send_signal(signal.SIGINT)  # its "fast": connections are cut
            server.wait(30)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _owner() -> tuple[int, int] | None:
    if os.getuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            found = pwd.getpwnam(name)
            return found.pw_uid, found.pw_gid
    raise AssertionError("no user to run PostgreSQL as")


@contextmanager
def _once_it_answers(server: "subprocess.Popen[bytes]", variables: dict[str, str]) -> Iterator[Any]:
    import psycopg2  # of requirements-deploy.lock

    until = time.monotonic() + 60
    while time.monotonic() < until and server.poll() is None:
        with suppress(psycopg2.OperationalError):
            connection = psycopg2.connect(
                host=variables["HOST"],
                port=variables["PORT"],
                user=variables["USERNAME"],
                password=variables["PASSWORD"],
                dbname="postgres",
            )
            break
        time.sleep(0.1)
    else:
        raise AssertionError(f"PostgreSQL does not start: {server.poll()}")
    try:
        yield connection
    finally:
        connection.close()
