"""kill -9 of whole commands, as they are typed, among them the parent of a running dbt.

Belongs here: the commands, the moments, and the next command.
Does not belong here: single calls (kills).
"""

import re
import signal
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import psutil

from dagster_project.lib.settings import Settings
from dagster_project.upstream.server import Upstream
from tests.soak import calls, promises
from tests.soak.homes import IMPORTED, SECOND, TO_BACKFILL, TO_IMPORT, command, upstream_on
from tests.soak.trial import Trial

WANTED = 60
NEXT = (
    "drop",
    "--date",
    "2020-01-01",
)  # opens the home as a writer and has nothing to do: 5 s, where a build takes 50
TIDIED = ("Ended process ", "Ended the run ")  # how a command begins that cleaned up after a killed one
ORPHAN_ENDS = 180.0  # seconds within which a dbt without a parent is through


def commands(trial: Trial) -> None:
    typed = {
        "run": ("first", ["run"]),
        "rebuild": ("second", ["rebuild"]),
        "import": ("second", ["import", "--file", str(trial.homes.file), "--date", str(TO_IMPORT)]),
        "drop": ("second", ["drop", "--date", str(IMPORTED)]),
        "backfill": ("second", ["backfill", "--from", str(TO_BACKFILL), "--to", str(TO_BACKFILL)]),
    }
    with upstream_on(SECOND) as upstream:
        for case in trial.cases("killed", WANTED, 2 * WANTED):
            kind = list(typed)[case % len(typed)]
            name, arguments = typed[kind]
            is_orphan, is_done_again = case % 6 == 5, case % 6 == 2 or case % 12 == 5
            with trial.case(case, kind) as folder:
                settings = trial.homes.copy(name, folder / "data", upstream, is_whole=True)
                before = promises.accepted_days(settings)
                dropped = IMPORTED if kind == "drop" else None
                chance = trial.chance(case)
                # early moments oftener: imports, landing and loading are most of what there is to break, and
                # the minutes that dbt takes are seen from its own cases
                after = trial.homes.seconds * chance.random() ** 2
                process = command(settings.home, upstream, *arguments)
                orphans = _killed(process, chance.uniform(0, 20) if is_orphan else after, is_orphan)
                if orphans is None:
                    trial.counts["ended before"] += 1
                    continue
                for what in ("killed", f"{kind} killed", *["parents of a running dbt"] * is_orphan):
                    trial.counts[what] += 1
                promises.forms_are_of_one_publication(settings)
                _next(trial, settings, upstream, NEXT, orphans)
                promises.no_day_is_lost(settings, before, dropped)
                promises.no_day_is_half_written(settings)
                promises.forms_are_of_one_publication(settings)
                if is_done_again:
                    _next(trial, settings, upstream, arguments, [])
                    calls.ends_well(calls.publish_what_is_built, settings)
                    promises.no_run_is_without_a_process(settings)
                    trial.counts["done again to the end"] += 1
                promises.hold(settings, before, dropped, folder / "rebuilt")


def _killed(process: "subprocess.Popen[bytes]", after: float, is_orphan: bool) -> list[psutil.Process] | None:
    """Kill the command so many seconds after its start, or after its dbt was seen; returns the processes that
    it leaves behind, or None if it had ended before.
    """
    parent, children = psutil.Process(process.pid), list[psutil.Process]()
    with suppress(psutil.NoSuchProcess):
        while is_orphan and process.poll() is None and not any(map(_is_dbt, parent.children(recursive=True))):
            time.sleep(0.2)
        with suppress(subprocess.TimeoutExpired):
            process.wait(after)
        children = parent.children(recursive=True)
        process.kill()
    if process.wait() == -signal.SIGKILL:
        return children
    if process.returncode:
        raise promises.BrokenPromise(f"undisturbed, the command ended with {process.returncode}")
    return None


def _is_dbt(process: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
        said = process.cmdline()
        return "build" in said and any(Path(word).name == "dbt" for word in said)
    return False


def _next(
    trial: Trial, settings: Settings, upstream: Upstream, arguments: Sequence[str], left: list[psutil.Process]
) -> None:
    """The command that comes next ends well. While a process that was left behind still works, it may also
    say in one line what to do; it ends well once that process is through.
    """
    is_left = any(process.is_running() for process in left)
    said = _said(settings, upstream, arguments)
    if said and is_left:
        if said.count("\n") or "Traceback" in said:
            raise promises.BrokenPromise(f"the next command said no single line: {said}")
        trial.counts["told of what was left running"] += 1
        _, endless = psutil.wait_procs(left, timeout=ORPHAN_ENDS)
        for process in endless:
            process.kill()
        trial.counts["left running for good"] += len(endless)
        said = _said(settings, upstream, arguments)
    psutil.wait_procs(left, timeout=ORPHAN_ENDS)
    if said:
        raise promises.BrokenPromise(f"the next command, {arguments[0]}, failed: {said}")


def _said(settings: Settings, upstream: Upstream, arguments: Sequence[str]) -> str:
    """What a command said on standard error if it failed; a day that is gone needs no dropping."""
    if command(settings.home, upstream, *arguments).wait() == 0:
        return ""
    lines = Path(f"{settings.home}.err").read_text().splitlines()
    said = "\n".join(line for line in lines if not line.startswith(TIDIED)).strip()
    return "" if re.fullmatch(r"No day [\d-]+ is loaded; nothing was removed\.", said) else said or "nothing"
