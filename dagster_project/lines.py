"""What the project says while it works, on the terminal of a command.

Belongs here: where those lines go and what they look like.
Does not belong here: the lines themselves, which are written with `logging` by who knows what happened, and
the log of a run, into which Dagster takes them (dagster.yaml, python_logs).
"""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

OURS = logging.getLogger("dagster_project")


@contextmanager
def shown(level: str = "INFO", *, of_a_run: bool = False) -> Iterator[None]:
    """Show lines from `level` on, in place of those that were shown before.

    Those of a run go to standard error with the time, others to standard output, but for warnings.
    """
    if of_a_run:
        handlers = [_handler(sys.stderr, level, "%(asctime)s %(message)s")]
    else:
        handlers = [_handler(sys.stdout, level), _handler(sys.stderr, "WARNING")]
        handlers[0].addFilter(lambda record: record.levelno < logging.WARNING)
    before, OURS.handlers = OURS.handlers, handlers
    OURS.setLevel("INFO")
    try:
        yield
    finally:
        OURS.handlers = before


def _handler(stream: TextIO, level: str, form: str | None = None) -> logging.Handler:
    handler = logging.StreamHandler(stream)
    handler.setLevel(level)
    handler.setFormatter(logging.Formatter(form, "%H:%M:%S"))
    return handler
