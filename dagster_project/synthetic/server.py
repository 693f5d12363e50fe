"""One HTTP server on 127.0.0.1 that plays the Hub's model listing, the public archive of it, Yahoo's charts
and the small sources beside them, with a clock and faults.

Belongs here: routes, cursors, headers, quota, the simulated clock, and what each fault does to
an answer.
Does not belong here: the content of the answers (world, items, market) and the small sources
(api_routes).

Every answer says `X-Model-Tide-Synthetic: 1`, and its `Date` is the simulated time: clients
that take their day from the server need no other clock.
"""

import socket
import sys
import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import Message
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

import numpy as np
import orjson

from dagster_project.synthetic import api_routes
from dagster_project.synthetic.archive import Archive
from dagster_project.synthetic.chance import uniform
from dagster_project.synthetic.faults import CHART_PATH, HUB_PATH, KINDS, Fault, Faults
from dagster_project.synthetic.items import Items
from dagster_project.synthetic.market import Market
from dagster_project.synthetic.queries import BadQuery, Query, read_query, whole_number, write_cursor
from dagster_project.synthetic.world import SEEDS, Listing, World, day_number

WINDOW = 300  # seconds of a quota window
PLENTY = 1_000_000
SYNTHETIC = {"X-Model-Tide-Synthetic": "1"}
_COOKIE = "A3=d=synthetic; Max-Age=31557600; Path=/"
_NOT_FOUND = b'{"error":"Not found"}'


class Request(NamedTuple):
    """A request as it came, for assertions."""

    path: str
    query: dict[str, list[str]]
    forwarded_host: str | None


