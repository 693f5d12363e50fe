"""Reads during publications, by the DuckDB of this environment and by the oldest that is promised.

Belongs here: publishing two states by turns while readers read.
Does not belong here: a read (reader), and the environment of the oldest (tests/oldest_reader).
"""

import json
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

from tests.oldest_reader import OLDEST, oldest_python
from tests.soak import calls, promises
from tests.soak.homes import SECOND, upstream_on
from tests.soak.trial import Trial

PUBLICATIONS, READS = 60, 1_000
READER = Path(__file__).with_name("reader.py")


def reads(trial: Trial) -> None:
    with trial.case(0, "reads") as folder, upstream_on(SECOND) as upstream:
        settings = trial.homes.copy("first", folder / "data", upstream)
        pythons = {"this": sys.executable}
        if old := oldest_python(folder / "old"):
            pythons[OLDEST] = old
        else:
            trial.counts[f"environments without DuckDB {OLDEST}: pip could not install it"] = 1
        stop = folder / "stop"
        with ExitStack() as ended:
            readers = {
                name: subprocess.Popen(
                    [python, str(READER), str(settings.published), f"{trial.seed} {name}", str(stop)],
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    text=True,
                )
                for name, python in pythons.items()
            }
            for reader in readers.values():
                ended.callback(reader.kill)
            for _ in trial.cases("publications", PUBLICATIONS, PUBLICATIONS):
                trial.homes.bring(("second", "first")[trial.counts["publications"] % 2], settings.home)
                calls.ends_well(calls.publish_what_is_built, settings)
                trial.counts["publications"] += 1
                if any(reader.poll() is not None for reader in readers.values()):
                    break
            stop.touch()
            for name, reader in readers.items():
                said, reason = reader.communicate()
                if reader.returncode:
                    raise promises.BrokenPromise(reason.strip())
                for form, number in json.loads(said).items():
                    trial.counts[f"reads {form} by {name}"] += number
                    trial.counts["reads"] += number
        trial.counts["reads, not reached"] = max(0, READS - trial.counts["reads"])
        promises.forms_are_of_one_publication(settings)
