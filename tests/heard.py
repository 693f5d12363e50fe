"""What the product says while it works, as a command shows it."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

OURS = logging.getLogger("dagster_project")


@contextmanager
def heard() -> Iterator[list[str]]:
    """The lines from here to the end."""
    lines: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: lines.append(record.getMessage())  # type: ignore[method-assign]
    level = OURS.level
    OURS.addHandler(handler)
    OURS.setLevel(logging.INFO)
    try:
        yield lines
    finally:
        OURS.removeHandler(handler)
        OURS.setLevel(level)
