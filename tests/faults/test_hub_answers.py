"""Bad answers of the Hub: what passes is waited out, what cannot be trusted stops the crawl at once."""

import time
from collections import Counter
from dataclasses import replace
from typing import Any

import orjson
import pytest

from dagster_project.lib.hub import client
from dagster_project.lib.hub import crawl as hub
from dagster_project.lib.hub.client import HubError, HubUnreachable
from dagster_project.lib.record.landing import find_crawls
from dagster_project.lib.settings import Settings
from dagster_project.synthetic.server import Answer, Upstream
from tests.faults.conftest import DAY
from tests.faults.watched import Watched
from tests.landed import bodies


def resumed(settings: Settings, server: Watched) -> list[bytes]:
    """The pages after the fault is gone and the crawl was run again."""
    server.faults.clear()
    server.alter = lambda *_: None
    return bodies(hub.crawl(settings, DAY, []))


def kept(settings: Settings) -> int:
    """Pages of the crawl that was cut short."""
    (cut,) = find_crawls(settings.landing, DAY, "census")
    assert not cut.is_complete
    return len(cut.pages)


def test_a_429_is_waited_out_and_the_pages_are_the_same(
    server: Watched, census: Settings, undisturbed: list[bytes]
) -> None:
    server.faults.add("status", status=429, seconds=1, skip=3)
    started = time.monotonic()
    assert bodies(hub.crawl(census, DAY, [])) == undisturbed
    assert time.monotonic() - started >= 2, "the second that RateLimit names, and one for rounding"
    assert [seen.status for seen in server.seen] == [200] * 3 + [429] + [200] * 4


@pytest.mark.parametrize(
    ("fault", "options"),
    [
        ("status", {"status": 500}),
        ("status", {"status": 503}),
        ("truncate", {}),
        ("down", {}),
        ("stall", {"seconds": 6}),
    ],
)
def test_a_passing_fault_costs_one_more_request_and_no_page(
    server: Watched, census: Settings, undisturbed: list[bytes], fault: str, options: dict[str, Any]
) -> None:
    server.faults.add(fault, skip=3, **options)
    assert bodies(hub.crawl(census, DAY, [], read_timeout=2)) == undisturbed
    server.wait_for(len(undisturbed) + 1)  # the answer that stalls comes when nobody waits for it
    assert len(server.seen) == len(undisturbed) + 1


@pytest.mark.parametrize(
    ("fault", "options", "error"),
    [
        ("status", {"status": 503}, HubError),
        ("status", {"status": 404}, HubError),
        ("status", {"status": 429}, HubError),
        ("truncate", {}, HubUnreachable),
        ("down", {}, HubUnreachable),
        ("stall", {"seconds": 6}, HubUnreachable),
    ],
)
def test_a_lasting_fault_names_host_and_page_keeps_the_pages_and_is_resumed(
    server: Watched,
    census: Settings,
    undisturbed: list[bytes],
    fault: str,
    options: dict[str, Any],
    error: type[Exception],
) -> None:
    server.faults.add(fault, skip=3, times=0, **options)
    with pytest.raises(error, match=census.hub_host) as raised:
        hub.crawl(census, DAY, [], retries=0, read_timeout=2)
    assert "anded pages are kept" in str(raised.value)
    assert "\n" not in str(raised.value)
    assert kept(census) == 3
    before = Counter(server.pages[:3])
    assert resumed(census, server) == undisturbed
    assert all(server.pages.count(query) == 1 for query in before), "no landed page is asked for again"


def test_retries_come_to_an_end(server: Watched, census: Settings) -> None:
    server.faults.add("status", status=502, times=0)
    with pytest.raises(HubError, match="502"):
        hub.crawl(census, DAY, [], retries=1)
    assert len(server.seen) == 2
    assert not census.home.exists()


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ("not_a_list", "is no list but object"),
        ("html", "is no JSON: it begins '<!doctype html>"),
        ("foreign_next", "leads to mirror.example, not 127.0.0.1"),
        ("stuck_cursor", "the cursor does not advance"),
        ("no_date", "sent no Date header"),
    ],
)
def test_an_answer_that_cannot_be_trusted_stops_the_crawl_at_once(
    server: Watched, census: Settings, undisturbed: list[bytes], fault: str, says: str
) -> None:
    server.faults.add(fault, skip=3)
    with pytest.raises(HubError, match=says):
        hub.crawl(census, DAY, [])
    assert len(server.seen) == 4, "such an answer is not asked for again"
    assert kept(census) == 3, "and its page is not landed"
    assert resumed(census, server) == undisturbed


@pytest.mark.parametrize("fault", ["not_a_list", "html", "foreign_next", "no_date"])
def test_a_first_page_that_cannot_be_trusted_writes_nothing(
    server: Watched, census: Settings, fault: str
) -> None:
    server.faults.add(fault)
    with pytest.raises(HubError):
        hub.crawl(census, DAY, [])
    assert not census.home.exists()