@dataclass
class Answer:
    """What one request is answered with."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    kind: str = "application/json; charset=utf-8"
    is_cut: bool = False
    is_dropped: bool = False
    has_date: bool = True


class Upstream:
    """The embedded upstreams. Use it as a context manager, or call start() and stop()."""

    def __init__(
        self,
        models: int = 10_000,
        now: datetime = datetime(2026, 1, 14, 6, tzinfo=UTC),
        quota: int = PLENTY,
        port: int = 0,
        seeds: Path = SEEDS,
        world: World | None = None,
    ) -> None:
        self.world = world or World(models, seeds)
        self.market = Market(seeds)
        self.faults = Faults()
        self.requests: list[Request] = []
        self.quota = quota
        self.items = Items(self.world)
        self.archive = Archive(self.world, self.items)
        self._listings: OrderedDict[tuple[object, ...], Listing] = OrderedDict()
        self._pages: OrderedDict[tuple[object, ...], tuple[bytes, tuple[int, str] | None]]
        self._pages = OrderedDict()
        self._lock = threading.RLock()
        self._window_ends, self._used = 0.0, 0
        self.set_now(now)
        self._server = _Server(("127.0.0.1", port), _handler(self))
        self._thread: threading.Thread | None = None

    # ------------------------------------------------------------------ life

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """Every variable that takes the product to this upstream and nowhere else."""
        names = ("HF", "YAHOO", "OPENROUTER", "MODELS_DEV", "NPM", "PYPISTATS")
        return {
            **{f"{name}_ENDPOINT": self.url for name in names},
            "OPENROUTER_API_KEY": api_routes.SYNTHETIC_KEY,
        }

    def start(self) -> Self:
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )
        self._thread.start()
        return self

    def stop(self) -> None:
        if self._thread is not None:
            self._server.shutdown()
            self._thread.join()
            self._thread = None
        self._server.server_close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    # ------------------------------------------------------------------ clock and log

    def set_now(self, now: datetime) -> None:
        """Set the simulated clock; it runs on from there with real time. A naive time is UTC."""
        with self._lock:
            self._set_to = now if now.tzinfo else now.replace(tzinfo=UTC)
            self._set_at = time.monotonic()

    def now(self) -> datetime:
        with self._lock:
            return self._set_to + timedelta(seconds=time.monotonic() - self._set_at)

    def clear_log(self) -> None:
        with self._lock:
            self.requests.clear()

    def _spend(self) -> tuple[int, int]:
        """Use one request of the quota; what is left (negative: refuse), seconds to the reset."""
        with self._lock:
            now = time.monotonic()
            if now >= self._window_ends:
                self._window_ends, self._used = now + WINDOW, 0
            self._used += 1
            return self.quota - self._used, max(1, int(self._window_ends - now + 0.999))

    def _exhaust(self, seconds: float) -> None:
        with self._lock:
            self._window_ends, self._used = time.monotonic() + seconds, self.quota

    # ------------------------------------------------------------------ routes

    def answer(self, target: str, headers: Mapping[str, str] | Message) -> Answer:
        """The answer to a request, faults included."""
        parts = urlsplit(target)
        path, query = unquote(parts.path), parse_qs(parts.query, keep_blank_values=True)
        if path == "/_control":
            return self._control(query)
        with self._lock:
            self.requests.append(Request(path, query, headers.get("X-Forwarded-Host")))
        faults = self.faults.hitting(path)
        for fault in faults:
            if fault.kind == "clock_jump":
                self.set_now(self.now() + timedelta(seconds=fault.number("seconds")))
            elif fault.kind == "stall":
                time.sleep(fault.number("seconds"))
            elif fault.kind == "quota":
                self._exhaust(fault.number("seconds"))
        if path == HUB_PATH:
            origin = f"http://{headers.get('Host', urlsplit(self.url).netloc)}"
            answer = self._hub(query, origin, faults)
        elif path.startswith(CHART_PATH):
            answer = self._yahoo(path.removeprefix(CHART_PATH), query, faults)
        elif path == "/v1/test/getcrumb":
            answer = Answer(200, b"synthetic-crumb", kind="text/plain")
        elif found := api_routes.answer(path, query, headers, self.now(), faults):
            answer = Answer(found.status, found.body)
        elif (archived := self._archived(path, query, headers)) is not None:
            answer = archived
        else:
            answer = Answer(404, _NOT_FOUND, {"Set-Cookie": _COOKIE} if path == "/" else {})
        for fault in faults:
            _break(answer, fault)
        return answer

    def _hub(self, query: dict[str, list[str]], origin: str, faults: list[Fault]) -> Answer:
        left, seconds = self._spend()
        limits = {
            "RateLimit": f'"api";r={max(left, 0)};t={seconds}',
            "RateLimit-Policy": f'"fixed window";"api";q={self.quota};w={WINDOW}',
        }
        if left < 0:
            return Answer(429, b'{"error":"Too many requests"}', limits)
        try:
            body, link = self._listing_page(query, origin, {fault.kind: fault for fault in faults})
        except BadQuery as error:
            return Answer(400, orjson.dumps({"error": str(error)}), limits)
        return Answer(200, body, limits | ({"Link": f'<{link}>; rel="next"'} if link else {}))

    def _listing_page(
        self, query: dict[str, list[str]], origin: str, faults: dict[str, Fault]
    ) -> tuple[bytes, str | None]:
        asked = read_query(query)
        fraction = faults["missing"].number("fraction") if "missing" in faults else 0.0
        repeat = int(faults["duplicates"].number("count")) if "duplicates" in faults else 0
        day = day_number(self.now().date())
        key = (day, asked, fraction, repeat)
        with self._lock:  # one thread at a time computes; the others find its page
            if key not in self._pages:
                listing = self._listing(day, asked, fraction)
                state, last = listing.page(asked.sort, asked.ascending, asked.after, asked.limit, repeat)
                self._pages[key] = (self.items.page(state, asked.fields), last)
                while len(self._pages) > 64:
                    self._pages.popitem(last=False)
            body, last = self._pages[key]
        for fault in faults.values():
            body = _spoil(body, fault)
        cursor = None if last is None or "empty" in faults else write_cursor(last)
        if "stuck_cursor" in faults:
            cursor = query.get("cursor", [None])[0]
            rest = {**query, "cursor": [cursor]} if cursor else query
            return body, f"{origin}{HUB_PATH}?{urlencode(rest, doseq=True)}"
        if cursor is None:
            return body, None
        if "foreign_next" in faults:
            origin = f"https://{faults['foreign_next'].text('host')}"
        return body, f"{origin}{HUB_PATH}?{urlencode({**query, 'cursor': [cursor]}, doseq=True)}"

    def _listing(self, day: int, asked: Query, fraction: float) -> Listing:
        key = (day, asked.author, asked.licence, fraction)
        if key not in self._listings:
            rows = np.arange(self.world.size, dtype=np.int64)
            if asked.author is not None:
                rows = self.world.rows_of_account(asked.author, day)
            if fraction:
                rows = rows[uniform(rows, "missing") >= fraction]
            if asked.licence is not None:
                rows = rows[self.items.has_licence(rows, day, asked.licence)]
            self._listings[key] = Listing(self.world, day, rows)
            whole = [kept for kept in self._listings if kept[1] is None]
            for old in whole[:-2]:
                del self._listings[old]
            while len(self._listings) > 300:
                self._listings.popitem(last=False)
        return self._listings[key]

    def _archived(
        self, path: str, query: dict[str, list[str]], headers: Mapping[str, str] | Message
    ) -> Answer | None:
        with self._lock:
            stored = self.archive.answer(path, query, headers, self.now())
        if stored is None:
            return None
        limits = {"RateLimit": f'"resolvers";r={self.quota};t={WINDOW}'}
        return Answer(stored.status, stored.body, limits | stored.headers)

    def _yahoo(self, symbol: str, query: dict[str, list[str]], faults: list[Fault]) -> Answer:
        with self._lock:
            chart = self.market.chart(symbol, query, int(self.now().timestamp()))
        if chart is None:
            error = {"code": "Not Found", "description": "No data found, symbol may be delisted"}
            return Answer(404, orjson.dumps({"chart": {"result": None, "error": error}}))
        kinds = {fault.kind: fault for fault in faults}
        result = chart["chart"]["result"][0]  # type: ignore[index]
        if "empty_result" in kinds:
            result.pop("timestamp", None)
            result.pop("events", None)
            result["indicators"] = {"quote": [{}], "adjclose": [{}]}
        if "null_closes" in kinds and "timestamp" in result:
            count = int(kinds["null_closes"].number("count"))
            columns = [*result["indicators"]["quote"], *result["indicators"]["adjclose"]]
            for column in columns:
                for name in set(column) & {"open", "high", "low", "close", "adjclose"}:
                    column[name][-count:] = [None] * len(column[name][-count:])
        return Answer(200, orjson.dumps(chart))

    def _control(self, query: dict[str, list[str]]) -> Answer:
        """For other processes: now=, clear=1, clear_log=1, quota=, fault=KIND&option=...; answers
        the state.
        """
        said = {name: values[-1] for name, values in query.items()}
        try:
            if said.pop("clear", None):
                self.faults.clear()
            if said.pop("clear_log", None):
                self.clear_log()
            if "quota" in said and "fault" not in said:
                self.quota = whole_number(said.pop("quota"), "quota")
            if "now" in said:
                self.set_now(datetime.fromisoformat(said.pop("now")))
            said.pop("stats", None)
            if "fault" in said:
                kind = said.pop("fault")
                counts = {n: whole_number(said.pop(n), n) for n in ("times", "skip") if n in said}
                places = {n: said.pop(n) for n in ("path", "symbol") if n in said}
                self.faults.add(kind, **counts, **places, **said)  # type: ignore[arg-type]
            elif said:
                raise ValueError(f"/_control has no {', '.join(sorted(said))}; faults: {', '.join(KINDS)}")
        except ValueError as error:
            return Answer(400, orjson.dumps({"error": str(error)}))
        with self._lock:
            paths = Counter(request.path for request in self.requests)
        state = {
            "now": self.now().isoformat(),
            "requests": sum(paths.values()),
            "paths": dict(paths),
            "faults": self.faults.describe(),
            "models": self.world.size,
            "synthetic": True,
        }
        return Answer(200, orjson.dumps(state))


def _break(answer: Answer, fault: Fault) -> None:
    """What faults do to any answer, whatever is in it."""
    if fault.kind == "status":
        answer.status = int(fault.number("status"))
        answer.body = b'{"error":"switched-on fault"}'
        answer.headers.pop("Link", None)
        if answer.status == 429 and "RateLimit" in answer.headers:
            bucket = answer.headers["RateLimit"].split(";")[0]
            answer.headers["RateLimit"] = f"{bucket};r=0;t={int(fault.number('seconds'))}"
        elif answer.status == 429:
            answer.headers["Retry-After"] = str(int(fault.number("seconds")))
    elif fault.kind == "html":
        answer.body, answer.kind = b"<!doctype html><title>Be right back</title>", "text/html"
        answer.headers.pop("Link", None)
    elif fault.kind == "not_a_list":
        answer.body = b'{"error":"Internal error, please try again"}'
        answer.headers.pop("Link", None)
    elif fault.kind == "truncate":
        answer.is_cut = True
    elif fault.kind == "down":
        answer.is_dropped = True
    elif fault.kind == "no_date":
        answer.has_date = False


def _spoil(body: bytes, fault: Fault) -> bytes:
    """What faults do to the items of a page."""
    if fault.kind == "empty":
        return b"[]"
    if fault.kind not in ("flip", "null", "absent", "private_rows"):
        return body
    items = orjson.loads(body)
    if fault.kind == "private_rows":
        for number in range(int(fault.number("count"))):
            hidden = {**items[0], "_id": f"{number:024x}", "id": f"token-owner/hidden-{number}"}
            items.append({**hidden, "author": "token-owner", "private": True})
        return orjson.dumps(items)
    name = fault.text("field")
    for item in items if fault.kind != "flip" else items[: int(fault.number("count"))]:
        if fault.kind == "absent":
            item.pop(name, None)
        else:
            item[name] = None if fault.kind == "null" else fault.options["to"]
    return orjson.dumps(items)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is no error of ours; anything else is printed as usual."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


def _handler(upstream: Upstream) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # or each answer waits 40 ms for an acknowledgement

        def do_GET(self) -> None:
            answer = upstream.answer(self.path, self.headers)
            if answer.is_dropped:
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            self.send_response_only(answer.status)
            headers = {"Content-Type": answer.kind, "Content-Length": str(len(answer.body))}
            if answer.has_date:
                headers["Date"] = format_datetime(upstream.now(), usegmt=True)
            for name, value in {**headers, **SYNTHETIC, **answer.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command == "HEAD":
                return
            sent = answer.body[: len(answer.body) // 2] if answer.is_cut else answer.body
            self.wfile.write(sent)
            if answer.is_cut:
                self.close_connection = True

        def do_HEAD(self) -> None:
            self.do_GET()

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.do_GET()

        def log_message(self, format: str, *args: object) -> None:
            """Requests are kept in `Upstream.requests`, not printed."""

    return Handler
