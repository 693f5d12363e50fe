"""What changed, as an Atom feed (RFC 4287).

Belongs here: the elements of the feed and of its entries, and their ids.
Does not belong here: the sentences (changes), and the page that entries lead to (changes_page).

An id rests on `change_id` alone, never on where the feed is served: a site that moves repeats no entry.
"""

import re
from collections.abc import Collection
from datetime import UTC, date, datetime, time
from urllib.parse import quote, urljoin
from uuid import NAMESPACE_URL, uuid5
from xml.etree import ElementTree as ET

import duckdb

from dagster_project.lib.report import words
from dagster_project.lib.site.changes import FEED, KINDS, PAGE, About, Change, about, changes_between

ENTRIES = 100
_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

Connection = duckdb.DuckDBPyConnection


def changes_feed(connection: Connection, address: str | None, pages: Collection[str] = ()) -> str:
    """The newest changes, at most 100. `address` is that of the site, to which links are relative without it;
    `pages` are the addresses within the site that are there to be linked to.
    """
    of = about(connection)
    at = f"{address.rstrip('/')}/" if address else ""
    feed = ET.Element("feed", {"xmlns": "http://www.w3.org/2005/Atom", "xml:lang": "en"})
    _add(feed, "id", _id(of, "feed"))
    _add(feed, "title", f"{of.prefix}Model Tide: what changed")
    _add(feed, "subtitle", "Licences, gating, milestones, climbers, claims and days of models on the Hub.")
    _add(feed, "updated", _time(of.published_at))
    ET.SubElement(_add(feed, "author"), "name").text = "Model Tide"
    _link(feed, "self", urljoin(at, FEED), "application/atom+xml")
    _link(feed, "alternate", urljoin(at, PAGE), "text/html")
    terms = "select terms from about_sources where data_source = 'hub' and terms is not null"
    for (said,) in connection.execute(terms).fetchall():
        _add(feed, "rights", said)
    for change in changes_between(connection, date.min, of.snapshot_date)[:ENTRIES]:
        _entry(feed, of, change, at, pages)
    ET.indent(feed)
    return str(ET.tostring(feed, encoding="utf-8", xml_declaration=True), "utf-8")


def _entry(feed: ET.Element, of: About, change: Change, at: str, pages: Collection[str]) -> None:
    entry = _add(feed, "entry")
    _add(entry, "id", _id(of, change.change_id))
    _add(entry, "title", of.prefix + change.sentence.removesuffix("."))
    _add(entry, "updated", _time(datetime.combine(change.change_date, time())))
    _link(entry, "alternate", urljoin(at, f"{PAGE}#{quote(change.change_id, safe=':')}"), "text/html")
    if change.page in pages:
        _link(entry, "related", urljoin(at, quote(str(change.page))), "text/html")
    ET.SubElement(entry, "category", {"term": change.kind, "label": KINDS[change.kind]})
    _add(
        entry,
        "summary",
        f"{change.sentence} How sure: {change.how_sure}. It concerns {change.concerns}. "
        f"Seen in the snapshot of {words.day(change.change_date)}.",
    )


def _id(of: About, name: str) -> str:
    origin = "synthetic" if of.is_synthetic else "observed"
    return uuid5(NAMESPACE_URL, f"tag:model-tide,2026:changes/{origin}/{name}").urn


def _time(at: datetime) -> str:
    return at.replace(tzinfo=UTC, microsecond=0).isoformat().replace("+00:00", "Z")


def _add(parent: ET.Element, name: str, text: str | None = None) -> ET.Element:
    element = ET.SubElement(parent, name)
    element.text = None if text is None else _NO_XML.sub("\N{REPLACEMENT CHARACTER}", text)
    return element


def _link(parent: ET.Element, relation: str, address: str, media_type: str) -> None:
    ET.SubElement(parent, "link", {"rel": relation, "type": media_type, "href": address})
