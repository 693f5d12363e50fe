"""The weekly pass over cards: what it asks, what it keeps of other people's text, and how it fails.

Belongs here: raw.licence_cards and raw.licence_card_passes, against the embedded upstream.
Does not belong here: the class that a name has (unit tests of int_models__classified, test_sql_models).
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import zstandard

from dagster_project.lib.hub import crawl as hub
from dagster_project.lib.hub.licence_cards import (
    LONGEST,
    REQUEST,
    Pass,
    is_due,
    newest_pass,
    read_cards,
    snapshot_cards,
)
from dagster_project.lib.record.landing import find_crawls
from dagster_project.lib.restore.rebuild import rebuild, up_to_date
from dagster_project.lib.settings import Settings
from dagster_project.synthetic.server import Upstream
from tests.landed import land, query

FIRST = date(2026, 1, 14)
STATES = "select * from raw.licence_cards order by snapshot_date, hub_id"
PASSES = "select * from raw.licence_card_passes order by snapshot_date"


@pytest.fixture(scope="module")
def running() -> Iterator[Upstream]:
    with Upstream(models=2_500) as listing:
        yield listing


@pytest.fixture
def listing(running: Upstream) -> Upstream:
    """The synthetic Hub, without faults."""
    running.faults.clear()
    running.clear_log()
    return running


@pytest.fixture
def at_hub(settings: Settings, listing: Upstream) -> Settings:
    return replace(settings, hub_endpoint=listing.url)


def ask(settings: Settings, listing: Upstream, day: date) -> Pass:
    listing.set_now(datetime(day.year, day.month, day.day, 6, tzinfo=UTC))
    with up_to_date(settings) as connection:
        return snapshot_cards(connection, settings, day, retries=0)


def item(number: int, **said: Any) -> dict[str, Any]:
    """An item of the listing whose card says `said` of its licence."""
    card = {"license": "other", **said}
    return {"_id": f"{number:024x}", "id": f"maker/{number}", "private": False, "cardData": card}


def test_a_pass_asks_for_the_most_downloaded_others_with_their_cards_and_no_more(
    at_hub: Settings, listing: Upstream
) -> None:
    ended = ask(at_hub, listing, FIRST)
    assert ended.status == "ok" and ended.cards > 100
    assert [request.query for request in listing.requests] == [
        {"filter": ["license:other"], "sort": ["downloads"], "direction": ["-1"], "limit": ["1000"],
         "expand": ["cardData", "private"]}
    ]  # fmt: skip
    assert [
        len(crawl.pages) for crawl in find_crawls(at_hub.landing, FIRST, REQUEST.scope_id, REQUEST.source)
    ]
    assert query(at_hub, "select count(*), count(distinct hub_id) from raw.licence_cards") == [
        (ended.cards, ended.cards)
    ]


def test_a_pass_ends_with_the_page_that_brings_it_to_its_number(at_hub: Settings, listing: Upstream) -> None:
    listing.set_now(datetime(2026, 1, 14, 6, tzinfo=UTC))
    small = REQUEST.queries["other"] | {"limit": 20}
    crawl = hub.land(at_hub, FIRST, replace(REQUEST, queries={"other": small}, enough={"other": 40}))
    assert [page.rows for page in crawl.pages] == [20, 20]


@pytest.mark.parametrize(
    ("said", "names", "link"),
    [
        ({"license_name": "qwen", "license_link": "LICENSE"}, ["qwen"], "LICENSE"),
        ({"license_name": ["modified-mit", 2, None, ["x"]]}, ["modified-mit", "2"], None),
        ({"license_name": 1.0}, ["1.0"], None),
        ({"license_name": None, "license_link": "https://a.b/c"}, None, "https://a.b/c"),
        ({"license_link": ["LICENSE", "NOTICE"]}, None, "LICENSE"),
        ({"license_name": "x" * 10_000}, ["x" * LONGEST], None),
        ({"license_name": {"en": "mine"}, "license_link": {}}, None, None),
        ({"license_name": " \x00\x07\n "}, None, None),
        ({"license_name": "  Qwen\n Research\x1b "}, ["Qwen Research"], None),
        (
            {"license_name": "'; drop table raw.licence_cards; --"},
            ["'; drop table raw.licence_cards; --"],
            None,
        ),
        ({"license_name": "<script>alert(1)</script>"}, ["<script>alert(1)</script>"], None),
        ({}, None, None),
    ],
)
def test_a_card_is_kept_as_text_whatever_its_author_wrote(
    settings: Settings, said: dict[str, Any], names: list[str] | None, link: str | None
) -> None:
    crawl = land(settings, "2026-01-14", [item(1, **said)], source=REQUEST.source)
    cards, unread = read_cards(crawl)
    assert [(card.hub_id, card.names, card.link) for card in cards] == [(f"{1:024x}", names, link)]
    assert unread == 0


def test_an_item_without_a_readable_card_says_nothing(settings: Settings) -> None:
    """Seven items: one good, the same again (a listing that shifted between pages), one private; no card,
    a card that is no object, an _id that is no text, and no object at all: three unread, one ignored.
    """
    hidden = item(2, license_name="secret") | {"private": True}
    odd: list[Any] = [
        {"_id": "a", "id": "b"},
        item(3) | {"cardData": "text"},
        item(4) | {"_id": 4},
        "nothing",
    ]
    crawl = land(settings, "2026-01-14", [item(1, license_name="a"), hidden, *odd], [item(1)])
    cards, unread = read_cards(crawl)
    assert [(card.repo_id, card.names) for card in cards] == [("maker/1", ["a"])]
    assert unread == 3


def test_only_what_changed_is_a_new_row_and_who_leaves_keeps_its_state(
    at_hub: Settings, listing: Upstream
) -> None:
    """A week later a third of the listing is missing: its states stay, and no row says otherwise."""
    ask(at_hub, listing, FIRST)
    before = query(at_hub, STATES)
    listing.faults.add("missing", fraction=0.3)
    again = ask(at_hub, listing, FIRST + timedelta(7))
    after = query(at_hub, STATES)
    assert again.status == "ok" and again.cards < len(before)
    assert after[: len(before)] == before
    assert len(after) - len(before) == again.changed < again.cards / 5
    latest = {row[1]: row[3:] for row in before}
    assert all(latest.get(row[1]) != row[3:] for row in after[len(before) :])


@pytest.mark.parametrize(
    ("fault", "status", "said"),
    [
        ("down", "error", "Could not reach 127.0.0.1"),
        ("html", "error", "is no JSON"),
        ("not_a_list", "error", "is no list"),
        ("empty", "empty", "none of 0 items"),
        ("clock_jump", "error", "The Hub's day is 2026-01-22"),
    ],
)
def test_a_pass_that_fails_is_a_row_and_the_next_run_asks_again(
    at_hub: Settings, listing: Upstream, fault: str, status: str, said: str
) -> None:
    ask(at_hub, listing, FIRST)
    known = query(at_hub, STATES)
    listing.faults.add(fault)
    day = FIRST + timedelta(7)
    ended = ask(at_hub, listing, day)
    assert (ended.status, ended.changed) == (status, 0)
    assert said in str(ended.detail)
    assert query(at_hub, STATES) == known
    with up_to_date(at_hub) as connection:
        assert newest_pass(connection) == FIRST
    listing.faults.clear()
    assert ask(replace(at_hub, refetch=True), listing, day).status == "ok"
    assert query(at_hub, "select snapshot_date, status from raw.licence_card_passes order by 1") == [
        (FIRST, "ok"),
        (day, "ok"),
    ]


def test_a_pass_is_due_after_a_week_by_the_snapshots_day() -> None:
    assert is_due(None, FIRST)
    assert [is_due(FIRST, FIRST + timedelta(days)) for days in (0, 1, 6, 7, 30)] == [
        False, False, False, True, True,
    ]  # fmt: skip


def test_rebuilt_cards_equal_stored_ones(at_hub: Settings, listing: Upstream) -> None:
    for week in range(3):
        ask(at_hub, listing, FIRST + timedelta(7 * week))
    stored = query(at_hub, STATES), query(at_hub, PASSES)
    rebuild(at_hub)
    assert (query(at_hub, STATES), query(at_hub, PASSES)) == stored


def test_a_landed_page_of_cards_that_is_damaged_ends_the_pass_and_not_the_run(
    at_hub: Settings, listing: Upstream
) -> None:
    ask(at_hub, listing, FIRST)
    known = query(at_hub, STATES)
    (crawl,) = find_crawls(at_hub.landing, FIRST, REQUEST.scope_id, REQUEST.source)
    page = crawl.folder / crawl.pages[0].file
    for content in (b"no zstandard", zstandard.compress(b"{}"), zstandard.compress(b"[")):
        page.write_bytes(content)
        ended = ask(at_hub, listing, FIRST)
        assert ended.status == "error" and f"{page} is damaged" in str(ended.detail)
        assert query(at_hub, STATES) == known
