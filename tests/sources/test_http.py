"""What holds for every request: who gets a token, how long it may take, how large an answer may be."""

import gzip
import os
import signal
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import pytest

from dagster_project.lib.sources import http
from dagster_project.lib.sources.http import Limits, NoAnswer, Refused, RequestFailed, TooLongAWait, moment_of
from tests.answering import Request, Server, answering

TOKEN = "hf_NeverAnywhereButAtItsOrigin"
LIMITS = Limits(largest=1_000_000, timeout=1.0, deadline=0.4, longest_wait=360.0, patience=900.0, retries=2)


@pytest.fixture
def client() -> Iterator[httpx2.Client]:
    with httpx2.Client() as made:
        yield made


@pytest.fixture
def ask(client: httpx2.Client) -> Callable[..., httpx2.Response]:
    """A GET with the token of the server it goes to; waits are noted, not slept."""

    def get(
        server: Server, path: str = "/page", waits: list[float] | None = None, **limits: float
    ) -> httpx2.Response:
        return http.ask(
            lambda: client,
            "GET",
            server.url + path,
            replace(LIMITS, **limits),  # type: ignore[arg-type]
            origin=server.url,
            secret_headers={"Authorization": f"Bearer {TOKEN}"},
            sleep=(waits if waits is not None else []).append,
        )

    return get


# ---- redirects -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_to_another_origin_is_followed_without_the_token(
    ask: Callable[..., httpx2.Response], status: int
) -> None:
    with answering(lambda request: request.say(200, b"elsewhere")) as other:
        with answering(lambda request: request.say(status, Location=f"{other.url}/there")) as server:
            assert ask(server).content == b"elsewhere"
        assert server.seen[0].authorization == f"Bearer {TOKEN}"
        assert [(seen.path, seen.authorization) for seen in other.seen] == [("/there", None)]


def test_a_redirect_within_the_origin_keeps_the_token_and_one_back_to_it_gets_it_again(
    ask: Callable[..., httpx2.Response],
) -> None:
    homes: list[str] = []
    with answering(lambda request: request.say(302, Location=f"{homes[0]}/last")) as other:

        def reply(request: Request) -> None:
            leads = {"/page": "/moved", "/moved": f"{other.url}/away"}
            if request.path in leads:
                request.say(302, Location=leads[request.path])
            else:
                request.say(200, b"home")

        with answering(reply) as server:
            homes.append(server.url)
            assert ask(server).content == b"home"
        assert {seen.authorization for seen in server.seen} == {f"Bearer {TOKEN}"}
        assert [seen.authorization for seen in other.seen] == [None]


@pytest.mark.parametrize(
    "odd", ["http://{hub}@{other}/", "http://{hub}\\@{other}/", "//{hub}:x@{other}/there"]
)
def test_an_odd_address_does_not_pass_for_the_origin(ask: Callable[..., httpx2.Response], odd: str) -> None:
    with answering(lambda request: request.say(200)) as other:

        def reply(request: Request) -> None:
            location = odd.format(hub=request.server.host, other=other.host)
            request.say(302, Location=location)

        with answering(reply) as server, suppress(RequestFailed):
            ask(server)
        assert not any(TOKEN in (seen.authorization or "") for seen in other.seen)


@pytest.mark.parametrize(
    "other", ["https://127.0.0.1:{port}", "http://localhost:{port}", "http://127.0.0.1:1{port}"]
)
def test_scheme_host_and_port_make_an_origin(other: str) -> None:
    assert http.origin_of("http://127.0.0.1:80") == http.origin_of("HTTP://127.0.0.1/path")
    assert http.origin_of("http://127.0.0.1:1234") != http.origin_of(other.format(port=1234))
    assert http.origin_of("http://[::1") == http.origin_of("nowhere") == ""


def test_redirects_come_to_an_end(ask: Callable[..., httpx2.Response]) -> None:
    with answering(lambda request: request.say(302, Location=f"{request.path}x")) as server:
        with pytest.raises(RequestFailed, match=rf"{server.host} redirects /page more than 5 times"):
            ask(server)
        assert len(server.seen) == 6


