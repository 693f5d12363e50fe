"""The embedded Hub over HTTP, through huggingface_hub's own client: paging, quota, clock and every
fault.
"""

import json
import subprocess
import sys
import time
from datetime import UTC, datetime
from itertools import pairwise
from urllib.parse import quote

import httpx2
import pytest
from huggingface_hub import HfApi
from huggingface_hub.utils import http_backoff, parse_ratelimit_headers

from dagster_project.synthetic.faults import CHART_KINDS, KINDS
from dagster_project.synthetic.server import Upstream
from dagster_project.synthetic.world import Listing, day_number

EXPAND = [
    "author",
    "baseModels",
    "downloads",
    "downloadsAllTime",
    "gated",
    "likes",
    "private",
    "tags",
]


CLIENT = httpx2.Client(timeout=5)


def get(url: str, **parameters: object) -> httpx2.Response:
    return CLIENT.get(url, params=parameters or None)


def listing(upstream: Upstream, **parameters: object) -> list[httpx2.Response]:
    """Every page of a listing, following the next links."""
    asked = {"limit": 1000, "sort": "downloads", "direction": -1, "expand": EXPAND, **parameters}
    pages = [get(f"{upstream.url}/api/models", **asked)]
    while "next" in pages[-1].links:
        pages.append(get(pages[-1].links["next"]["url"]))
    return pages


def items(pages: list[httpx2.Response]) -> list[dict]:
    return [item for page in pages for item in page.json()]


def expected(upstream: Upstream) -> set[str]:
    rows = Listing(upstream.world, day_number(upstream.now().date())).state.rows
    return set(upstream.world.hub_ids(rows))


def test_the_hubs_own_client_lists_every_model_once(upstream: Upstream) -> None:
    api = HfApi(endpoint=upstream.url, token=False)
    models = list(api.list_models(sort="downloads", expand=EXPAND))
    assert len({model.id for model in models}) == len(models) == len(expected(upstream))
    assert [m.downloads for m in models] == sorted((m.downloads for m in models), reverse=True)


@pytest.mark.parametrize("sort", ["downloads", "likes", "createdAt", "lastModified", "trendingScore"])
@pytest.mark.parametrize("direction", [1, -1])
def test_every_order_shows_every_model_once(upstream: Upstream, sort: str, direction: int) -> None:
    found = [item["_id"] for item in items(listing(upstream, sort=sort, direction=direction, limit=700))]
    assert len(found) == len(set(found))
    assert set(found) == expected(upstream)


def test_a_publishers_listing_is_its_part_of_the_whole(upstream: Upstream) -> None:
    whole = items(listing(upstream))
    own = items(listing(upstream, author="Qwen", sort="createdAt"))
    assert own
    assert {i["id"] for i in own} == {i["id"] for i in whole if i["author"] == "Qwen"}
    user = next(i["author"] for i in whole if i["author"].startswith("user-0"))
    theirs = items(listing(upstream, author=user))
    assert {i["id"] for i in theirs} == {i["id"] for i in whole if i["author"] == user}
    assert items(listing(upstream, author="nobody-at-all")) == []


def test_expand_decides_the_fields(upstream: Upstream) -> None:
    page = get(f"{upstream.url}/api/models", limit=5, sort="downloads", expand=["likes", "gated"])
    assert all(set(item) == {"_id", "id", "likes", "gated"} for item in page.json())
    assert get(f"{upstream.url}/api/models", expand="siblings").status_code == 400


def test_a_licence_can_be_filtered_by_and_its_card_says_all_sorts_of_things(upstream: Upstream) -> None:
    api = HfApi(endpoint=upstream.url, token=False)
    listed = list(api.list_models(filter="license:other", sort="downloads", expand=["cardData", "tags"]))
    assert len(listed) > 100
    assert all("license:other" in (model.tags or []) for model in listed)
    items = get(f"{upstream.url}/api/models", filter="license:other", expand=["cardData"]).json()
    names = [(item["cardData"] or {}).get("license_name") for item in items]
    assert {type(name) for name in names} == {str, list, float, dict, type(None)}
    assert max(len(name) for name in names if isinstance(name, str)) == 10_000
    assert any(item["cardData"] is None for item in items)
    assert get(f"{upstream.url}/api/models", filter="text-generation").status_code == 400


def test_a_limit_above_1000_is_capped(upstream: Upstream) -> None:
    assert len(get(f"{upstream.url}/api/models", limit=5000, sort="downloads").json()) == 1000


