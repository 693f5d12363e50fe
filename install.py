"""Fill an environment from a lock: `python3 install.py .venv/installed requirements.lock`.

Belongs here: what happens before anything is installed, with the standard library alone.
Does not belong here: which Python (Makefile), which packages (pyproject.toml), which versions (the locks).
"""

import importlib.util
import subprocess
import sys
from pathlib import Path

PYTHON = "python{}.{}".format(*sys.version_info)
# the lock is complete; a module is compiled when a command first imports it, and most are never imported
LOCKED = ("install", "--no-deps", "--require-hashes", "--no-compile", "-r")


def install(mark: Path, lock: str) -> None:
    """The mark says that all of the lock is there: it goes first and comes back last."""
    if not importlib.util.find_spec("ensurepip"):  # as on Debian and Ubuntu
        sys.exit(f"{PYTHON} cannot make an environment here: apt install {PYTHON}-venv, then make again")
    folder = mark.parent
    print(f"Installing {lock} into {folder}: half a minute, or as long as the download takes", flush=True)
    # what was interrupted, or belongs to another Python, begins anew
    is_whole = (folder / "installed").exists() and (folder / "lib" / PYTHON).is_dir()
    mark.unlink(missing_ok=True)
    pip = (f"{folder}/bin/python", "-m", "pip", "--quiet", "--disable-pip-version-check")
    for command in (
        (sys.executable, "-m", "venv", folder, *(() if is_whole else ("--clear",))),
        # it takes half as long as the pip that Python 3.11 brings; uv, faster still, does not read pip.conf
        (*pip, *LOCKED, "requirements-pip.lock"),
        (*pip, *LOCKED, lock),
        (*pip, "--quiet", "uninstall", "--yes", "pip", "setuptools"),  # 25 MB that nothing here needs
    ):
        if subprocess.run(command, check=False).returncode:
            sys.exit(f"{lock} is not installed: the reason is above; mend it and make again")
    mark.touch()


if __name__ == "__main__":
    install(Path(sys.argv[1]), sys.argv[2])
