"""Processes of this machine: which of them are alive, hold the warehouse, or outlived their run.

Belongs here: asking the system about processes, and ending those that are provably ours and orphaned.
Does not belong here: the lock (warehouse), and Dagster's record of runs (defs/runs).

All of it sees the processes of one machine, or of one container: a data home belongs to one of them.
"""

import logging
import os
import re
import shlex
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil

# in the environment of a dbt process: its warehouse, and the process that holds the lock for it
WAREHOUSE, WRITER = "MODELTIDE_WAREHOUSE", "MODELTIDE_WRITER"
ENDS_WITHIN = 10.0  # seconds from the polite signal to the last one; dbt needs one
CLOCK_SLACK = 5.0  # seconds: the system knows when it was booted, and so when a process began, to one
SHOWN = 100  # characters of a command line

log = logging.getLogger(__name__)


def is_alive(pid: int, since: float) -> bool:
    """Whether the process that had the id at a time (seconds since 1970) still runs.

    A process that began later has only been given its id.
    """
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        began: float = process.create_time()
    except psutil.NoSuchProcess:
        return False
    return began <= since + CLOCK_SLACK


def described(pid: int) -> str:
    """`process 4711 (dbt build)`, as far as the system tells us its command."""
    try:
        process = psutil.Process(pid)
        command = shlex.join(process.cmdline()) or process.name()
    except psutil.Error:
        return f"process {pid}"
    return f"process {pid} ({command[:SHOWN]}{'…' if len(command) > SHOWN else ''})"


def writer_environment(warehouse: Path) -> dict[str, str]:
    """What a dbt process is started with by whoever holds the lock: if that dies, it can be told by it."""
    return {WAREHOUSE: str(warehouse), WRITER: str(os.getpid())}


def end_orphans(warehouse: Path) -> None:
    """End every process that a killed writer of the warehouse left at work. Call it under the lock: a writer
    holds that as long as the process works, so one whose writer is not its parent any more is an orphan.
    """
    for process in _orphans(warehouse.resolve()):
        log.warning("Ended %s: the run that it worked for was killed.", described(process.pid))
        with suppress(psutil.Error):
            process.terminate()
            _, living = psutil.wait_procs([process], ENDS_WITHIN)
            for one in living:
                one.kill()
                one.wait(ENDS_WITHIN)


def _orphans(warehouse: Path) -> Iterator[psutil.Process]:
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):  # it has ended meanwhile, or is another user's
            if not any(Path(word).name == "dbt" for word in process.cmdline()[:2]):
                continue
            environment, parent = process.environ(), str(process.ppid())
            is_ours = Path(environment.get(WAREHOUSE, "")).resolve() == warehouse
            if is_ours and environment.get(WRITER, parent) != parent:
                yield process


def holder(error: object) -> str | None:
    """The process that DuckDB's error says to hold a file, described; None if the error is another one."""
    text = str(error)
    if not text.startswith("IO Error: Could not set lock on file"):
        return None
    found = re.search(r"\(PID (\d+)\)", text)
    return described(int(found[1])) if found else "another program"
