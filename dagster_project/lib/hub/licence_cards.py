"""The weekly pass over the cards of models whose licence id is `other`: which licence do they name?

Belongs here: when a pass is due, what it asks the Hub for, and what a card's own text is kept as.
Does not belong here: how pages are fetched (crawl) and what class a name has (sql/, seed named_licences).

The daily listing carries the id `other` and nothing more: the name and the link of such a licence stand in
the card's metadata, which is 10 to 50 times the bytes of an item. So it is asked for once a week, for the
models that carry the downloads. A card is anybody's free text: it is stored as a value and nothing else.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import duckdb

from dagster_project.lib.hub import crawl as hub
from dagster_project.lib.hub.client import HubError
from dagster_project.lib.hub.crawl import Request
from dagster_project.lib.record.append import add_rows
from dagster_project.lib.record.landing import Crawl, LandingError
from dagster_project.lib.settings import Settings
from dagster_project.lib.warehouse.connection import scalar
from dagster_project.lib.warehouse.raw_tables import LICENCE_CARD_PASSES, LICENCE_CARDS, LICENCES

MODELS = 2_000  # two requests of the 500 that an anonymous quota allows in five minutes
EVERY = timedelta(days=7)  # publishers seldom rename a licence, and a name that is new is a week late at most
LONGEST = 300  # characters kept of a name or link; no row of the seed is half as long
REQUEST = Request(
    source=LICENCES.name,
    scope="top",
    scope_id=f"other-{MODELS}",
    queries={
        "other": {
            "filter": "license:other",
            "sort": "downloads",
            "direction": -1,
            "limit": hub.PAGE_SIZE,
            "expand": ["cardData", "private"],
        }
    },
    enough={"other": MODELS},
)

Connection = duckdb.DuckDBPyConnection


@dataclass(frozen=True)
class Card:
    """What one card says of its licence."""

    hub_id: str
    repo_id: str
    names: list[str] | None
    link: str | None


@dataclass(frozen=True)
class Pass:
    """How a pass ended; see raw.licence_card_passes."""

    status: str
    detail: str | None = None
    crawl: Crawl | None = None
    cards: int = 0
    unread: int = 0
    changed: int = 0


def newest_pass(connection: Connection) -> date | None:
    """The snapshot day of the newest pass that ended ok."""
    day = scalar(connection, "select max(snapshot_date) from raw.licence_card_passes where status = 'ok'")
    assert day is None or isinstance(day, date)
    return day


def is_due(newest: date | None, day: date) -> bool:
    """No pass ended ok in the week before `day`: a pass that failed is due again at the next run."""
    return newest is None or newest <= day - EVERY


def snapshot_cards(
    connection: Connection,
    settings: Settings,
    day: date,
    *,
    retries: int = hub.MAX_RETRIES,
) -> Pass:
    """Land the pass of `day` and add what its cards say anew. Grain: a snapshot day.

    A Hub that fails leaves a status row and raises nothing: what is known stays, and the next run asks again.
    """
    try:
        crawl = hub.land(settings, day, REQUEST, retries=retries)
        cards, unread = read_cards(crawl)
    except (HubError, LandingError) as error:
        ended = Pass("error", str(error))
        _store(connection, settings, day, ended, [])
        return ended
    known = _known(connection)
    changed = [card for card in cards if known.get(card.hub_id) != (card.names, card.link)]
    detail = None if cards else f"none of {crawl.rows} items of {crawl.folder} has a card that can be read"
    ended = Pass("ok" if cards else "empty", detail, crawl, len(cards), unread, len(changed))
    _store(connection, settings, day, ended, changed)
    return ended


def read_cards(crawl: Crawl) -> tuple[list[Card], int]:
    """The cards of landed pages, each repository once, and how many items had none that can be read."""
    cards: dict[str, Card] = {}
    unread = 0
    for page in crawl.pages:
        for item in crawl.items(page):
            if not isinstance(item, dict) or item.get("private"):
                continue
            card = _card_of(item)
            if card is None:
                unread += 1
            else:
                cards.setdefault(card.hub_id, card)
    return list(cards.values()), unread


def _card_of(item: dict[str, Any]) -> Card | None:
    hub_id, repo_id, said = item.get("_id"), item.get("id"), item.get("cardData")
    if not isinstance(hub_id, str) or not isinstance(repo_id, str) or not isinstance(said, dict):
        return None  # a card that is not there says nothing, not even that the licence has no name
    links = _texts(said.get("license_link"))
    return Card(hub_id, repo_id, _texts(said.get("license_name")), links[0] if links else None)


def _texts(value: Any) -> list[str] | None:
    """A card's value as texts: YAML makes numbers of 1.0 and lists of what was meant as one name."""
    values = value if isinstance(value, list) else [value]
    texts = [_one_line(one) for one in values if isinstance(one, str | int | float)]
    return [text for text in texts if text] or None


def _one_line(value: str | int | float) -> str:
    text = str(value)
    if not text.isprintable():
        text = "".join(letter if letter.isprintable() else " " for letter in text)
    return " ".join(text.split())[:LONGEST]


def _known(connection: Connection) -> dict[str, tuple[list[str] | None, str | None]]:
    rows = connection.execute(
        "select hub_id, licence_names, licence_link from raw.licence_cards as c join ("
        "select hub_id, max(snapshot_date) as snapshot_date from raw.licence_cards group by hub_id"
        ") using (hub_id, snapshot_date)"
    ).fetchall()
    return {hub_id: (names, link) for hub_id, names, link in rows}


def _store(connection: Connection, settings: Settings, day: date, ended: Pass, changed: list[Card]) -> None:
    crawl = ended.crawl
    answered: datetime | None = crawl.finished_at.replace(tzinfo=None) if crawl else None
    row = (
        day,
        ended.status,
        ended.detail,
        crawl.folder.name if crawl else None,
        len(crawl.pages) if crawl else 0,
        ended.cards,
        ended.unread,
        ended.changed,
        answered,
    )
    rows = [(day, card.hub_id, card.repo_id, card.names, card.link) for card in changed]
    add_rows(connection, settings, LICENCES, day, {LICENCE_CARDS: rows, LICENCE_CARD_PASSES: [row]})
