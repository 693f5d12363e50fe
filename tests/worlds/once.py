"""What is built once for all files and processes of the tests, and copied by them.

Belongs here: that one process builds it while the others wait. Does not belong here: what is built.
"""

import fcntl
import shutil
from collections.abc import Callable
from pathlib import Path


def built_once(shared: Path, name: str, build: Callable[[Path], None]) -> Path:
    """The folder of the name, filled by whoever asks first; nobody writes to it afterwards."""
    folder, done = shared / name, shared / f"{name}.done"
    with open(shared / f"{name}.lock", "a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            shutil.rmtree(folder, ignore_errors=True)  # what a build that failed has left
            folder.mkdir()
            build(folder)
            done.touch()
    return folder
