"""Measuring a function in a process of its own: wall time, CPU time and peak memory.

Belongs here: the measuring alone. A budget and what it times are in the script of that budget.
"""

import multiprocessing
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection


@dataclass(frozen=True)
class Measured:
    """Wall and CPU seconds of the call, peak resident megabytes of its process, and what it returned."""

    wall: float
    cpu: float
    peak_mb: float
    result: int

    def line(self, label: str) -> str:
        """One line of a report."""
        rate = self.result / self.wall
        return (
            f"{label:<42} {self.wall:7.2f} s wall {self.cpu:7.2f} s CPU {self.peak_mb:6.0f} MB peak"
            f" {rate:>10,.0f} models/s"
        )


def measured(work: Callable[..., int], *arguments: object) -> Measured:
    """Run `work` in a fresh process, so that its memory is its own; its return value is a count."""
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_child, args=(sender, work, arguments))
    process.start()
    sender.close()
    try:
        wall, cpu, peak_mb, result = receiver.recv()
    except EOFError:
        raise RuntimeError(f"{work.__name__} failed; its error is above") from None
    finally:
        process.join()
    return Measured(wall, cpu, peak_mb, result)


def verdict(label: str, is_kept: bool) -> bool:
    """Print whether a budget is kept, and return it."""
    print(f"  {'kept  ' if is_kept else 'BROKEN'}  {label}", flush=True)
    return is_kept


def _child(sender: Connection, work: Callable[..., int], arguments: tuple[object, ...]) -> None:
    wall, cpu = time.perf_counter(), time.process_time()
    result = work(*arguments)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    # Linux counts in kilobytes
    sender.send((wall, cpu, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, result))
    sender.close()
