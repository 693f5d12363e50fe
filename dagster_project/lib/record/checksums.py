"""A checksum and a size for every file of snapshots/, written with the file.

Belongs here: the files of snapshots/checksums/, and whether the files of a load are what was written then.
Does not belong here: which loads there must be (restore/audit) and writing the files themselves (snapshots).

They lie in a folder of their own, because Spark reads whatever lies beside Parquet as Parquet. A file has the
format of sha256sum, with the size as a comment, so that a backup can be checked without Model Tide:
`cd snapshots && cat checksums/*/* | sha256sum --check --quiet`.
"""

import hashlib
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from dagster_project.lib.files import write_whole

FOLDER = "checksums"
_LINES = re.compile(r"# (\d+) bytes\n([0-9a-f]{64})  (.+)\n")


class Checksum(NamedTuple):
    """Size and SHA-256 of one file."""

    bytes: int
    sha256: str


# what this process read or wrote: a year has thousands of loads, and a run opens its warehouse ten times
_known: dict[Path, dict[str, Checksum]] = {}


def of_file(path: Path) -> Checksum:
    """What a file is now. Raises OSError."""
    with open(path, "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return Checksum(file.tell(), digest)


def write(snapshots: Path, load: str, files: Mapping[str, Checksum]) -> None:
    """Say what the files of a load are, by their names below snapshots/. Raises OSError."""
    path = _path(snapshots, load)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, as_text(files).encode())
    _known[path] = dict(files)


def read(snapshots: Path, load: str) -> dict[str, Checksum]:
    """What was written of a load; empty if nothing was, or nothing that can be read."""
    path = _path(snapshots, load)
    if path not in _known:
        try:
            found = of_text(path.read_text(encoding="ascii"))
        except (OSError, UnicodeDecodeError):
            return {}
        if not found:
            return {}
        _known[path] = found
    return _known[path]


def as_text(files: Mapping[str, Checksum]) -> str:
    """Two lines a file, which sha256sum reads."""
    return "".join(f"# {known.bytes} bytes\n{known.sha256}  {name}\n" for name, known in files.items())


def of_text(text: str) -> dict[str, Checksum]:
    """What such a text says; empty if a line of it is another."""
    found = {name: Checksum(int(size), digest) for size, digest, name in _LINES.findall(text)}
    return found if len(found) * 2 == len(text.splitlines()) else {}


def forget(snapshots: Path, load: str) -> None:
    """Delete what is said of a load whose files are gone for good."""
    path = _path(snapshots, load)
    path.unlink(missing_ok=True)
    _known.pop(path, None)


def said(snapshots: Path) -> set[str]:
    """Every load that something is said of."""
    return {f"{path.parent.name}/{path.stem}" for path in (snapshots / FOLDER).glob("*/*.sha256")}


def damage(snapshots: Path, files: Mapping[str, Checksum], *, contents: bool) -> str | None:
    """What is wrong with the files of a load, or None. Without `contents` only what their sizes tell."""
    for name, known in files.items():
        path = snapshots / name
        try:
            size = os.stat(path).st_size
        except OSError:
            return f"{path} is missing"
        if size != known.bytes:
            return f"{path} has {size:,} bytes, and {known.bytes:,} were written"
        try:
            if contents and of_file(path) != known:
                return f"{path} is not what was written: its checksum is another"
        except OSError as error:
            return f"{path} cannot be read: {error.strerror}"
    return None


def _path(snapshots: Path, load: str) -> Path:
    return snapshots / FOLDER / f"{load}.sha256"
