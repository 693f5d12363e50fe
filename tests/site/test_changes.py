"""What changed in words: the feed, the week and the page, on a publication made by hand and on a real one.

Belongs here: what readers are told. Does not belong here: what counts as a change (the unit tests of
fct_changes_daily).
"""

import re
from datetime import date, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import duckdb
import pytest

from dagster_project.lib.publish.file import publish
from dagster_project.lib.settings import Settings
from dagster_project.lib.site.changes_page import DAYS_SHOWN, changes_page
from dagster_project.lib.site.digest import MOST, NOTHING, digest_markdown, weekly_digest
from dagster_project.lib.site.feed import ENTRIES, changes_feed
from dagster_project.lib.warehouse.connection import reading
from tests.site.planted_changes import MONDAY, PLANTED, SUNDAY, Publication
from tests.worlds.warehouse import BUILT, Template, Warehouse

ATOM = "{http://www.w3.org/2005/Atom}"
HOSTILE = "a/<script>alert(1)</script>&\x00\x0b[x](javascript:y)*_"
SAID = {
    "Milestones": "Qwen passed 700 million downloads on 21 February 2026, counted by lineage (as counted).",
    "Climbers": "The account z-ai rose from place 14 to 3 among the fastest growing accounts: "
    "+250 % in 30 days (as counted).",
    "Claims": "The claim qwen-700m-scmp (A newspaper) went from “short by” to “passed”, "
    "counted by organisation (as counted).",
    "Licences": "a/one changed its licence from mit to gemma (as counted).",
    "Gating": "a/one is gated, granted by hand; before it was open to all (as counted).",
    "Days judged anew": "The snapshot of 18 February 2026 is judged “frozen, not used”; a publication before "
    "said “ok, but unchecked” (as counted).",
}


def read(made: Publication, address: str | None = None, **options: Any) -> ET.Element:
    """Its feed, read as XML, and valid."""
    feed = ET.fromstring(changes_feed(made.connection, address, **options))
    assert_atom(feed)
    return feed


def assert_atom(feed: ET.Element) -> None:
    """What RFC 4287 demands of a feed and of its entries (4.1.1, 4.1.2, 4.2.6, 4.2.7.2, 4.2.9, 3.3)."""
    assert feed.tag == f"{ATOM}feed"
    assert one(feed, "author").find(f"{ATOM}name") is not None  # so that no entry needs one
    assert [link.get("href") for link in feed.findall(f"{ATOM}link") if link.get("rel") == "self"]
    own = {"author", "category", "contributor", "generator", "icon", "id", "link", "logo", "rights",
           "subtitle", "title", "updated", "entry"}  # fmt: skip
    of_entry = {"author", "category", "content", "contributor", "id", "link", "published", "rights",
                "source", "summary", "title", "updated"}  # fmt: skip
    for element, allowed in ((feed, own), *((entry, of_entry) for entry in feed.iter(f"{ATOM}entry"))):
        assert {child.tag for child in element} <= {ATOM + name for name in allowed}
        assert re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", text(element, "id"))
        assert text(element, "title")
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", text(element, "updated"))
        links = element.findall(f"{ATOM}link")
        assert all(link.get("href") for link in links)
        alternate = [(link.get("type"), link.get("hreflang")) for link in links
                     if link.get("rel") == "alternate"]  # fmt: skip
        assert len(alternate) == len(set(alternate)) == 1  # an entry without content needs one
        assert all(category.get("term") for category in element.findall(f"{ATOM}category"))
    ids = [text(entry, "id") for entry in feed.iter(f"{ATOM}entry")]
    assert len(ids) == len(set(ids))


def one(element: ET.Element, name: str) -> ET.Element:
    (found,) = element.findall(ATOM + name)
    return found


def text(element: ET.Element, name: str) -> str:
    return plain(one(element, name).text or "")


def plain(text: str) -> str:
    """With spaces at which a line may end."""
    return text.replace("\N{NO-BREAK SPACE}", " ")


def entries(feed: ET.Element, name: str = "title") -> list[str]:
    return [text(entry, name) for entry in feed.findall(f"{ATOM}entry")]


def links(element: ET.Element) -> dict[str, str]:
    return {str(link.get("rel")): str(link.get("href")) for link in element.findall(f"{ATOM}link")}


def test_the_feed_of_a_publication_in_which_nothing_changed_is_valid_and_has_no_entry() -> None:
    feed = read(Publication())
    assert entries(feed) == []
    assert text(feed, "updated") == "2026-02-23T06:10:00Z"


def test_the_feed_has_each_kind_of_change_the_newest_first_and_the_largest_of_a_kind_first() -> None:
    made = Publication()
    made.changes(*reversed(PLANTED))
    made.changes({**PLANTED[3], "subject": "two", "name": "a/two", "size": 20.0})
    made.changes({**PLANTED[5], "subject": "2026-02-17"})
    llama = {"subject": "llama", "name": "Llama", "last_date_before": MONDAY - timedelta(days=1)}
    made.changes(PLANTED[0] | llama, day=MONDAY)
    titles = [said.removesuffix(" (as counted).") for said in SAID.values()]
    other = titles[5].replace("18 February", "17 February")
    assert entries(read(made)) == [
        *titles[:3], "a/two changed its licence from mit to gemma", *titles[3:5], other, titles[5],
        titles[0].replace("Qwen", "Llama").replace("21 February", "15 February"),
    ]  # fmt: skip