def test_a_cursor_that_goes_back_to_an_earlier_page_stops_the_crawl(
    server: Watched, census: Settings
) -> None:
    links: list[str] = []

    def turn_back(number: int, answer: Answer) -> None:
        links.append(answer.headers["Link"])
        if number == 3:
            answer.headers["Link"] = links[0]

    server.alter = turn_back
    with pytest.raises(HubError, match="the cursor does not advance"):
        hub.crawl(census, DAY, [])
    assert kept(census) == 3


def test_the_rest_of_a_listing_is_never_asked_from_another_host(server: Watched, census: Settings) -> None:
    """A mirror that does not rewrite its links would leak to the real Hub, the token with them."""
    with Upstream(world=server.world) as other:

        def lead_away(_: int, answer: Answer) -> None:
            answer.headers["Link"] = answer.headers["Link"].replace(server.url, other.url)

        server.alter = lead_away
        with pytest.raises(HubError, match=f"leads to 127.0.0.1:{other.port}"):
            hub.crawl(census, DAY, [])
        assert other.requests == []


@pytest.mark.parametrize("number", [2, 6])
def test_a_page_that_another_host_served_is_not_landed(
    server: Watched, census: Settings, number: int
) -> None:
    """What it leads to has no next address that would give the redirection away."""
    with Upstream(world=server.world) as other:

        def redirect(page: int, answer: Answer) -> None:
            if page == number:
                answer.status = 307
                answer.headers["Location"] = f"{other.url}/api/models?limit=1000&author=Qwen"

        server.alter = redirect
        with pytest.raises(HubError, match=f"leads to 127.0.0.1:{other.port}"):
            hub.crawl(census, DAY, [])
    assert kept(census) == number


def test_the_next_page_is_asked_for_before_this_one_is_done_and_none_too_many(
    server: Watched, census: Settings
) -> None:
    answered: list[int] = []

    def done(progress: hub.Progress) -> None:
        server.wait_for(min(progress.page.number + 2, 7))
        answered.append(len(server.pages))

    hub.crawl(census, DAY, [], report=done)
    assert answered == [2, 3, 4, 5, 6, 7, 7]
    server.seen.clear()
    top = hub.crawl(replace(census, scope="top", hub_top=2_500), DAY, [])
    assert [page.rows for page in top.pages] == [1_000] * 3
    assert len(server.pages) == 3


def test_the_crawl_waits_before_the_quota_is_spent(
    server: Watched, census: Settings, undisturbed: list[bytes]
) -> None:
    """4 requests a window: after the third, one is left, and 7 pages need two windows more."""
    server.quota = 4
    waits: list[float] = []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        server.pass_time(seconds)

    reported: list[hub.Progress] = []
    crawl = hub.crawl(census, DAY, [], sleep=sleep, report=reported.append)
    assert bodies(crawl) == undisturbed
    assert {seen.status for seen in server.seen} == {200}, "no 429 was earned"
    assert [progress.quota_left for progress in reported] == [3, 2, 1, 3, 2, 1, 3]
    assert len(waits) == 2
    assert all(290 < wait <= 301 for wait in waits), "as long as the window lasts"
    assert [progress.waited for progress in reported if progress.waited] == waits


