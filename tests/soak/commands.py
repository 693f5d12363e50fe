"""kill -9 of whole commands, as they are typed, among them some in the middle of dbt's work.

Belongs here: the commands, the moments, and the next command.
Does not belong here: single calls (kills).
"""

import re
import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from dagster_project.lib.settings import Settings
from dagster_project.synthetic.server import Upstream
from tests.soak import calls, promises
from tests.soak.homes import IMPORTED, SECOND, TO_BACKFILL, TO_IMPORT, command, upstream_on
from tests.soak.trial import Trial

WANTED = 60
NEXT = (
    "drop",
    "--date",
    "2020-01-01",
)  # opens the home as a writer and has nothing to do: 5 s, where a build takes 50
TIDIED = "Ended the run "  # how a command begins that cleaned up after a killed one


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
            is_in_dbt, is_done_again = case % 6 == 5, case % 6 == 2 or case % 12 == 5
            with trial.case(case, kind) as folder:
                settings = trial.homes.copy(name, folder / "data", upstream, is_whole=True)
                before = promises.accepted_days(settings)
                dropped = IMPORTED if kind == "drop" else None
                chance = trial.chance(case)
                # early moments oftener: imports, landing and loading are most of what there is to break, and
                # the minutes that dbt takes are seen from its own cases
                after = trial.homes.seconds * chance.random() ** 2
                process = command(settings.home, upstream, *arguments)
                if is_in_dbt:
                    _await_dbt(process, settings)
                    after = chance.uniform(0, 20)
                if not _killed(process, after):
                    trial.counts["ended before"] += 1
                    continue
                for what in ("killed", f"{kind} killed", *["killed in dbt"] * is_in_dbt):
                    trial.counts[what] += 1
                promises.forms_are_of_one_publication(settings)
                _next(settings, upstream, NEXT)
                promises.no_day_is_lost(settings, before, dropped)
                promises.no_day_is_half_written(settings)
                promises.forms_are_of_one_publication(settings)
                if is_done_again:
                    _next(settings, upstream, arguments)
                    calls.ends_well(calls.publish_what_is_built, settings)
                    promises.no_run_is_without_a_process(settings)
                    trial.counts["done again to the end"] += 1
                promises.hold(settings, before, dropped, folder / "rebuilt")


def _await_dbt(process: "subprocess.Popen[bytes]", settings: Settings) -> None:
    """Wait until the command has compiled a model, or has ended."""
    compiled = settings.home / "logs" / "dbt" / "compiled"
    shutil.rmtree(compiled, ignore_errors=True)
    while process.poll() is None and not compiled.exists():
        time.sleep(0.2)


def _killed(process: "subprocess.Popen[bytes]", after: float) -> bool:
    """Kill the command so many seconds from now; False if it had ended before."""
    with suppress(subprocess.TimeoutExpired):
        process.wait(after)
    process.kill()
    if process.wait() == -signal.SIGKILL:
        return True
    if process.returncode:
        raise promises.BrokenPromise(f"undisturbed, the command ended with {process.returncode}")
    return False


def _next(settings: Settings, upstream: Upstream, arguments: Sequence[str]) -> None:
    """The command that comes next ends well."""
    if said := _said(settings, upstream, arguments):
        raise promises.BrokenPromise(f"the next command, {arguments[0]}, failed: {said}")


def _said(settings: Settings, upstream: Upstream, arguments: Sequence[str]) -> str:
    """What a command said on standard error if it failed; a day that is gone needs no dropping."""
    if command(settings.home, upstream, *arguments).wait() == 0:
        return ""
    lines = Path(f"{settings.home}.err").read_text().splitlines()
    said = "\n".join(line for line in lines if not line.startswith(TIDIED)).strip()
    return "" if re.fullmatch(r"No day [\d-]+ is loaded; nothing was removed\.", said) else said or "nothing"
