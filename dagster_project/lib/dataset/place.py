"""A dataset of the Hub: whether it is private, what lies there, fetching it, and one commit.

Belongs here: every call of the Hub's client for a dataset, and what is said when it fails.
Does not belong here: which files there are and what is in them (pull, push), and the Hub's listing (hub).

A commit is there whole or not at all, and only if nobody else made one since `Dataset` was asked for. What an
upload that was killed had sent before its commit the Hub has kept: the client sends the rest.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx2
from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi
from huggingface_hub.errors import HfHubHTTPError
from huggingface_hub.hf_api import RepoFile
from huggingface_hub.utils import disable_progress_bars
from huggingface_hub.utils.sha import git_hash

from dagster_project.lib.errors import ModelTideError
from dagster_project.lib.record import checksums
from dagster_project.lib.settings import Settings

KIND = "dataset"
AT_ONCE = 8  # files that are fetched at a time


class PlaceError(ModelTideError):
    """A dataset cannot be read or written; the message names it and says what to do."""


class Dataset:
    """A dataset as it is now. Everything here raises PlaceError."""

    def __init__(self, settings: Settings, name: str) -> None:
        disable_progress_bars()
        self.name = name
        self.page = f"{settings.hub_endpoint}/datasets/{name}"
        # a token that is stored on the machine is somebody's for other things: only HF_TOKEN counts
        self._api = HfApi(
            settings.hub_endpoint,
            settings.hub_token or False,
            library_name="model-tide",
            library_version="0.1",
        )
        with self._reached():
            found = self._api.repo_info(name, repo_type=KIND)
            self._commit = str(found.sha)
            tree = self._api.list_repo_tree(name, recursive=True, revision=self._commit, repo_type=KIND)
            self.files = {file.path: file for file in tree if isinstance(file, RepoFile)}
        self.is_private = found.private is True

    def fetch(self, names: Sequence[str], folder: Path) -> None:
        """Files into a folder, by their names in the dataset; those that lie there already are kept."""
        with self._reached():
            self._api.snapshot_download(
                self.name,
                repo_type=KIND,
                revision=self._commit,
                local_dir=folder,
                allow_patterns=list(names),
                max_workers=AT_ONCE,
            )

    def change(self, message: str, put: Mapping[str, Path], removed: Sequence[str]) -> None:
        """One commit on top of the one that was looked at."""
        with self._reached():
            made = self._api.create_commit(
                self.name,
                [
                    *(CommitOperationDelete(name) for name in removed),
                    *(CommitOperationAdd(name, content) for name, content in put.items()),
                ],
                commit_message=message,
                repo_type=KIND,
                parent_commit=self._commit,
            )
        self._commit = made.oid

    @contextmanager
    def _reached(self) -> Iterator[None]:
        """Whatever the client says is about the dataset: errors of HTTP, of files and of uploads."""
        try:
            yield
        except (httpx2.HTTPError, OSError, RuntimeError, ValueError) as error:
            told = error.__cause__ if isinstance(error, RuntimeError) and error.__cause__ else error
            reason = next((line for line in str(told).splitlines() if line.strip()), type(told).__name__)
            status = told.response.status_code if isinstance(told, HfHubHTTPError) else None
            raise PlaceError(
                f"The dataset {self.page} cannot be read or written: {reason.strip().rstrip('.')}. "
                f"{_advice(status)}"
            ) from error


def is_same(file: Path, there: RepoFile) -> bool:
    """Whether a file of this machine is the one at the dataset."""
    if file.stat().st_size != there.size:
        return False
    if there.lfs is not None:
        return checksums.of_file(file).sha256 == there.lfs.sha256
    return git_hash(file.read_bytes()) == there.blob_id


def _advice(status: int | None) -> str:
    if status in (401, 403, 404):
        return (
            "Check its name, make it at the Hub if it is not there, and give HF_TOKEN a token that may read "
            "it, and for `make push` write to it."
        )
    if status in (409, 412):
        return "Somebody else has changed it meanwhile: type `make pull`, then run again."
    return "Every commit there is whole, and nothing here was lost: run again, it goes on from there."
