"""Processes of this machine: which of them are alive, and which hold the warehouse.

Belongs here: asking the system about processes.
Does not belong here: the lock (warehouse/connection), and Dagster's record of runs (defs/run_keeper).

All of it sees the processes of one machine, or of one container: a data home belongs to one of them.
"""

import re
import shlex

import psutil

CLOCK_SLACK = 5.0  # seconds: the system knows when it was booted, and so when a process began, to one
SHOWN = 100  # characters of a command line


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


def holder(error: object) -> str | None:
    """The process that DuckDB's error says to hold a file, described; None if the error is another one."""
    text = str(error)
    if not text.startswith("IO Error: Could not set lock on file"):
        return None
    found = re.search(r"\(PID (\d+)\)", text)
    return described(int(found[1])) if found else "another program"
