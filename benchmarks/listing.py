"""A big listing on disk and over HTTP, for the benchmarks alone.

Belongs here: pages written once by the synthetic world, a landed crawl of them, and a server that hands
them out as they are, so that a benchmark times the client and not the rendering of a page.
"""

import multiprocessing
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import orjson

from dagster_project.lib.hub.page_columns import columns_of
from dagster_project.lib.hub.read_pages import keep_columns
from dagster_project.lib.record.landing import Crawl, Opening, open_crawl
from dagster_project.synthetic.items import pages
from dagster_project.synthetic.world import World

DAY = date(2026, 2, 1)
_NOON = datetime(2026, 2, 1, 12, tzinfo=UTC)


def write_listing(folder: Path, models: int) -> int:
    """Write the listing of a world of `models` as page-<n>.json; returns the models in it."""
    folder.mkdir(parents=True)
    listed = 0
    for number, body in enumerate(pages(World(models), DAY)):
        (folder / f"page-{number}.json").write_bytes(body)
        listed += len(orjson.loads(body))
    return listed


def keep_listed(crawl: Crawl, folder: Path) -> int:
    """Lay the columns of a listing that was written beside its landed pages; returns the models in it."""
    for page in crawl.pages:
        keep_columns(crawl, page, columns_of((folder / f"page-{page.number}.json").read_bytes()))
    return crawl.rows


def land_listing(landing: Path, models: int, *, with_columns: bool = False) -> Crawl:
    """A complete landed crawl of a world of `models`, page by page; with columns as a crawl leaves it."""
    opening = Opening(
        day=DAY.isoformat(),
        scope="census",
        scope_id="census",
        endpoint="http://127.0.0.1",
        origin="synthetic",
        streams=["census"],
        started_at=_NOON.isoformat(),
    )
    crawl = open_crawl(landing, opening)
    for body in pages(World(models), DAY):
        page = crawl.add_page("census", body, body.count(b'"_id"'), _NOON, None)
        if with_columns:
            keep_columns(crawl, page, columns_of(body))
    crawl.finish()
    return crawl


@contextmanager
def served(folder: Path, answer_seconds: float = 0.0) -> Iterator[str]:
    """Serve the pages of `folder` at the address that is yielded, each with a link to the next.

    By a process of its own, so that it takes no turn of a client's Python.
    """
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    server = context.Process(target=_serve, args=(folder, answer_seconds, sender), daemon=True)
    server.start()
    try:
        yield f"http://127.0.0.1:{receiver.recv()}"
    finally:
        server.terminate()
        server.join()


def _serve(folder: Path, answer_seconds: float, address: Connection) -> None:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: object) -> None:
            """Silent."""

        def do_GET(self) -> None:
            number = int(parse_qs(urlsplit(self.path).query).get("cursor", ["0"])[0])
            body = (folder / f"page-{number}.json").read_bytes()
            time.sleep(answer_seconds)
            self.send_response_only(200)
            self.send_header("Date", format_datetime(_NOON, usegmt=True))
            self.send_header("Content-Type", "application/json; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            if (folder / f"page-{number + 1}.json").exists():
                address = f"http://{self.headers['Host']}/api/models?limit=1000&cursor={number + 1}"
                self.send_header("Link", f'<{address}>; rel="next"')
            self.end_headers()
            self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    address.send(server.server_port)
    server.serve_forever()