@pytest.mark.parametrize("target", ["http://[::1", "file:///etc/hostname", "ftp://127.0.0.1/x"])
def test_a_redirect_to_what_is_no_address_is_one_line(
    ask: Callable[..., httpx2.Response], target: str
) -> None:
    with (
        answering(lambda request: request.say(302, Location=target)) as server,
        pytest.raises(RequestFailed, match="which is no address") as raised,
    ):
        ask(server)
    assert server.host in str(raised.value) and "\n" not in str(raised.value)


# ---- waits -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "headers", "asked"),
    [
        (429, {"RateLimit": '"api";r=0;t=999999999'}, "1000000000"),
        (429, {"RateLimit": f'"api";r=0;t={"9" * 400}'}, "1000000000001"),
        (429, {"Retry_After": "999999"}, "999999"),
        (503, {"Retry_After": "3600"}, "3600"),
        (503, {"Retry_After": "Wed, 14 Jan 2026 07:00:00 GMT"}, "3600"),
        (500, {"Retry_After": "9" * 400}, "inf"),
    ],
)
def test_who_asks_for_too_long_a_wait_is_named_at_once(
    ask: Callable[..., httpx2.Response], status: int, headers: dict[str, str], asked: str
) -> None:
    waits: list[float] = []
    with (
        answering(lambda request: request.say(status, **headers)) as server,
        pytest.raises(TooLongAWait) as raised,
    ):
        ask(server, waits=waits)
    assert str(raised.value) == (
        f"{server.host} answered {status} to /page and asks to wait {asked} s, longer than the 360 s that "
        "are waited"
    )
    assert (waits, len(server.seen)) == ([], 1)


def test_a_window_of_the_hub_is_waited_for(ask: Callable[..., httpx2.Response]) -> None:
    waits: list[float] = []

    def reply(request: Request) -> None:
        if len(request.server.seen) == 1:
            request.say(429, RateLimit='"api";r=0;t=300')
        else:
            request.say(200, b"[]")

    with answering(reply) as server:
        assert ask(server, waits=waits).content == b"[]"
    assert waits == [301.0]


@pytest.mark.parametrize(
    "said",
    ["-5", "nan", "inf", "soon", "", "Wed, 14 Jan 2026", "Wed, 99 Jan 2026 25:61:00 GMT", "²", "1 2 3 4 5 6",
     "Sat, 01 Jan 0001 00:00:00 +2359", "Mon, 14 Jan 99999999 00:00:00 GMT", "1e9",
     "Fri, 31 Dec 9999 23:59:59 -2359", "Tue, 13 Jan 2026 06:00:00"],
)  # fmt: skip
def test_a_wait_that_is_nonsense_is_the_usual_pause(ask: Callable[..., httpx2.Response], said: str) -> None:
    waits: list[float] = []

    def reply(request: Request) -> None:
        request.wfile.write(
            f"HTTP/1.1 503 Odd\r\nContent-Length: 0\r\nDate: {'no date' if said == 'soon' else ''}\r\n"
            f"Retry-After: {said}\r\n\r\n".encode("latin-1")
        )

    with answering(reply) as server, pytest.raises(Refused, match="answered 503 to /page"):
        ask(server, waits=waits)
    assert waits == [1.0, 2.0]


def test_all_tries_together_come_to_an_end(ask: Callable[..., httpx2.Response]) -> None:
    """Each wait is allowed, the third would end later than all of them may."""
    waits: list[float] = []
    with (
        answering(lambda request: request.say(503, Retry_After="300")) as server,
        pytest.raises(Refused, match="answered 503"),
    ):
        ask(server, waits=waits, retries=9, patience=299.0)
    assert (waits, len(server.seen)) == ([], 1)


