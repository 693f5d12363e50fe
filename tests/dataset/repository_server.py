"""The Hub with datasets that can be written to: commits, large files and private places, over HTTP.

Belongs here: the endpoints that the Hub's own client calls for a dataset, what is stored in memory, and what
was sent. Everything else the embedded upstreams answer, without the header by which they say that they are
invented. To the product that is a mirror.
Does not belong here: claims.
"""

import base64
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any, Self
from urllib.parse import unquote, urlsplit

from dagster_project.synthetic.archive import DATASET
from dagster_project.synthetic.server import Upstream
from tests.planted import TOKEN

LARGE = (".parquet", ".tar")  # as the Hub's own .gitattributes say


@dataclass
class Stored:
    """A file of a commit."""

    content: bytes
    is_large: bool

    @property
    def oid(self) -> str:
        return hashlib.sha1(b"blob %d\0" % len(self.content) + self.content).hexdigest()

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


@dataclass
class Repository:
    """A dataset: its commits, newest last, each with all its files."""

    is_private: bool
    commits: list[tuple[str, str, dict[str, Stored]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.commit("initial commit", {".gitattributes": Stored(b"*.tar filter=lfs\n", False)})

    @property
    def head(self) -> str:
        return self.commits[-1][0]

    @property
    def files(self) -> dict[str, Stored]:
        return self.commits[-1][2]

    @property
    def messages(self) -> list[str]:
        return [message for _, message, _ in self.commits[1:]]

    def commit(self, message: str, files: dict[str, Stored]) -> None:
        self.commits.append(
            (hashlib.sha1(f"{len(self.commits)} {message}".encode()).hexdigest(), message, files)
        )

    def at(self, revision: str) -> dict[str, Stored]:
        if revision == "main":
            return self.files
        return next(files for sha, _, files in self.commits if sha == revision)


class Repositories:
    """The server. A test may do something before a large file is taken, or a commit."""

    def __init__(self, upstream: Upstream) -> None:
        self.upstream = upstream
        self.datasets: dict[str, Repository] = {}
        self.large: dict[str, bytes] = {}  # by <dataset>/<SHA-256>; kept without a commit, too
        self.puts: list[str] = []
        self.downloads: list[str] = []
        self.before_put: Callable[[int], None] = lambda number: None
        self.before_commit: Callable[[Repository], None] = lambda repository: None
        self.lock = Lock()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.repositories = self

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def environment(self) -> dict[str, str]:
        """Every variable that takes the product here and nowhere else."""
        return {
            name: self.url if name.endswith("_ENDPOINT") else value
            for name, value in self.upstream.environment.items()
        }

    def set_now(self, now: datetime) -> None:
        self.upstream.set_now(now)

    def __enter__(self) -> Self:
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    repositories: Repositories


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.headers.get("Transfer-Encoding") == "chunked":
            body = self._chunks()
        path = unquote(urlsplit(self.path).path)
        name = next((name for name in self.server.repositories.datasets if f"datasets/{name}" in path), None)
        if path.startswith("/large/"):
            self._large(path.removeprefix("/large/"), body)
        elif path == "/api/validate-yaml":
            self._say({"errors": [], "warnings": []})
        elif name is not None:
            self._dataset(name, path.partition(name)[2], body)
        elif path.startswith(("/datasets/", "/api/datasets/")) and DATASET not in path:
            self._refuse(404, "RepoNotFound", "Repository not found")
        else:
            self._upstream()

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_POST(self) -> None:
        self.do_GET()

    def do_PUT(self) -> None:
        self.do_GET()

    def _dataset(self, name: str, rest: str, body: bytes) -> None:
        here = self.server.repositories
        repository = here.datasets[name]
        authorization = self.headers.get("Authorization")
        if authorization not in (None, f"Bearer {TOKEN}"):
            self._refuse(401, "", "Invalid credentials in Authorization header")
        elif authorization is None and (repository.is_private or self.command == "POST"):
            self._refuse(401, "RepoNotFound", "Repository not found")
        elif rest.startswith("/tree/"):
            self._say(_tree(repository.at(rest.split("/")[2])))
        elif rest.startswith("/preupload/"):
            self._say(_modes(repository, json.loads(body)))
        elif rest.startswith(".git/info/lfs/objects/batch"):
            self._say(_batch(here, name, json.loads(body)))
        elif rest.startswith("/commit/"):
            self._commit(repository, name, body)
        elif rest.startswith("/resolve/"):
            self._resolve(repository, *rest.removeprefix("/resolve/").split("/", 1))
        else:
            self._say({"id": name, "sha": repository.head, "private": repository.is_private})

    def _chunks(self) -> bytes:
        parts = []
        while size := int(self.rfile.readline(), 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _upstream(self) -> None:
        answer = self.server.repositories.upstream.answer(self.path, self.headers)
        date = format_datetime(self.server.repositories.upstream.now(), usegmt=True)
        headers = {"Content-Type": answer.kind, "Date": date, **answer.headers}
        self._send(answer.status, answer.body, headers)

    def _large(self, place: str, body: bytes) -> None:
        here = self.server.repositories
        with here.lock:
            here.before_put(len(here.puts))
            if hashlib.sha256(body).hexdigest() != place.rpartition("/")[2]:
                return self._refuse(400, "", "The content is not what was announced")
            here.large[place] = body
            here.puts.append(place)
        self._say({})

    def _commit(self, repository: Repository, name: str, body: bytes) -> None:
        here = self.server.repositories
        here.before_commit(repository)
        lines = [json.loads(line) for line in body.splitlines()]
        said = {line["key"]: line["value"] for line in lines}["header"]
        if said.get("parentCommit") not in (None, repository.head):
            return self._refuse(412, "", "A commit has happened since. Please refresh and try again.")
        files = dict(repository.files)
        for line in lines[1:]:
            value = line["value"]
            if line["key"] == "deletedFile":
                del files[value["path"]]
            elif line["key"] == "lfsFile":
                files[value["path"]] = Stored(here.large[f"{name}/{value['oid']}"], True)
            else:
                files[value["path"]] = Stored(base64.b64decode(value["content"]), False)
        repository.commit(said["summary"], files)
        page = f"{here.url}/datasets/{name}/commit/{repository.head}"
        self._say({"commitUrl": page, "commitOid": repository.head})

    def _resolve(self, repository: Repository, revision: str, name: str) -> None:
        here = self.server.repositories
        file = repository.at(revision).get(name)
        if file is None:
            return self._refuse(404, "EntryNotFound", "Entry not found")
        if self.command == "GET":
            here.downloads.append(name)
        etag = file.sha256 if file.is_large else file.oid
        headers = {"X-Repo-Commit": repository.head if revision == "main" else revision, "ETag": f'"{etag}"'}
        self._send(200, file.content, {"Content-Type": "application/octet-stream", **headers})

    def _say(self, value: Any) -> None:
        self._send(200, json.dumps(value).encode(), {"Content-Type": "application/json"})

    def _refuse(self, status: int, code: str, message: str) -> None:
        body = json.dumps({"error": message}).encode()
        headers = {"Content-Type": "application/json", "X-Error-Message": message}
        self._send(status, body, headers | ({"X-Error-Code": code} if code else {}))

    def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response_only(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """What was sent is kept in `Repositories`, not printed."""


def _tree(files: dict[str, Stored]) -> list[dict[str, Any]]:
    """As the Hub lists it: folders, and of a large file also what its pointer says."""
    folders = sorted(
        {"/".join(name.split("/")[:depth]) for name in files for depth in range(1, name.count("/") + 1)}
    )
    found: list[dict[str, Any]] = [
        {"type": "directory", "path": name, "oid": "0" * 40, "size": 0} for name in folders
    ]
    for name, file in files.items():
        entry: dict[str, Any] = {"type": "file", "path": name, "oid": file.oid, "size": len(file.content)}
        if file.is_large:
            entry["lfs"] = {"oid": file.sha256, "size": len(file.content), "pointerSize": 130}
        found.append(entry)
    return found


def _modes(repository: Repository, asked: dict[str, Any]) -> dict[str, Any]:
    files = []
    for file in asked["files"]:
        stored = repository.files.get(file["path"])
        mode = "lfs" if file["path"].endswith(LARGE) else "regular"
        said = {"path": file["path"], "uploadMode": mode, "shouldIgnore": False}
        if stored is not None:
            said["oid"] = stored.sha256 if stored.is_large else stored.oid
        files.append(said)
    return {"files": files}


def _batch(here: Repositories, name: str, asked: dict[str, Any]) -> dict[str, Any]:
    """What to do with each object: nothing if it is stored already."""
    objects = []
    for one in asked["objects"]:
        said = {"oid": one["oid"], "size": one["size"]}
        place = f"{name}/{one['oid']}"
        if place not in here.large:
            said["actions"] = {"upload": {"href": f"{here.url}/large/{place}"}}
        objects.append(said)
    return {"transfer": "basic", "objects": objects}