def test_every_answer_is_marked_synthetic_and_dated_by_the_clock(upstream: Upstream) -> None:
    upstream.set_now(datetime(2026, 2, 1, 23, 59, 30, tzinfo=UTC))
    for path in ("/api/models?limit=1", "/nowhere", "/v8/finance/chart/BABA", "/_control"):
        answer = get(upstream.url + path)
        assert answer.headers["X-Model-Tide-Synthetic"] == "1"
        assert answer.headers["Date"].startswith("Sun, 01 Feb 2026 23:59:")
    assert get(f"{upstream.url}/nowhere").status_code == 404


def test_midnight_passes_by_itself_and_brings_new_counters(upstream: Upstream) -> None:
    upstream.set_now(datetime(2026, 1, 14, 23, 59, 59, 800_000, tzinfo=UTC))
    before = listing(upstream)[0]
    time.sleep(0.3)
    after = listing(upstream)[0]
    assert "14 Jan" in before.headers["Date"] and "15 Jan" in after.headers["Date"]
    assert before.json() != after.json()


def test_the_quota_counts_down_and_then_refuses(upstream: Upstream) -> None:
    upstream._window_ends, upstream.quota = 0.0, 3
    answers = [get(f"{upstream.url}/api/models", limit=1) for _ in range(4)]
    assert [a.status_code for a in answers] == [200, 200, 200, 429]
    told = [parse_ratelimit_headers(a.headers) for a in answers]
    assert [t.remaining for t in told] == [2, 1, 0, 0]
    assert all(t.limit == 3 and t.window_seconds == 300 and t.reset_in_seconds <= 300 for t in told)


def test_requests_are_kept_with_the_host_they_were_meant_for(upstream: Upstream) -> None:
    httpx2.get(f"{upstream.url}/v1/test/getcrumb", headers={"X-Forwarded-Host": "query1.finance.yahoo.com"})
    get(f"{upstream.url}/api/models", limit=2, expand=["likes", "tags"])
    crumb, models = upstream.requests
    assert crumb.forwarded_host == "query1.finance.yahoo.com"
    assert models.path == "/api/models" and models.query["expand"] == ["likes", "tags"]


# ---------------------------------------------------------------------- faults


def test_a_switched_on_status_hits_the_next_requests_only(upstream: Upstream) -> None:
    upstream.faults.add("status", status=503, times=2, skip=1)
    answers = [get(f"{upstream.url}/api/models", limit=1).status_code for _ in range(5)]
    assert answers == [200, 503, 503, 200, 200]


def test_a_429_says_when_to_come_back_and_the_client_does(upstream: Upstream) -> None:
    upstream.faults.add("status", status=429, seconds=1)
    began = time.monotonic()
    answer = http_backoff("GET", f"{upstream.url}/api/models", params={"limit": 1})
    assert answer.status_code == 200
    assert 0.9 < time.monotonic() - began < 4
    assert len(upstream.requests) == 2


def test_an_exhausted_quota_refuses_until_its_reset(upstream: Upstream) -> None:
    upstream.faults.add("quota", seconds=1)
    assert [get(f"{upstream.url}/api/models", limit=1).status_code for _ in range(2)] == [429, 429]
    time.sleep(1.05)
    assert get(f"{upstream.url}/api/models", limit=1).status_code == 200


def test_a_stall_outlasts_a_timeout(upstream: Upstream) -> None:
    upstream.faults.add("stall", seconds=0.5)
    with pytest.raises(httpx2.TimeoutException):
        httpx2.get(f"{upstream.url}/api/models?limit=1", timeout=0.2)
    assert get(f"{upstream.url}/api/models", limit=1).status_code == 200


@pytest.mark.parametrize("kind", ["truncate", "down"])
def test_a_broken_connection_is_an_error_of_the_client(upstream: Upstream, kind: str) -> None:
    upstream.faults.add(kind)
    with pytest.raises(httpx2.TransportError):
        get(f"{upstream.url}/api/models", limit=100)
    assert len(get(f"{upstream.url}/api/models", limit=100).json()) == 100


def test_bodies_that_are_no_list(upstream: Upstream) -> None:
    upstream.faults.add("not_a_list")
    assert "error" in get(f"{upstream.url}/api/models").json()
    upstream.faults.add("html")
    answer = get(f"{upstream.url}/api/models")
    assert answer.status_code == 200 and answer.text.startswith("<!doctype html>")


def test_a_next_link_can_lead_elsewhere(upstream: Upstream) -> None:
    upstream.faults.add("foreign_next", host="elsewhere.example")
    assert listing_link(upstream).startswith("https://elsewhere.example/api/models?")


def test_a_cursor_can_stand_still(upstream: Upstream) -> None:
    upstream.faults.add("stuck_cursor", skip=1)
    second = get(listing_link(upstream))
    assert get(second.links["next"]["url"]).json() == second.json()


