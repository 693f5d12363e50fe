"""A part of the soak under way: its cases, their chance, and what came of them.

Belongs here: numbering, time, counting and keeping the home of a broken promise.
Does not belong here: what a part does.
"""

import random
import shutil
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

from tests.soak.homes import Homes

BROKEN = "broken promises"


@dataclass
class Trial:
    """One part. `counts` says what was done and what did not hold; `stop` ends every part."""

    part: str
    seed: int
    homes: Homes
    deadline: float  # of time.monotonic
    stop: Event
    goes_on: bool  # also after a broken promise
    only: int | None = None  # this case and no other
    counts: Counter[str] = field(default_factory=Counter)

    @property
    def has_time(self) -> bool:
        return not self.stop.is_set() and time.monotonic() < self.deadline

    def cases(self, what: str, wanted: int, most: int) -> Iterator[int]:
        """Case numbers until `wanted` of them counted as `what`, `most` were tried, or time is up."""
        if self.only is not None:
            yield self.only
            return
        for case in range(most):
            if self.counts[what] >= wanted:
                return
            if not self.has_time:
                break
            yield case
        self.counts[f"{what}, not reached"] = wanted - self.counts[what]

    def chance(self, case: int) -> random.Random:
        return random.Random(f"{self.seed} {self.part} {case}")

    @contextmanager
    def case(self, number: int, what: str, folder: Path | None = None) -> Iterator[Path]:
        """A folder for the case; it is kept if a promise is broken in it, whatever says so."""
        work = folder or self.homes.folder / f"{self.part}-{number}"
        work.mkdir(exist_ok=True)
        try:
            yield work
        except Exception as error:
            print(
                f"SEED={self.seed} PART={self.part} CASE={number} ({what}): {type(error).__name__}: {error}\n"
                f"  in {work}",
                file=sys.stderr,
                flush=True,
            )
            self.counts[BROKEN] += 1
            if not self.goes_on:
                self.stop.set()
        else:
            shutil.rmtree(work)
