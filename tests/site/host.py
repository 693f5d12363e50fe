"""A plain static host for a folder, with range requests or without, and what was asked of it.

Belongs here: serving files. Does not belong here: what is in them.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, NamedTuple


class Sent(NamedTuple):
    path: str
    status: int
    size: int


class Host(ThreadingHTTPServer):
    """A folder at an address, until the block ends."""

    daemon_threads = True

    def __init__(self, folder: Path, has_ranges: bool) -> None:
        super().__init__(("127.0.0.1", 0), partial(_Handler, directory=str(folder)))
        self.has_ranges = has_ranges
        self.sent: list[Sent] = []

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server_port}"


class _Handler(SimpleHTTPRequestHandler):
    server: Host

    def do_GET(self) -> None:
        self._send(has_body=True)

    def do_HEAD(self) -> None:
        self._send(has_body=False)

    def _send(self, *, has_body: bool) -> None:
        path = Path(self.translate_path(self.path))
        if not path.is_file():
            self.send_error(404)
            return
        content = path.read_bytes()
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if asked and self.server.has_ranges:
            first, last = int(asked[1]), int(asked[2] or len(content) - 1)
            part, status = content[first : last + 1], 206
        else:
            first, part, status = 0, content, 200
        self.send_response(status)
        if status == 206:
            self.send_header("Content-Range", f"bytes {first}-{first + len(part) - 1}/{len(content)}")
        self.send_header("Content-Type", self.guess_type(path))
        self.send_header("Content-Length", str(len(part)))
        self.end_headers()
        if has_body:
            self.server.sent.append(Sent(path.name, status, len(part)))
            self.wfile.write(part)

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def serving(folder: Path, *, has_ranges: bool = True) -> Iterator[Host]:
    with Host(folder, has_ranges) as host:
        thread = Thread(target=host.serve_forever, daemon=True)
        thread.start()
        try:
            yield host
        finally:
            host.shutdown()
            thread.join()
