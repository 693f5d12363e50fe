"""A small HTTP server of a test's own, for what the embedded upstreams never do.

Belongs here: a server that hands each request to a function, and what it saw of it.
Does not belong here: what the function answers.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import NamedTuple

NOW = "Wed, 14 Jan 2026 06:00:00 GMT"


class Seen(NamedTuple):
    method: str
    path: str
    authorization: str | None
    body: bytes = b""


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, reply: Callable[["Request"], None]) -> None:
        super().__init__(("127.0.0.1", 0), Request)
        self.reply = reply
        self.seen: list[Seen] = []
        self.closed = Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.server_port}"


class Request(BaseHTTPRequestHandler):
    """A request to answer; `say` does it in one go."""

    server: Server
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.seen.append(Seen(self.command, self.path, self.headers.get("Authorization"), sent))
        with suppress(ConnectionError):
            self.server.reply(self)

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_POST(self) -> None:
        self.do_GET()

    def say(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response_only(status)
        for name, value in {"Date": NOW, "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def trickle(self, start: bytes, drop: bytes, seconds: float = 0.05) -> None:
        """The start at once, then a little for ever, until the test is over or nobody listens."""
        self.wfile.write(start)
        while not self.server.closed.wait(seconds):
            self.wfile.write(drop)
            self.wfile.flush()

    def log_message(self, *_: object) -> None:
        """A server that repeats what it is asked needs no log."""


@contextmanager
def answering(reply: Callable[[Request], None]) -> Iterator[Server]:
    with Server(reply) as server:
        Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server
        server.closed.set()
        server.shutdown()
