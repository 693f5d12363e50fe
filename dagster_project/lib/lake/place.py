"""Where a lake lies: a folder of this machine, or an address of fsspec such as s3://, gs:// or hf://.

Belongs here: what lies there, and putting, reading and removing one file of it.
Does not belong here: which files there are and what is in them (write).

A file is there whole or not at all. On a path it is written under a temporary name in the lake's own folder
and renamed. On an object store it is written on this machine and stored with one put: s3, gs, az and hf show
an object once it is complete, and until then the former one. Of a server of files (sftp, ftp, smb) nobody
promises that.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import fsspec
from fsspec.implementations.local import LocalFileSystem
from fsspec.registry import known_implementations

from dagster_project.lib.errors import ModelTideError
from dagster_project.lib.files import sync

TEMPORARY = "unfinished.tmp"  # in the folder itself, which no engine reads as a table
_NO_ROOM = (duckdb.IOException, duckdb.OutOfMemoryException)


class LakeError(ModelTideError):
    """The lake cannot be read or written; the message names it and says what to do."""


class Place:
    """A folder of files, by their names below it. Everything here raises LakeError."""

    def __init__(self, address: str) -> None:
        self.address = address
        try:
            self._fs, self._root = fsspec.core.url_to_fs(address)
        except ImportError as error:
            scheme = address.partition("://")[0].rpartition("::")[2]
            package = known_implementations[scheme]["class"].partition(".")[0]
            advice = (
                f" Type `.venv/bin/uv pip install {package}` (uv is there after `make lint`), then run again."
            )
            raise LakeError(
                f"LAKE is {address}, and nothing was written: {error}." + (package != "fsspec") * advice
            ) from error
        except ValueError as error:
            raise LakeError(
                f"LAKE is {address}, and nothing was written: {error}. Set it to a path, or to an address "
                "such as s3://bucket/folder."
            ) from error
        self._local = Path(self._root) if isinstance(self._fs, LocalFileSystem) else None

    def names(self) -> set[str]:
        """What lies in the folder itself; what a kill left under a temporary name is none of it."""
        with self._reached():
            self._fs.invalidate_cache()
            try:
                found = self._fs.ls(self._root, detail=False)
            except FileNotFoundError:
                return set()
        return {path.rstrip("/").rpartition("/")[2] for path in found} - {TEMPORARY}

    def files(self) -> dict[str, int]:
        """The size of each file below it, by its name."""
        with self._reached():
            found = self._fs.find(self._root, detail=True)
        return {path[len(self._root) :].lstrip("/"): known["size"] for path, known in found.items()}

    @contextmanager
    def new_file(self, name: str) -> Iterator[Path]:
        """A path of this machine to write to; once the block has ended well, its file has the name."""
        with self._reached(), tempfile.TemporaryDirectory() as folder:
            temporary = Path(folder, TEMPORARY) if self._local is None else self._local / TEMPORARY
            temporary.parent.mkdir(parents=True, exist_ok=True)
            try:
                yield temporary
                if self._local is None:
                    self._fs.put_file(str(temporary), f"{self._root}/{name}")
                else:
                    sync(temporary)
                    (self._local / name).parent.mkdir(parents=True, exist_ok=True)
                    temporary.replace(self._local / name)
            finally:
                temporary.unlink(missing_ok=True)

    @contextmanager
    def copy_of(self, name: str) -> Iterator[Path]:
        """A path of this machine with what a file holds."""
        with self._reached(), tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "copy")
            self._fs.get_file(f"{self._root}/{name}", str(path))
            yield path

    def remove(self, name: str) -> None:
        """Remove a file, and on a path the folders that it leaves empty."""
        with self._reached():
            self._fs.rm_file(f"{self._root}/{name}")
            if self._local is not None:
                folder = (self._local / name).parent
                while folder != self._local and not any(folder.iterdir()):
                    folder.rmdir()
                    folder = folder.parent

    @contextmanager
    def _reached(self) -> Iterator[None]:
        """Whatever the library of a store says is about the lake; boto, aiohttp and others share no base."""
        try:
            yield
        except ModelTideError:
            raise
        except Exception as error:
            if isinstance(error, duckdb.Error) and not isinstance(error, _NO_ROOM):
                raise
            raise LakeError(
                f"The lake {self.address} cannot be read or written: {error or type(error).__name__}. Every "
                "file in it is whole. Make room, or mend what it says, and run again: it goes on from there."
            ) from error
