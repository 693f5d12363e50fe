"""kill -9 at random moments of library calls, each in a process of its own.

Belongs here: the calls, the moments, and what is done after a kill.
Does not belong here: whole commands (commands).
"""

import signal
import time
from pathlib import Path
from typing import Any

from dagster_project.lib.settings import Settings
from tests.faults.processes import CONTEXT, call, start
from tests.soak import calls, promises
from tests.soak.homes import FIRST, IMPORTED, SECOND, TO_IMPORT, upstream_on
from tests.soak.trial import Trial

WANTED = {
    "crawl": 40,
    "load": 40,
    "publish": 40,
    "rebuild": 40,
    "import": 40,
    "drop": 20,
    "drop observed": 20,
}
CALLS: dict[str, tuple[str, Any]] = {  # the home that the call begins with, and the call
    "crawl": ("first", calls.crawl),
    "load": ("landed", calls.load),
    "publish": ("unpublished", calls.publish_what_is_built),
    "rebuild": ("second", calls.build_anew),
    "import": ("second", calls.import_file),
    "drop": ("second", calls.drop),
    "drop observed": ("second", calls.drop_observed),
}
DROPPED = {"drop": IMPORTED, "drop observed": FIRST}
ADDED = {"load": SECOND, "import": TO_IMPORT}


def kills(trial: Trial) -> None:
    with upstream_on(SECOND) as upstream:
        took: dict[str, tuple[float, int]] = {}
        for case in trial.cases("killed", sum(WANTED.values()), 3 * sum(WANTED.values())):
            kind = list(CALLS)[case % len(CALLS)]
            chance = trial.chance(case)
            if trial.counts[f"{kind} killed"] >= WANTED[kind]:
                continue
            home, work = CALLS[kind]
            arguments = [trial.homes.file] if kind == "import" else []
            with trial.case(case, kind) as folder:
                if kind not in took:
                    whole = trial.homes.copy(home, folder / "undisturbed", upstream)
                    took[kind] = _disturbed(whole, work, arguments, None, 0)[1]
                settings = trial.homes.copy(home, folder / "data", upstream)
                seconds, deeds = took[kind]
                before = promises.accepted_days(settings)
                by_deed = chance.random() < 1 / 3
                after, last = chance.uniform(0, seconds), chance.randint(1, deeds)
                is_killed, _ = _disturbed(
                    settings, work, arguments, None if by_deed else after, last if by_deed else 0
                )
                trial.counts["killed" if is_killed else "ended before"] += 1
                trial.counts[f"{kind} killed"] += is_killed
                trial.counts["killed at a deed"] += is_killed and by_deed
                _check(trial, settings, kind, before, folder, arguments)


def _check(
    trial: Trial, settings: Settings, kind: str, before: promises.Days, folder: Path, arguments: list[Any]
) -> None:
    dropped = DROPPED.get(kind)
    promises.forms_are_of_one_publication(settings)
    found = promises.accepted_days(settings)
    calls.ends_well(calls.open_again, settings)
    promises.no_day_is_lost(settings, before, dropped)
    promises.no_day_is_lost(settings, found, dropped)
    promises.no_day_is_half_written(settings)
    if dropped not in found and dropped in promises.accepted_days(settings):
        raise promises.BrokenPromise(f"{dropped} was dropped, and came back")
    calls.ends_well(CALLS[kind][1], settings, *arguments)
    calls.ends_well(calls.publish_what_is_built, settings)
    now = promises.accepted_days(settings)
    if now.keys() != (
        before.keys() | {ADDED.get(kind, SECOND)} if kind in ADDED else before.keys() - {dropped}
    ):
        raise promises.BrokenPromise(f"after {kind} was done again, the days are {sorted(map(str, now))}")
    promises.hold(settings, before, dropped, folder / "rebuilt")


def _disturbed(
    settings: Settings, work: Any, arguments: list[Any], after: float | None, last: int
) -> tuple[bool, Any]:
    """Whether the call was killed so many seconds after its beginning, or before its deed number `last`;
    if not, what it took.
    """
    ours, theirs = CONTEXT.Pipe()
    with ours:
        process = start(call, theirs, settings, last, work, *arguments)
        theirs.close()
        ours.recv()
        if after is not None:
            time.sleep(after)
            process.kill()
        process.join()
        if process.exitcode == -signal.SIGKILL:
            return True, None
        if process.exitcode:
            raise promises.BrokenPromise(f"undisturbed, {work.__name__} ended with {process.exitcode}")
        return False, ours.recv()