def test_the_feed_has_at_most_the_newest_100_changes() -> None:
    made = Publication()
    for number in range(ENTRIES + 5):
        made.changes({**PLANTED[3], "name": f"a/{number}"}, day=SUNDAY - timedelta(days=number))
    found = entries(read(made))
    assert len(found) == ENTRIES
    assert found[0].startswith("a/0 ")


def test_an_id_is_the_same_wherever_the_site_is_and_another_one_for_invented_data() -> None:
    ids = []
    for provenance, address in (("live", None), ("live", "https://example.org/tide"), ("synthetic", None)):
        made = Publication(provenance=provenance)
        made.changes(*PLANTED)
        feed = read(made, address)
        ids.append([text(feed, "id"), *entries(feed, "id")])
    here, there, invented = ids
    assert here == there
    assert not set(here) & set(invented)


def test_links_are_relative_without_an_address_and_lead_to_pages_that_are_there() -> None:
    made = Publication()
    made.changes(PLANTED[0], {**PLANTED[3], "change_id": "licence:a b:2026"})
    first, second = read(made, pages={"families/qwen.html"}).findall(f"{ATOM}entry")
    assert links(first) == {
        "alternate": f"changes.html#milestone:qwen:{SUNDAY}", "related": "families/qwen.html"
    }  # fmt: skip
    assert links(second) == {"alternate": "changes.html#licence:a%20b:2026"}  # publishers/a.html is not there
    feed = read(made, "https://example.org/tide", pages={"families/qwen.html"})
    assert links(feed)["self"] == "https://example.org/tide/changes.atom"
    assert links(feed.findall(f"{ATOM}entry")[0])["related"] == "https://example.org/tide/families/qwen.html"


def test_every_title_says_that_the_data_is_invented() -> None:
    made = Publication(provenance="synthetic")
    made.changes(*PLANTED)
    feed = read(made)
    assert all(title.startswith("Synthetic: ") for title in (text(feed, "title"), *entries(feed)))
    assert digest_markdown(weekly_digest(made.connection)).startswith("# What changed: Synthetic: week 8")
    assert "<strong>Synthetic data.</strong>" in changes_page(made.connection)


def test_a_name_is_neither_markup_nor_markdown_and_what_xml_cannot_hold_is_replaced() -> None:
    made = Publication()
    made.changes({**PLANTED[3], "name": HOSTILE})
    (title,) = entries(read(made))
    assert title.startswith("a/<script>alert(1)</script>&\ufffd\ufffd[x](javascript:y)*_ changed")
    page = changes_page(made.connection)
    assert "<script" not in page
    assert "a/&lt;script&gt;" in page
    assert r"\<script\>alert(1)\</script\>&" in digest_markdown(weekly_digest(made.connection))


def test_a_planted_week_is_told_kind_by_kind() -> None:
    made = Publication()
    made.changes(*PLANTED)
    digest = weekly_digest(made.connection)
    assert plain(digest.title) == ("week 8 of 2026, 16 February 2026 to 22 February 2026")
    told = {group.title: plain(" ".join(group.sentences))
            for group in digest.groups}  # fmt: skip
    assert told == SAID


def test_the_largest_of_a_kind_are_told_first_and_the_others_are_counted() -> None:
    made = Publication()
    sizes = [3.0, None, 7.0, 1.0, 9.0, 5.0, 8.0]
    made.changes(*({**PLANTED[3], "subject": f"{size}", "name": f"a/{size}", "size": size} for size in sizes))
    (group,) = weekly_digest(made.connection).groups
    assert [sentence.split()[0] for sentence in group.sentences] == [
        "a/9.0",
        "a/8.0",
        "a/7.0",
        "a/5.0",
        "a/3.0",
    ]
    assert group.more == len(sizes) - MOST
    assert "- 2 more are in the table.\n" in digest_markdown(weekly_digest(made.connection))


def test_a_week_without_a_change_says_so_and_names_the_days_that_say_nothing() -> None:
    made = Publication()
    made.changes(PLANTED[0], day=MONDAY - timedelta(days=1))
    for number, status in enumerate(["ok", "missing", "missing", "frozen", "ok", "ok", "ok"]):
        made.day(MONDAY + timedelta(days=number), status)
    assert plain(digest_markdown(weekly_digest(made.connection))) == (
        "# What changed: week 8 of 2026, 16 February 2026 to 22 February 2026\n\n"
        f"{NOTHING}\n\n"
        "There is no snapshot of 17 February 2026 and 18 February 2026: what changed then is seen later. "
        "The counters of 19 February 2026 (frozen) are not used.\n"
    )
    assert NOTHING in changes_page(made.connection)


