"""`python -m tests.soak`: an hour of kill -9, of reads during publications and of full disks.

Belongs here: the variables, the parts side by side, a line a minute, the table at the end.
Does not belong here: the parts (kills, commands, reads, disk) and the promises.

What each part does, all against the embedded upstreams with 900 invented models:

kills      240 times kill -9 in a library call (crawl, load, publish, rebuild, import, drop), a third of them
           just before a random deed in the home, the others at a random time of the call; then the warehouse
           is opened, the call is done again, and what is built is published
commands   60 times kill -9 of a whole command, 10 of them while its dbt runs, which then has no parent; then
           the next command, which ends well or says in one line what to do
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
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from threading import Event

os.environ.update(DAGSTER_DISABLE_TELEMETRY="yes", DBT_SEND_ANONYMOUS_USAGE_STATS="false")

RESERVE = 120.0  # seconds that a case under way may still take at the end


def main() -> int:
    from tests.soak.commands import commands
    from tests.soak.disk import disk
    from tests.soak.homes import prepare
    from tests.soak.kills import kills
    from tests.soak.reads import reads
    from tests.soak.trial import Trial

    started = time.monotonic()
    seed = int(os.environ.get("SEED") or random.randrange(10**6))
    minutes = float(os.environ.get("MINUTES") or 60)
    print(f"SEED={seed} MINUTES={minutes:g}", flush=True)
    # two beside each other: the shorter part of a pair first
    pairs = (("disk", disk), ("kills", kills)), (("reads", reads), ("commands", commands))
    known = [name for pair in pairs for name, _ in pair]
    wanted = (os.environ.get("PART") or ",".join(known)).split(",")
    if not set(wanted) <= set(known):
        print(f"PART is {','.join(wanted)!r}; allowed: {', '.join(known)}.", file=sys.stderr)
        return 1
    only = os.environ.get("CASE")
    stop, folder = Event(), Path(tempfile.mkdtemp(prefix="modeltide-soak-"))
    homes = prepare(folder / "homes")
    print(f"{(time.monotonic() - started) / 60:4.1f} min: the homes are prepared in {folder}", flush=True)
    deadline = started + minutes * 60 - RESERVE
    trials = {
        name: Trial(
            name, seed, homes, deadline, stop, bool(os.environ.get("ALL")), int(only) if only else None
        )
        for name in known
        if name in wanted
    }
    with ThreadPoolExecutor(len(pairs)) as pool:
        running = {
            pool.submit(lambda pair=pair: [part(trials[name]) for name, part in pair if name in trials])
            for pair in pairs
        }
        while running:
            done, running = wait(running, timeout=60)
            for one in done:
                if one.exception():
                    stop.set()
            said = "; ".join(
                f"{name}: " + ", ".join(f"{n} {what}" for what, n in t.counts.items())
                for name, t in trials.items()
            )
            print(f"{(time.monotonic() - started) / 60:4.1f} min: {said}", flush=True)
    for name, trial in trials.items():
        for what, number in trial.counts.items():
            print(f"{name:<10}{number:>6}  {what}")
    broken = [reason for trial in trials.values() for reason in trial.broken]
    for reason in broken:
        print(reason, file=sys.stderr)
    if not broken:
        shutil.rmtree(folder)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
