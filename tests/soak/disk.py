"""A disk that is full at each step: a small tmpfs, or a limit on the size of files where none can be mounted.

Belongs here: how much room is left, and what is done once there is room again.
Does not belong here: the steps (calls).
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Any

from dagster_project.lib.seeds.tables import followed_publishers
from dagster_project.lib.settings import Settings
from dagster_project.synthetic.server import Upstream
from tests.landed import item, land
from tests.soak import calls, promises
from tests.soak.homes import SECOND, upstream_on
from tests.soak.kills import CALLS, DROPPED
from tests.soak.trial import Trial

STEPS: dict[str, tuple[str, Any]] = {**CALLS, "note": ("first", calls.load)}
SHARES = (0.0, 0.03, 0.15, 0.4, 0.7, 0.9)  # of the room that the step needs, give or take a twentieth
LIMITS = (0, 300, 5_000, 60_000, 300_000, 1_500_000)  # bytes of a file, where no tmpfs can be mounted
DISK = 400 << 20


def disk(trial: Trial) -> None:
    needs: dict[str, int] = {}
    with upstream_on(SECOND) as upstream:
        for case in trial.cases("full disks", len(STEPS) * len(SHARES), len(STEPS) * len(SHARES)):
            kind, level = list(STEPS)[case % len(STEPS)], case // len(STEPS)
            name, work = STEPS[kind]
            arguments = [trial.homes.file] if kind == "import" else []
            with trial.case(case, kind) as folder, small_disk(folder / "disk") as (room, is_disk):
                if is_disk and kind not in needs:
                    settings = _prepared(trial, name, kind, room, upstream)
                    with most_used(room) as used:
                        calls.error_of(work, settings, *arguments)
                    needs[kind] = used[-1] - used[0]
                    shutil.rmtree(settings.home)
                settings = _prepared(trial, name, kind, room, upstream)
                before = promises.accepted_days(settings)
                limit = calls.ENDLESS if is_disk else LIMITS[level]
                share = SHARES[level] + trial.chance(case).uniform(0, 0.05)
                with full(room, int(needs[kind] * share) if is_disk else None):
                    error = calls.error_of(work, settings, *arguments, limit=limit)
                    trial.counts["full disks"] += 1
                    trial.counts["ended in spite of it" if error is None else "ended with one line"] += 1
                    if error and not calls.is_one_line_of_ours(*error):
                        raise promises.BrokenPromise(f"{': '.join(error)} is not one line of ours")
                    promises.forms_are_of_one_publication(settings)
                dropped = DROPPED.get(kind)
                promises.no_day_is_lost(settings, before, dropped)
                again = calls.error_of(work, settings, *arguments)
                if again and not (kind == "note" and again[0] == "DayRejected"):
                    raise promises.BrokenPromise(f"with room again, {kind} ended with {': '.join(again)}")
                calls.ends_well(calls.publish_what_is_built, settings)
                promises.hold(settings, before, dropped, folder / "rebuilt")


def _prepared(trial: Trial, name: str, kind: str, room: Path, upstream: Upstream) -> Settings:
    settings = trial.homes.copy(name, room / "data", upstream)
    if kind == "note":
        scope_id = settings.scope_id(followed_publishers(settings))
        few = [item(number) for number in range(20)]  # DayRejected, and a note of it
        land(settings, str(SECOND), few, scope_id=scope_id, origin="mirror:127.0.0.1")
    return settings


@contextmanager
def small_disk(path: Path) -> Iterator[tuple[Path, bool]]:
    """A tmpfs, and whether it is one: only root can mount, others get a folder."""
    path.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", str(path)]
    is_mounted = subprocess.run(mount, capture_output=True, check=False).returncode == 0
    try:
        yield path, is_mounted
    except Exception:
        if is_mounted:  # or the home would go with the disk
            shutil.copytree(path, path.with_name("kept"), symlinks=True)
        raise
    finally:
        if is_mounted:
            subprocess.run(["umount", str(path)], check=True)


@contextmanager
def full(disk: Path, left: int | None) -> Iterator[None]:
    """Only so many bytes are left on the disk; None leaves it as it is."""
    ballast = disk / "ballast"
    if left is not None and (size := free(disk) - left) > 0:
        with open(ballast, "wb") as file:
            os.posix_fallocate(file.fileno(), 0, size)
    try:
        yield
    finally:
        ballast.unlink(missing_ok=True)


@contextmanager
def most_used(disk: Path) -> Iterator[list[int]]:
    """What is used of the disk at first, and, once it is over, the most that was used in between."""
    used, over = [DISK - free(disk)] * 2, Event()

    def look() -> None:
        while not over.wait(0.002):
            used[-1] = max(used[-1], DISK - free(disk))

    watcher = Thread(target=look, daemon=True)
    watcher.start()
    try:
        yield used
    finally:
        over.set()
        watcher.join()


def free(disk: Path) -> int:
    said = os.statvfs(disk)
    return said.f_bavail * said.f_frsize