def test_waits_that_add_up_to_hours_end_the_crawl(
    server: Watched, census: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each window is as long as one may be, and leaves room for one request."""
    server.quota = 2
    monkeypatch.setattr(hub, "LONGEST_WAITS", 1_000.0)
    waits: list[float] = []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        server.pass_time(seconds)

    with pytest.raises(HubError, match=r"asks for more after page 3\. Run again within 6 hours"):
        hub.crawl(census, DAY, [], sleep=sleep)
    assert len(waits) == 3 and sum(waits) <= 1_000
    assert kept(census) == 4


def test_no_connection_is_one_line_that_names_the_host_and_writes_nothing(settings: Settings) -> None:
    started = time.monotonic()
    with pytest.raises(HubUnreachable) as raised:
        hub.probe(settings)
    assert time.monotonic() - started < 5
    for part in ("127.0.0.1:9", "Nothing was written", "make demo"):
        assert part in str(raised.value)
    assert "\n" not in str(raised.value)
    assert not settings.home.exists()


def test_a_probe_of_a_hub_that_stalls_ends_within_its_five_seconds(
    server: Watched, census: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "PROBE_TIMEOUT", 0.3)
    server.faults.add("stall", seconds=3, times=0)
    started = time.monotonic()
    with pytest.raises(HubUnreachable, match=census.hub_host):
        hub.probe(census)
    assert time.monotonic() - started < 1


@pytest.mark.parametrize("said", ["yesterday", "0", "Wed, 31 Feb 2026 06:00:00 GMT", "2026-01-14T06:00:00Z"])
def test_a_date_that_is_no_date_is_told_with_its_text(server: Watched, census: Settings, said: str) -> None:
    def misdate(number: int, answer: Answer) -> None:
        if number == 3:
            answer.headers["Date"] = said

    server.alter = misdate
    with pytest.raises(HubError, match="sent a Date header that is no date") as raised:
        hub.crawl(census, DAY, [])
    assert repr(said) in str(raised.value) and census.hub_host in str(raised.value)
    assert "\n" not in str(raised.value)
    assert kept(census) == 3


def test_a_quota_that_ends_in_weeks_stops_the_crawl_with_its_page_kept(
    server: Watched, census: Settings
) -> None:
    def hold(number: int, answer: Answer) -> None:
        if number == 3:
            answer.headers["RateLimit"] = '"api";r=0;t=999999999'

    server.alter = hold
    slept: list[float] = []
    with pytest.raises(HubError, match=r"asks to wait 1000000000 s after page 3 \(census\)") as raised:
        hub.crawl(census, DAY, [], sleep=slept.append)
    assert census.hub_host in str(raised.value)
    assert (slept, kept(census)) == ([], 4)


@pytest.mark.parametrize(
    ("status", "headers", "asked"),
    [
        (429, {"RateLimit": '"api";r=0;t=999999999'}, "1000000000 s"),
        (429, {"RateLimit": "", "Retry-After": "999999"}, "999999 s"),
        (503, {"Retry-After": "3600"}, "3600 s"),
    ],
)
def test_a_refusal_that_asks_for_too_long_a_wait_is_not_obeyed(
    server: Watched, census: Settings, status: int, headers: dict[str, str], asked: str
) -> None:
    def refuse(number: int, answer: Answer) -> None:
        if number == 3:
            answer.status = status
            answer.headers.update(headers)

    server.alter = refuse
    began = time.monotonic()
    with pytest.raises(
        HubError, match=f"answered {status} to /api/models and asks to wait {asked}"
    ) as raised:
        hub.crawl(census, DAY, [])
    assert time.monotonic() - began < 5
    assert census.hub_host in str(raised.value) and "\n" not in str(raised.value)
    assert kept(census) == 3


def test_an_answer_that_never_ends_is_given_up(
    server: Watched, census: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It sends a byte now and then as far as the time without one is concerned; the deadline is another."""
    monkeypatch.setattr(hub, "LIMITS", replace(hub.LIMITS, deadline=0.3))
    server.faults.add("stall", seconds=3, skip=3)
    with pytest.raises(HubUnreachable, match=r"no whole answer within 0 s.*Landed pages are kept"):
        hub.crawl(census, DAY, [], retries=0)
    assert kept(census) == 3


@pytest.mark.parametrize("body", ["empty", "the same page", "the same page in another order"])
def test_a_cursor_that_always_changes_over_nothing_new_comes_to_an_end(
    server: Watched, census: Settings, body: str
) -> None:
    first: list[bytes] = []

    def go_round(number: int, answer: Answer) -> None:
        first.append(answer.body)
        if number > 0:
            items = [] if body == "empty" else orjson.loads(first[0])
            answer.body = orjson.dumps(items[::-1] if "order" in body else items)
        answer.headers["Link"] = f'<{server.url}/api/models?limit=1000&author=nobody-{number}>; rel="next"'

    server.alter = go_round
    with pytest.raises(HubError, match=r"page 3 .* the last 3 pages of .* bring nothing new") as raised:
        hub.crawl(census, DAY, [])
    assert census.hub_host in str(raised.value)
    assert len(server.seen) <= 5, "one may have been asked for ahead"
    assert kept(census) == 3
    with pytest.raises(HubError, match="bring nothing new"):
        hub.crawl(census, DAY, [])
    assert kept(census) == 3, "and a crawl that is resumed knows what it has"


def test_an_empty_page_amid_others_is_no_fault(
    server: Watched, census: Settings, undisturbed: list[bytes]
) -> None:
    def insert(number: int, answer: Answer) -> None:
        if number == 2:
            answer.body = b"[]"

    server.alter = insert
    assert bodies(hub.crawl(census, DAY, [])) == [*undisturbed[:2], b"[]", *undisturbed[3:]]


def test_a_listing_has_an_end(server: Watched, census: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "MOST_PAGES", 5)
    with pytest.raises(HubError, match="leads on after 5 pages of one listing"):
        hub.crawl(census, DAY, [])
    assert kept(census) == 4


@pytest.mark.parametrize("said", ["http://[::1", "//", "https://[bad", "http://127.0.0.1:99999/api/models"])
def test_a_next_link_that_is_no_address_is_one_line(server: Watched, census: Settings, said: str) -> None:
    def mislead(_: int, answer: Answer) -> None:
        answer.headers["Link"] = f'<{said}>; rel="next"'

    server.alter = mislead
    with pytest.raises(HubError) as raised:
        hub.crawl(census, DAY, [])
    assert census.hub_host in str(raised.value) and "\n" not in str(raised.value)
    assert not census.home.exists()