def listing_link(upstream: Upstream) -> str:
    page = get(f"{upstream.url}/api/models", limit=1000, sort="downloads", expand="likes")
    return str(page.links["next"]["url"])


def test_an_empty_listing_has_no_next_page(upstream: Upstream) -> None:
    upstream.faults.add("empty")
    (page,) = listing(upstream)
    assert page.json() == []


def test_missing_models_are_missing_from_the_whole_listing(upstream: Upstream) -> None:
    upstream.faults.add("missing", fraction=0.3)
    once, again = items(listing(upstream)), items(listing(upstream))
    assert once == again
    assert len(once) == pytest.approx(0.7 * len(expected(upstream)), rel=0.05)
    upstream.faults.clear()
    assert len(items(listing(upstream))) == len(expected(upstream))


@pytest.mark.parametrize(("field", "to"), [("downloads", "123"), ("likes", 1.5)])
def test_a_type_flip_on_the_second_page(upstream: Upstream, field: str, to: object) -> None:
    upstream.faults.add("flip", field=field, to=to, skip=1)
    first, second, *_ = listing(upstream)
    assert all(isinstance(item[field], int) for item in first.json())
    assert second.json()[0][field] == to


def test_counters_can_be_null_or_absent_everywhere(upstream: Upstream) -> None:
    upstream.faults.add("null", field="downloads", times=0)
    upstream.faults.add("absent", field="downloadsAllTime", times=0)
    found = items(listing(upstream))
    assert all(item["downloads"] is None and "downloadsAllTime" not in item for item in found)


def test_duplicates_repeat_a_model_on_the_next_page(upstream: Upstream) -> None:
    upstream.faults.add("duplicates")
    pages = listing(upstream)
    for before, after in pairwise(pages):
        assert after.json()[0]["_id"] == before.json()[-1]["_id"]
    found = [item["_id"] for item in items(pages)]
    assert len(found) - len(set(found)) == len(pages) - 1


def test_private_rows_show_up_only_by_fault(upstream: Upstream) -> None:
    assert not any(item["private"] for item in items(listing(upstream)))
    upstream.faults.add("private_rows", count=2)
    assert sum(item["private"] for item in items(listing(upstream))) == 2


def test_the_date_can_be_missing(upstream: Upstream) -> None:
    upstream.faults.add("no_date")
    assert "Date" not in get(f"{upstream.url}/api/models", limit=1).headers


def test_the_clock_can_jump_to_the_next_day_during_a_crawl(upstream: Upstream) -> None:
    upstream.faults.add("clock_jump", skip=1)
    days = [page.headers["Date"][5:11] for page in listing(upstream)]
    assert days[0] == "14 Jan" and set(days[1:]) == {"15 Jan"}


def test_an_unknown_fault_or_option_is_refused(upstream: Upstream) -> None:
    with pytest.raises(ValueError, match="No fault 'storm'"):
        upstream.faults.add("storm")
    with pytest.raises(ValueError, match="has no option depth"):
        upstream.faults.add("stall", depth=3)


# ---------------------------------------------------------------------- other processes


def test_another_process_can_set_clock_and_faults(upstream: Upstream) -> None:
    control = f"{upstream.url}/_control"
    get(f"{control}?now=2026-02-03T06:00:00&fault=status&status=500&times=1")
    assert get(f"{upstream.url}/api/models", limit=1).status_code == 500
    state = get(control, stats=1).json()
    assert state["now"].startswith("2026-02-03T06:00:0")
    assert state["paths"] == {"/api/models": 1} and state["faults"] == []
    get(f"{control}?fault=down&symbol={quote('^HSI')}")
    assert get(control, clear=1, clear_log=1).json()["requests"] == 0
    assert get(control, wind=3).status_code == 400


@pytest.mark.parametrize("kind", sorted(set(KINDS) - set(CHART_KINDS)))
def test_every_fault_can_be_switched_on_from_outside(upstream: Upstream, kind: str) -> None:
    state = get(f"{upstream.url}/_control?fault={kind}").json()
    assert [fault["kind"] for fault in state["faults"]] == [kind]


def test_the_command_prints_one_line_and_ends_on_sigterm() -> None:
    command = [
        sys.executable,
        "-m",
        "dagster_project.synthetic",
        "--models",
        "300",
        "--date",
        "2026-01-20",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().split()[-1]
        answer = get(f"{url}/api/models", limit=1)
        assert "20 Jan 2026 06:00" in answer.headers["Date"]
        assert json.loads(answer.text)
        process.terminate()
        assert process.wait(5) == 0
