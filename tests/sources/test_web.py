"""One GET: what is tried again, how long is waited, and what is never tried twice."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from dagster_project.lib.sources.web import GIVE_UP_AFTER, LIMITS, LONGEST_WAIT, TRIES, Web
from dagster_project.synthetic.faults import CATALOGUE_PATH
from dagster_project.synthetic.server import Upstream

QUICK = replace(LIMITS, timeout=1.0)


@pytest.fixture(scope="module")
def running() -> Iterator[Upstream]:
    with Upstream(models=300) as upstream:
        yield upstream


@pytest.fixture
def upstream(running: Upstream) -> Upstream:
    running.faults.clear()
    running.clear_log()
    return running


def asked(upstream: Upstream, waits: list[float], path: str = CATALOGUE_PATH, times: int = 1) -> list[object]:
    with Web(upstream.url, "https://models.dev", 5.0, limits=QUICK, sleep=waits.append) as web:
        return [web.get(path) for _ in range(times)]


@pytest.mark.parametrize("fault", ["status", "down", "truncate"])
def test_a_passing_fault_is_tried_again(upstream: Upstream, fault: str) -> None:
    waits: list[float] = []
    upstream.faults.add(fault, path=CATALOGUE_PATH)
    (answer,) = asked(upstream, waits)
    assert (answer.status, answer.origin) == ("ok", "synthetic")
    assert waits == [1.0]


def test_a_dead_socket_ends_by_itself(upstream: Upstream) -> None:
    upstream.faults.add("stall", path=CATALOGUE_PATH, seconds=2.0, times=TRIES)
    (answer,) = asked(upstream, [])
    assert answer.status == "error" and "timed out" in answer.detail


def test_a_source_that_says_how_long_to_wait_is_believed(upstream: Upstream) -> None:
    waits: list[float] = []
    upstream.faults.add("status", status=429, seconds=17, path=CATALOGUE_PATH)
    (answer,) = asked(upstream, waits)
    assert answer.status == "ok" and waits == [17.0]


def test_a_source_that_asks_for_too_long_a_wait_is_left_to_the_next_run(upstream: Upstream) -> None:
    waits: list[float] = []
    upstream.faults.add("status", status=429, seconds=LONGEST_WAIT + 1, path=CATALOGUE_PATH, times=0)
    (answer,) = asked(upstream, waits)
    assert answer.status == "error" and "asks to wait 61 s" in answer.detail
    assert waits == [] and len(upstream.requests) == 1


@pytest.mark.parametrize(("status", "named"), [(401, "refused"), (403, "refused"), (404, "missing")])
def test_a_refusal_is_not_asked_again(upstream: Upstream, status: int, named: str) -> None:
    upstream.faults.add("status", status=status, path=CATALOGUE_PATH, times=0)
    (answer,) = asked(upstream, [])
    assert (answer.status, answer.detail) == (named, f"127.0.0.1:{upstream.port} answered {status}")
    assert len(upstream.requests) == 1


def test_after_failures_in_a_row_the_rest_is_not_asked(upstream: Upstream) -> None:
    upstream.faults.add("status", path=CATALOGUE_PATH, times=0)
    answers = asked(upstream, [], times=GIVE_UP_AFTER + 2)
    assert [answer.status for answer in answers] == ["error"] * (GIVE_UP_AFTER + 2)
    assert "not asked" in answers[-1].detail
    assert len(upstream.requests) == GIVE_UP_AFTER * TRIES


def test_nobody_at_the_address_is_an_outcome(upstream: Upstream) -> None:
    with Web("http://127.0.0.1:9", "https://models.dev", 0.0, sleep=lambda _: None) as web:
        answer = web.get("/api.json")
    assert answer.status == "error" and answer.detail.startswith("127.0.0.1:9: ")


def test_requests_to_others_are_paced() -> None:
    waits: list[float] = []
    with Web("http://example.invalid", "https://models.dev", 2.5, sleep=waits.append) as web:
        web.get("/"), web.get("/")
    assert waits.count(2.5) == 1