@pytest.mark.parametrize(
    ("newest", "title"),
    [
        (SUNDAY, "week 8 of 2026, "),
        (SUNDAY + timedelta(days=1), "week 8 of 2026, "),
        (SUNDAY + timedelta(days=6), "week 8 of 2026, "),
        (SUNDAY + timedelta(days=7), "week 9 of 2026, "),
        (date(2027, 1, 9), "week 53 of 2026, "),
    ],
)
def test_the_newest_digest_is_of_the_last_week_that_is_over(newest: date, title: str) -> None:
    assert weekly_digest(Publication(newest).connection).title.startswith(title)


def test_a_week_that_is_not_over_says_how_far_it_reaches() -> None:
    made = Publication(SUNDAY - timedelta(days=2))
    title = plain(weekly_digest(made.connection, MONDAY).title)
    assert title == "week 8 of 2026 so far, 16 February 2026 to 20 February 2026"
    made.connection.execute("update about set first_snapshot_date = snapshot_date")
    assert weekly_digest(made.connection).title.startswith("week 8 of 2026 so far")


class Table(HTMLParser):
    """Ids and classes of the table's rows, the radio buttons and the links of the page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.rows: list[tuple[str | None, str | None]] = []
        self.radios: list[str | None] = []
        self.links: list[str | None] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "tr" and "id" in found:
            self.rows.append((found["id"], found["class"]))
        if tag == "input":
            self.radios.append(found["id"])
        if tag == "a":
            self.links.append(found["href"])


def test_the_page_has_an_anchor_for_each_change_of_90_days_and_a_button_for_each_kind() -> None:
    made = Publication()
    made.changes(*PLANTED)
    made.changes(PLANTED[3], day=SUNDAY - timedelta(days=DAYS_SHOWN - 1))
    made.changes(PLANTED[3], day=SUNDAY - timedelta(days=DAYS_SHOWN))
    page = changes_page(made.connection, pages={"claims/qwen-700m-scmp.html"})
    table = Table(page)
    assert table.rows == [
        *((f"{row['kind']}:{row['subject']}:{SUNDAY}", row["kind"]) for row in PLANTED),
        ("licence:one:2025-11-25", "licence"),
    ]
    kinds = [row["kind"] for row in PLANTED]
    assert table.radios == ["show-all", *(f"show-{kind}" for kind in kinds)]
    for kind in kinds:
        assert f"main:has(#show-{kind}:checked) tbody tr:not(.{kind}) {{ display: none; }}" in page
    assert "claims/qwen-700m-scmp.html" in table.links
    assert "publishers/a.html" not in table.links


class Home(Warehouse):
    """A data home whose marts are made by hand, but for those that the feed and the record rest on."""

    def day(self, day: date, status: str = "ok") -> None:
        self.execute("delete from marts.fct_snapshot_days where snapshot_date = ?", [day])
        row = {"snapshot_date": day, "provenance": "observed"}
        self.insert("marts.fct_snapshot_days", activity_date=day - timedelta(days=1), accepted=True,
                    usable=status == "ok", status=status, rows=9, **row)  # fmt: skip
        self.execute("delete from raw.hub_snapshots where snapshot_date = ?", [day])
        self.insert("raw.hub_snapshots", is_accepted=True, origin="live", scope_id="top", **row)

    def gated(self, hub_id: str, day: date) -> None:
        self.insert("marts.fct_openness_changes", hub_id=hub_id, repo_id=f"a/{hub_id}", publisher="a",
                    attribute="gating", from_value="false", to_value="auto",
                    last_seen_date=day - timedelta(days=1), first_seen_date=day)  # fmt: skip

    def published(self) -> dict[str, str]:
        """Build and publish; the titles of the valid feed by their ids."""
        self.build("fct_headlines", "fct_changes_daily", "about_sources")
        self.connection.close()
        made = publish(Settings(home=self.folder))
        self.connection = duckdb.connect(str(self.path))
        with reading(made.path) as connection:
            feed = ET.fromstring(changes_feed(connection, None))
            assert len(Table(changes_page(connection)).rows) == len(entries(feed))
        assert_atom(feed)
        return dict(zip(entries(feed, "id"), entries(feed), strict=True))


def test_the_next_publication_keeps_every_entry_with_its_id_and_tells_of_a_day_that_is_judged_anew(
    template: Template, tmp_path: Path
) -> None:
    home = Home(tmp_path, template, BUILT)
    home.day(MONDAY)
    home.day(MONDAY + timedelta(days=1))
    home.gated("one", MONDAY + timedelta(days=1))
    first = home.published()
    assert list(first.values()) == ["a/one is gated, granted automatically; before it was open to all"]
    home.day(MONDAY, "frozen")
    home.day(MONDAY + timedelta(days=2))
    home.gated("two", MONDAY + timedelta(days=2))
    second = home.published()
    assert {title for key, title in second.items() if key not in first} == {
        "a/two is gated, granted automatically; before it was open to all",
        "The snapshot of 16 February 2026 is judged “frozen, not used”; a publication before said “ok”",
    }
    assert first.items() <= second.items()
    assert home.published() == second
    home.day(MONDAY + timedelta(days=3))
    assert home.published() == second
    home.connection.close()
