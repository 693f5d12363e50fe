"""Measuring a function in a process of its own (wall time, CPU time, peak memory), and the machine itself.

Belongs here: the measuring alone. A budget and what it times are in the script of that budget.
"""

import multiprocessing
import re
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path


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


def yardstick() -> float:
    """Seconds of a fixed piece of Python: with them, figures of two machines or days can be compared."""
    started = time.perf_counter()
    total = 0
    for number in range(20_000_000):
        total += number
    return time.perf_counter() - started


def verdict(label: str, is_kept: bool) -> bool:
    """Print whether a budget is kept, and return it."""
    print(f"  {'kept  ' if is_kept else 'BROKEN'}  {label}", flush=True)
    return is_kept


def _child(sender: Connection, work: Callable[..., int], arguments: tuple[object, ...]) -> None:
    wall, cpu = time.perf_counter(), _cpu_seconds()
    result = work(*arguments)
    wall, cpu = time.perf_counter() - wall, _cpu_seconds() - cpu
    sender.send((wall, cpu, max(_own_peak_mb(), _children_peak_mb()), result))
    sender.close()


def _own_peak_mb() -> float:
    """Of this program alone: what getrusage says begins with the size of the process that started it."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 1024  # type: ignore[index]


def _children_peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024  # Linux counts in kilobytes


def _cpu_seconds() -> float:
    """Of this process and of the children that it has waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)