# ---- deadlines -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "drop"),
    [
        (b"", b"H"),
        (b"HTTP/1.1 200 OK\r\n", b"x"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n[", b" "),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
    ],
    ids=["status", "headers", "body", "chunks"],
)
def test_a_byte_now_and_then_does_not_keep_an_answer_going(
    ask: Callable[..., httpx2.Response], start: bytes, drop: bytes
) -> None:
    began = time.monotonic()
    with (
        answering(lambda request: request.trickle(start, drop)) as server,
        pytest.raises(NoAnswer, match=rf"{server.host}: no whole answer within 0 s"),
    ):
        ask(server, retries=0)
    assert time.monotonic() - began < 1.5


def test_ctrl_c_is_not_held_up_by_a_server_that_hangs() -> None:
    asking = (
        "import signal, httpx2; from dagster_project.lib.sources import http; "
        # a shell's job in the background ignores it
        "signal.signal(signal.SIGINT, signal.default_int_handler); print('asking', flush=True); "
        "http.ask(httpx2.Client, 'GET', {url!r}, http.Limits(1000, 30.0, 30.0, 1.0, 60.0, 0), origin={url!r})"
    )
    with answering(lambda request: request.trickle(b"", b"H")) as server:
        process = subprocess.Popen(
            [sys.executable, "-c", asking.format(url=server.url)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=Path(__file__).parents[2],
        )
        assert process.stdout is not None and process.stdout.readline() == b"asking\n"
        until = time.monotonic() + 20
        while not server.seen and time.monotonic() < until:
            time.sleep(0.01)
        os.kill(process.pid, signal.SIGINT)
        began = time.monotonic()
        process.wait(10)
        assert time.monotonic() - began < 5
        process.stdout.close()


# ---- size ------------------------------------------------------------------------------------------------


def test_a_page_that_unpacks_to_more_than_a_page_can_be_is_refused_before_memory_is_spent(
    ask: Callable[..., httpx2.Response],
) -> None:
    bomb = gzip.compress(bytes(40_000_000), 1)
    with answering(lambda request: request.say(200, bomb, Content_Encoding="gzip")) as server:
        tracemalloc.start()
        with pytest.raises(RequestFailed, match="more than 1,000,000 bytes") as raised:
            ask(server, deadline=5.0)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < 10_000_000
    assert len(server.seen) == 1, "such an answer is not asked for again"
    assert server.host in str(raised.value) and "/page" in str(raised.value)


def test_packed_and_plain_answers_are_read_whole(ask: Callable[..., httpx2.Response]) -> None:
    body = b"[1, 2]" * 10_000
    with answering(lambda request: request.say(200, gzip.compress(body), Content_Encoding="gzip")) as server:
        assert ask(server).content == body
    with answering(lambda request: request.say(200, body)) as server:
        assert ask(server).content == body


def test_the_body_of_a_refusal_is_not_read(ask: Callable[..., httpx2.Response]) -> None:
    with (
        answering(lambda request: request.trickle(b"HTTP/1.1 404 No\r\n\r\n", b"x")) as server,
        pytest.raises(Refused) as raised,
    ):
        ask(server)
    assert (raised.value.status, raised.value.response.content) == (404, b"")


# ---- texts -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("Wed, 14 Jan 2026 06:00:00 GMT", datetime(2026, 1, 14, 6, tzinfo=UTC)),
        ("Wed, 14 Jan 2026 06:00:00 -0000", datetime(2026, 1, 14, 6, tzinfo=UTC)),
        ("Wed, 14 Jan 2026 08:00:00 +0200", datetime(2026, 1, 14, 6, tzinfo=UTC)),
        ("yesterday", None),
        ("1", None),
        ("Wed, 31 Feb 2026 06:00:00 GMT", None),
        ("Fri, 31 Dec 9999 23:59:59 -2359", None),
        ("2026-01-14T06:00:00Z", None),
    ],
)
def test_a_date_is_utc_or_none(text: str, moment: datetime | None) -> None:
    assert moment_of(text) == moment
