"""`python -m tests.soak`: an hour of kill -9, of reads during publications and of full disks.

Belongs here: the variables, the parts side by side, a line a minute, the table at the end.
Does not belong here: the parts (kills, commands, reads, disk) and the promises.

What each part does, all against the embedded upstreams with 900 invented models:

kills      240 times kill -9 in a library call (crawl, load, publish, rebuild, import, drop), a third of them
           just before a random deed in the home, the others at a random time of the call; then the warehouse
           is opened, the call is done again, and what is built is published
commands   60 times kill -9 of a whole command, 10 of them in the middle of dbt's work; then the next command,
           which ends well
reads      1,000 reads during 60 publications of two states by turns, of the DuckDB file and of the Parquet
           folder, by this environment's DuckDB and by 1.2.2
disk       each step, and the note of a rejected day, on a disk that fills early, in the middle and late

After each, promises.py: no accepted day lost, none half written, the record equal to the warehouse, both
published forms of one publication, nothing left over.

    SEED=7 MINUTES=60 PART=kills,disk make soak     CASE=17 repeats one case of one part
                                                    ALL=1 goes on after a broken promise

It ends with 0, or with 1 at the first broken promise: seed, part and case, the reason, and the home, which is
kept. What the time did not reach is said in the table. Case numbers repeat the chance of a case, not the
scheduler's: a kill by time may hit elsewhere.
"""

import os
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from threading import Event

from tests.soak.commands import commands
from tests.soak.disk import disk
from tests.soak.homes import prepare
from tests.soak.kills import kills
from tests.soak.reads import reads
from tests.soak.trial import BROKEN, Trial

Pair = tuple[tuple[str, Callable[[Trial], None]], ...]
RESERVE = 120.0  # seconds that a case under way may still take at the end


def main() -> int:
    started = time.monotonic()
    seed = int(os.environ.get("SEED") or random.randrange(10**6))
    minutes = float(os.environ.get("MINUTES") or 60)
    print(f"SEED={seed} MINUTES={minutes:g}", flush=True)
    # two beside each other: the shorter part of a pair first
    pairs: tuple[Pair, ...] = (("disk", disk), ("kills", kills)), (("reads", reads), ("commands", commands))
    known = [name for pair in pairs for name, _ in pair]
    wanted = (os.environ.get("PART") or ",".join(known)).split(",")
    if not set(wanted) <= set(known):
        print(f"PART is {','.join(wanted)!r}; allowed: {', '.join(known)}.", file=sys.stderr)
        return 1
    only = int(os.environ["CASE"]) if os.environ.get("CASE") else None
    stop, folder = Event(), Path(tempfile.mkdtemp(prefix="modeltide-soak-"))
    homes = prepare(folder / "homes")
    print(f"{(time.monotonic() - started) / 60:4.1f} min: the homes are prepared in {folder}", flush=True)
    deadline = started + minutes * 60 - RESERVE
    trials = {
        name: Trial(name, seed, homes, deadline, stop, bool(os.environ.get("ALL")), only)
        for name in known
        if name in wanted
    }

    def in_turn(pair: Pair) -> None:
        try:
            for name, part in pair:
                if name in trials:
                    part(trials[name])
        except BaseException:
            stop.set()
            raise

    with ThreadPoolExecutor(len(pairs)) as pool:
        running = [pool.submit(in_turn, pair) for pair in pairs]
        while wait(running, timeout=60).not_done:
            said = "; ".join(f"{name}: {_told(trial)}" for name, trial in trials.items())
            print(f"{(time.monotonic() - started) / 60:4.1f} min: {said}", flush=True)
    for one in running:
        one.result()
    for name, trial in trials.items():
        for what, number in trial.counts.items():
            print(f"{name:<10}{number:>6}  {what}")
    broken = sum(trial.counts[BROKEN] for trial in trials.values())
    if broken:
        print(
            f"{broken} broken promises, see above (SEED={seed}); the homes are kept in {folder}.",
            file=sys.stderr,
        )
        return 1
    shutil.rmtree(folder)
    return 0


def _told(trial: Trial) -> str:
    return ", ".join(f"{number} {what}" for what, number in list(trial.counts.items()))


if __name__ == "__main__":
    sys.exit(main())
