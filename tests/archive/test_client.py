"""The archive's answers: what gets the token, and what is not believed; its days are in test_backfill."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path

import orjson
import pytest

from dagster_project.lib.archive import client
from dagster_project.lib.archive.client import Archive, ArchiveError, RemoteFile, open_archive
from dagster_project.lib.hub import crawl as hub
from dagster_project.lib.hub.client import HubError
from dagster_project.lib.settings import Settings
from tests.answering import Request, Server, answering

TOKEN = "hf_OnlyForTheHubItself"
DAY = date(2026, 1, 13)
SHA = "0123456789abcdef0123456789abcdef01234567"
COMMITS = "/api/datasets/cfahlgren1/hub-stats/commits/main"


def commit(number: int, **said: object) -> dict[str, object]:
    return {"id": f"{number:040x}", "date": f"2026-01-{number % 28 + 1:02}T05:30:00.000Z"} | said


@contextmanager
def hub_that_says(reply: Callable[[Request], None], home: Path) -> Iterator[tuple[Server, Settings]]:
    """`reply` answers what is not the probe."""

    def all_replies(request: Request) -> None:
        if request.path.startswith("/api/models"):
            request.say(200, b"[]")
        else:
            reply(request)

    with answering(all_replies) as server:
        yield server, Settings(home=home, hub_endpoint=server.url, hub_token=TOKEN)


def opened(settings: Settings) -> Archive:
    return Archive(settings, "some/archive", "synthetic", datetime(2026, 1, 14, tzinfo=UTC), {})


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "RANGE", replace(client.RANGE, retries=0, deadline=1.0))
    monkeypatch.setattr(hub, "LIMITS", replace(hub.LIMITS, retries=0))


# ---- the token ---------------------------------------------------------------------------------------


def test_the_rest_of_the_commits_is_never_asked_from_another_host(tmp_path: Path) -> None:
    with answering(lambda request: request.say(200, b"[]")) as other:

        def lead_away(request: Request) -> None:
            request.say(200, orjson.dumps([commit(1)]), Link=f'<{other.url}{COMMITS}?p=1>; rel="next"')

        with hub_that_says(lead_away, tmp_path) as (server, settings):
            with pytest.raises(HubError, match=f"leads to {other.host}, not {server.host}") as raised:
                open_archive(settings)
            assert "\n" not in str(raised.value)
            assert {seen.authorization for seen in server.seen} == {f"Bearer {TOKEN}"}
        assert other.seen == []


def test_commits_that_another_host_serves_get_no_token_and_are_not_believed(tmp_path: Path) -> None:
    with answering(lambda request: request.say(200, orjson.dumps([commit(1)]))) as other:
        moved = f"{other.url}{COMMITS}"
        with (
            hub_that_says(lambda request: request.say(307, Location=moved), tmp_path) as (_, settings),
            pytest.raises(HubError, match=f"leads to {other.host}"),
        ):
            open_archive(settings)
        assert [seen.authorization for seen in other.seen] == [None]


def test_bytes_that_lie_elsewhere_are_asked_for_without_the_token(tmp_path: Path) -> None:
    """Another port is another origin; the resolver itself is not followed there."""
    ranged = {"Content_Range": "bytes 0-3/10"}
    with answering(lambda request: request.say(206, b"PAR1", **ranged)) as other:
        headers = {"Location": f"{other.url}/store", "X_Linked_Size": "10", "X_Linked_Etag": '"abc"'}
        with hub_that_says(lambda request: request.say(302, **headers), tmp_path) as (server, settings):
            found = opened(settings).locate(SHA, DAY)
            assert found == RemoteFile(f"{other.url}/store", 10, "abc")
            assert other.seen == []
            assert server.seen[-1].method == "HEAD"
            assert server.seen[-1].authorization == f"Bearer {TOKEN}"
            assert opened(settings).read(found, DAY, 0, 4) == b"PAR1"
        assert [seen.authorization for seen in other.seen] == [None]


def test_a_file_that_the_hub_itself_serves_is_asked_for_with_the_token(tmp_path: Path) -> None:
    def reply(request: Request) -> None:
        if "renamed" in request.path:
            request.say(200, b"PAR1" * 3, ETag='W/"abc"')
        else:
            request.say(307, Location="/datasets/renamed")

    with hub_that_says(reply, tmp_path) as (server, settings):
        assert opened(settings).locate(SHA, DAY) == RemoteFile(f"{server.url}/datasets/renamed", 12, "abc")
        assert {seen.authorization for seen in server.seen} == {f"Bearer {TOKEN}"}


def test_an_archive_that_is_taken_down_on_the_way_is_no_gap(tmp_path: Path) -> None:
    """A revision without the file is one (None), whatever a mirror says of why."""
    for code, is_gap in (("EntryNotFound", True), (None, True), ("RepoNotFound", False)):
        headers = {"X_Error_Code": code} if code else {}
        reply = partial(Request.say, status=404, **headers)
        with hub_that_says(reply, tmp_path) as (_, settings):
            if is_gap:
                assert opened(settings).locate(SHA, DAY) is None
            else:
                with pytest.raises(ArchiveError, match=r"answered 404 to models\.parquet of 2026-01-13"):
                    opened(settings).locate(SHA, DAY)


# ---- commits -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"{}", "what is no list: it begins '{}'"),
        (b"null", "what is no list"),
        (b"<html>", "what is no JSON: it begins '<html>'"),
        (b"", "what is no JSON"),
        (b"[]", "no commit"),
        (b"[1]", "what is none: '1'"),
        (orjson.dumps([{"id": SHA}]), "what is none"),
        (orjson.dumps([commit(1, date="yesterday")]), "what is none: .*yesterday"),
        (orjson.dumps([commit(1, date=5)]), "what is none"),
        (orjson.dumps([commit(1, id="../../elsewhere")]), "what is none: .*elsewhere"),
        (orjson.dumps([commit(1, id=None)]), "what is none"),
    ],
)
def test_commits_that_are_none_are_one_line(tmp_path: Path, body: bytes, says: str) -> None:
    with (
        hub_that_says(lambda request: request.say(200, body), tmp_path) as (server, settings),
        pytest.raises(ArchiveError, match=says) as raised,
    ):
        open_archive(settings)
    assert f"{server.host} listed" in str(raised.value) and "cfahlgren1/hub-stats" in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("page", [[commit(1), commit(2)], []])
def test_commits_that_bring_nothing_new_come_to_an_end(tmp_path: Path, page: list[object]) -> None:
    def go_round(request: Request) -> None:
        more = f"{COMMITS}?cursor={len(request.server.seen)}"
        request.say(200, orjson.dumps(page), Link=f'<{more}>; rel="next"')

    with hub_that_says(go_round, tmp_path) as (server, settings):
        with pytest.raises(HubError, match=f"3 pages of {server.host} bring nothing new"):
            open_archive(settings)
        assert len([seen for seen in server.seen if seen.path.startswith(COMMITS)]) <= 4


def test_commits_that_lead_back_to_themselves_come_to_an_end(tmp_path: Path) -> None:
    def stay(request: Request) -> None:
        request.say(200, orjson.dumps([commit(1)]), Link=f'<{COMMITS}>; rel="next"')

    with (
        hub_that_says(stay, tmp_path) as (_, settings),
        pytest.raises(HubError, match="does not advance"),
    ):
        open_archive(settings)


def test_a_commits_day_is_its_utc_day(tmp_path: Path) -> None:
    listed = [commit(1, date="2026-01-13T23:30:00-02:00"), commit(2, date="2026-01-12T05:30:00")]
    with hub_that_says(lambda request: request.say(200, orjson.dumps(listed)), tmp_path) as (_, settings):
        assert sorted(open_archive(settings).revisions) == [date(2026, 1, 12), date(2026, 1, 14)]


# ---- bytes -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "body", "headers", "says"),
    [
        (200, b"whole file", {}, "does not serve ranges|more than 4 bytes"),
        (206, b"PAR1 and more", {"Content_Range": "bytes 0-12/13"}, "more than 4 bytes"),
        (206, b"PAR1", {"Content_Range": "bytes 100-103/200"}, "does not serve ranges"),
        (206, b"PAR1", {}, "does not serve ranges"),
        (429, b"", {"Retry_After": "999999"}, "429"),
        (416, b"", {}, "answered 416"),
    ],
)
def test_a_range_is_what_was_asked_for_or_an_error_of_one_line(
    tmp_path: Path, status: int, body: bytes, headers: dict[str, str], says: str
) -> None:
    with hub_that_says(lambda request: request.say(status, body, **headers), tmp_path) as (server, settings):
        file = RemoteFile(f"{server.url}/store", 200, "abc")
        with pytest.raises(ArchiveError, match=says) as raised:
            opened(settings).read(file, DAY, 0, 4)
    assert server.host in str(raised.value) and "2026-01-13" in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_resolver_that_asks_for_too_long_a_wait_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "RANGE", replace(client.RANGE, retries=3))
    spent = {"RateLimit": '"resolvers";r=0;t=999999999'}
    with hub_that_says(lambda request: request.say(429, **spent), tmp_path) as (server, settings):
        with pytest.raises(ArchiveError, match="asks to wait 1000000000 s"):
            opened(settings).locate(SHA, DAY)
        assert len(server.seen) == 1


@pytest.mark.parametrize(
    "headers",
    [
        {"X_Linked_Etag": '"abc"'},
        {"X_Linked_Size": "10"},
        {"X_Linked_Size": "-5", "X_Linked_Etag": '"abc"'},
        {"X_Linked_Size": "9" * 400, "X_Linked_Etag": '"abc"'},
    ],
)
def test_a_file_without_size_or_content_is_not_asked_for(tmp_path: Path, headers: dict[str, str]) -> None:
    moved = {"Location": "http://localhost:9/store", **headers}
    with (
        hub_that_says(lambda request: request.say(302, **moved), tmp_path) as (_, settings),
        pytest.raises(ArchiveError, match=r"does not say how large models\.parquet of 2026-01-13 is"),
    ):
        opened(settings).locate(SHA, DAY)
