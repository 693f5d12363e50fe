"""The site as a folder: its pages, the files beside them, what they say, and what is not in them.

Belongs here: claims that need no browser.
Does not belong here: how pages look and draw (tests/browser), SQL in the browser (test_browser_sql), changes
(test_changes), llms.txt (test_llms), and that no price is in it (tests/dataset/test_daily_run).
"""

import csv
import json
import re
import shutil
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import duckdb
import pytest

from dagster_project.lib.publish.publications import PublishError
from dagster_project.lib.report.make import SECTIONS
from dagster_project.lib.report.sections import Panel
from dagster_project.lib.settings import Settings
from dagster_project.lib.site import figures, make, subjects
from dagster_project.lib.site import pages as pages_module
from dagster_project.lib.site.make import Site, SiteError, make_site
from dagster_project.lib.site.pages import slug
from dagster_project.lib.site.subjects import KINDS
from tests.worlds.homes import World

ADDRESS = "https://example.org/tide"
ASKS_NOBODY = {"a", "link"}  # of what has an address, those that the browser does not fetch from elsewhere


class Page(HTMLParser):
    """Addresses of a page, what it is named by, and its anchors."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.addresses: list[tuple[str, str]] = []
        self.anchors: set[str] = set()
        self.attributes: list[tuple[str, dict[str, str | None]]] = []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        self.attributes.append((tag, said))
        self.anchors |= {said[name] or "" for name in ("id", "name") if name in said}
        self.addresses += [(tag, said[name] or "") for name in ("href", "src") if name in said]


@pytest.fixture(scope="module")
def home(world: World, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A home with the publication alone, whose site names itself."""
    folder = tmp_path_factory.mktemp("site") / "data"
    shutil.copytree(world.settings.published, folder / "published", symlinks=True)
    return Settings(home=folder, site_address=ADDRESS)


@pytest.fixture(scope="module")
def made(home: Settings) -> Site:
    return make_site(home)


@pytest.fixture(scope="module")
def pages(made: Site) -> dict[str, Page]:
    return {path.relative_to(made.path).as_posix(): Page(path) for path in made.path.rglob("*.html")}


def metadata(made: Site, path: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((made.path / f"{path}.metadata.json").read_bytes())
    return read


def rows(made: Site, path: str) -> list[dict[str, str]]:
    with (made.path / f"{path}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, strict=True))


def keys(home: Settings, sql: str) -> list[str]:
    with closing(duckdb.connect(str(home.published / "modeltide.duckdb"), read_only=True)) as connection:
        return [key for (key,) in connection.execute(sql).fetchall()]


def test_every_chart_claim_story_family_and_followed_publisher_with_data_has_a_page(
    made: Site, home: Settings
) -> None:
    assert made.failed == {}
    expected = {
        "charts": [section.key for section in SECTIONS],
        "claims": keys(home, "select claim from published_claims"),
        "stories": keys(home, "select story || '-' || ticker from fct_story_verdicts"),
        "families": keys(home, "select family from dim_families where downloads_30d_lineage is not null"),
        "publishers": keys(
            home, "select publisher from dim_publishers where is_followed and downloads_30d is not null"
        ),
    }
    assert all(expected.values())
    for folder, names in expected.items():
        assert made.pages[folder] == len(names)
        for name in names:
            assert (made.path / folder / f"{slug(name)}.html").exists(), (folder, name)
            assert (made.path / folder / f"{slug(name)}.metadata.json").exists(), (folder, name)


def test_every_address_leads_to_a_file_or_an_anchor_of_the_site(made: Site, pages: dict[str, Page]) -> None:
    for path, page in pages.items():
        for tag, address in page.addresses:
            parts = urlsplit(address)
            if parts.scheme == "data":
                continue
            if address.startswith(f"{ADDRESS}/"):  # what a page says of itself
                own = unquote(urlsplit(address.removeprefix(f"{ADDRESS}/")).path)
                assert (made.path / own).exists(), (path, address)
                continue
            assert not parts.netloc, (path, tag, address)
            target = (made.path / path).parent / unquote(parts.path) if parts.path else made.path / path
            assert target.is_file(), (path, address)
            if parts.fragment and target.suffix == ".html" and not parts.fragment.startswith("sql="):
                name = target.resolve().relative_to(made.path.resolve()).as_posix()
                assert unquote(parts.fragment) in pages[name].anchors, (path, address)


def test_each_page_has_the_files_that_it_names_and_no_other(made: Site) -> None:
    for folder in made.pages:
        there = {path.name for path in (made.path / folder).iterdir() if path.suffix != ".html"}
        named = set()
        for path in (made.path / folder).glob("*.metadata.json"):
            files = metadata(made, f"{folder}/{path.name.removesuffix('.metadata.json')}")["files"]
            named |= set(files)
            assert all(address == f"{ADDRESS}/{folder}/{name}" for name, address in files.items())
        assert there == named


def test_a_picture_stands_alone_and_a_chart_has_it_as_png(made: Site) -> None:
    for path in made.path.rglob("*.svg"):
        text = path.read_text(encoding="utf-8")
        assert text.startswith("<svg") and text.endswith("</svg>")
        assert "var(" not in text and "http" not in text.replace("http://www.w3.org", "")
    for path in (made.path / "charts").glob("*.svg"):
        png = path.with_suffix(".png").read_bytes()
        assert png.startswith(b"\x89PNG\r\n\x1a\n") and png.endswith(b"IEND\xaeB`\x82")


def test_the_description_says_what_the_figures_are(made: Site, home: Settings) -> None:
    said = metadata(made, "charts/families")
    ((day, provenance),) = (
        duckdb.connect(str(home.published / "modeltide.duckdb"), read_only=True)
        .execute("select snapshot_date, provenance from about")
        .fetchall()
    )
    assert said["publication"]["snapshot_date"] == day.isoformat()
    assert said["publication"]["provenance"] == provenance
    assert said["unit"] == "Cumulative downloads, log scale"
    assert said["source"] == "Hugging Face Hub, public API"
    assert [one["name"] for one in said["attributions"]] == ["Hugging Face Hub"]
    assert said["attributions"][0]["terms"].startswith("Public API")
    assert [column["name"] for column in said["csv"]] == list(rows(made, "charts/families")[0])
    assert all(column["description"] for column in said["csv"])
    assert "Grain: " in said["tables"][0]["description"]
    assert said["tables"][0]["columns"] == f"{ADDRESS}/metrics.html#fct_family_adoption_daily"
    assert f"{ADDRESS}/charts/families.html" in said["cite"]


def test_a_page_can_be_cited_as_text_and_for_bibtex(made: Site) -> None:
    text = (made.path / "families" / "qwen.html").read_text(encoding="utf-8")
    day = metadata(made, "families/qwen")["publication"]["snapshot_date"]
    cite = re.search(r'id="cite".*?</section>', text, re.DOTALL)
    assert cite
    assert f"@misc{{modeltide-families-qwen-{day.replace('-', '')}," in cite[0]
    assert f"url = {{{ADDRESS}/families/qwen.html}}" in cite[0]
    assert "Publication of " in cite[0]


def test_the_page_of_a_claim_is_a_claim_review_for_fact_check_search(
    made: Site, pages: dict[str, Page]
) -> None:
    text = (made.path / "claims" / "qwen-700m-scmp.html").read_text(encoding="utf-8")
    found = re.search(r'<script type="application/ld\+json">(.*?)</script>', text)
    assert found
    review = json.loads(found[1])
    assert (review["@context"], review["@type"]) == ("https://schema.org", "ClaimReview")
    assert review["url"] == f"{ADDRESS}/claims/qwen-700m-scmp.html"
    assert review["itemReviewed"]["author"]["name"] == "South China Morning Post"
    assert review["itemReviewed"]["datePublished"] == "2026-01-12"
    assert review["itemReviewed"]["appearance"]["url"].startswith("https://")
    assert "700" in review["claimReviewed"]
    assert review["reviewRating"]["alternateName"].rpartition(": ")[2] in (
        "passed", "short by", "above by", "cannot be told", "not comparable", "depends on the definition",
    )  # fmt: skip


def test_invented_figures_are_called_so_wherever_they_can_be_copied_from(
    made: Site, pages: dict[str, Page]
) -> None:
    for path, page in pages.items():
        if path in ("sql.html", "changes.html"):  # which have tests of their own
            continue
        assert ("meta", {"name": "robots", "content": "noindex"}) in page.attributes, path
        assert '<p class="banner"' in (made.path / path).read_text(encoding="utf-8"), path
    for path in made.path.rglob("*.metadata.json"):
        said = json.loads(path.read_bytes())
        assert said["title"].startswith("Synthetic: ")
        assert said["cite"].startswith("Invented by the demo, not to be cited: ")
    claim = (made.path / "claims" / "qwen-700m-scmp.html").read_text(encoding="utf-8")
    assert '"alternateName":"Synthetic: ' in claim


def test_what_may_not_be_passed_on_is_said_in_its_place(made: Site) -> None:
    assert set(made.withheld) == {"event_paths", "adoption_and_price"}
    text = (made.path / "index.html").read_text(encoding="utf-8")
    assert "Left out here: fct_ticker_returns_daily, which the terms of the source" in text
    assert not (made.path / "charts" / "price.csv").exists()


def test_an_address_is_what_the_thing_is_called_whatever_characters_that_has() -> None:
    assert slug("qwen3.5-397b_A") == "qwen3.5-397b_A"
    odd = ["../../etc/x", "a/b", "a b", "a:b", ".hidden", "", "ä", "a-b", "%2e%2e", "index"]
    named = [slug(one) for one in odd]
    assert len({*named, "index"}) == len(odd) + 1
    assert all(re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]*", name) for name in named)


def test_a_floor_has_no_upper_bound_in_its_file(made: Site, home: Settings) -> None:
    sql = "from (select claim from fct_claim_checks where is_of_claim_day and value is not null"
    open_ended = keys(home, f"{sql} and upper_bound is null group by claim order by claim)")
    assert open_ended
    for claim in open_ended:
        assert "" in [row["upper"] for row in rows(made, f"claims/{slug(claim)}")], claim


def test_a_title_loses_no_digit_in_its_picture() -> None:
    row = {"s": "a", "v": 1, "low": 0.123456, "high": 2, "end": 2, "colour": "#000000", "label": "0.123456"}
    panel = Panel(subjects._intervals([row], "Share", "datum.value"))
    drawn = figures.svg(panel, "Qwen 2.0.20250101 of arXiv 2604.07190", "0.125 of it")
    assert "2.0.20250101" in drawn and "2604.07190" in drawn and "0.125" in drawn
    assert not re.search(r'="[^"]*\.\d{3}', drawn)


def test_a_killed_swap_gives_the_former_site_back(copied: Settings) -> None:
    site = copied.published / "site"
    site.rename(copied.published / "site.former")
    (copied.published / "modeltide.duckdb").resolve().write_bytes(b"no database")
    with pytest.raises(SiteError, match=r"A former site stays as it is.*make rebuild"):
        make_site(copied)
    assert (site / "index.html").exists()


def test_bibtex_is_whole_whatever_a_title_has() -> None:
    assert pages_module._tex("50 % of {a_b} & \\c") == (
        r"50 \% of \textbraceleft{}a\_b\textbraceright{} \& \textbackslash{}c"
    )


def test_the_next_publication_keeps_every_address(made: Site, home: Settings, tmp_path: Path) -> None:
    """The site is made anew in its place, and from the same publication it is the same to the byte."""

    def contents(folder: Path) -> dict[str, bytes]:
        return {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in folder.rglob("*")
            if path.is_file() and path.parent.name != "sql" and path.name != "sql.html"  # DuckDB samples
        }

    before = contents(made.path)
    make_site(home)
    assert contents(made.path) == before
    assert [path.name for path in home.published.iterdir() if path.name.endswith(".tmp")] == []


@pytest.fixture
def copied(home: Settings, tmp_path: Path) -> Iterator[Settings]:
    """The same home again, with a site that is a file."""
    shutil.copytree(home.published, tmp_path / "data" / "published", symlinks=True)
    (tmp_path / "data" / "cache").symlink_to(home.cache)
    yield replace(home, home=tmp_path / "data", site_address=None)


def test_a_site_that_cannot_be_made_leaves_the_former_one(
    copied: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = (copied.published / "site" / "index.html").read_bytes()

    def no_room(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(make, "vega_script", no_room)
    with pytest.raises(SiteError, match=r"No space left on device.*A former site stays as it is"):
        make_site(copied)
    assert (copied.published / "site" / "index.html").read_bytes() == before
    assert [path.name for path in copied.published.iterdir() if path.name.endswith(".tmp")] == []


def test_without_a_publication_and_with_one_of_an_earlier_version_it_is_said_what_to_do(
    copied: Settings, tmp_path: Path
) -> None:
    with pytest.raises(SiteError, match=r"is not there.*make run"):
        make_site(Settings(home=tmp_path / "nothing"))
    published = (copied.published / "modeltide.duckdb").resolve()
    with closing(duckdb.connect(str(published))) as connection:
        connection.execute("drop table table_terms")
    with pytest.raises(PublishError, match=r"no table table_terms.*make rebuild"):
        make_site(copied)


def test_a_page_that_fails_says_so_and_the_others_are_made(copied: Settings) -> None:
    published = (copied.published / "modeltide.duckdb").resolve()
    with closing(duckdb.connect(str(published))) as connection:
        connection.execute("alter table dim_publishers rename column likes to renamed")
    made = make_site(copied)
    assert "publishers/Qwen" in made.failed
    assert {page.partition("/")[0] for page in made.failed} == {"publishers"}
    text = (made.path / "publishers" / "Qwen.html").read_text(encoding="utf-8")
    assert "This section could not be made" in text
    assert not (made.path / "sitemap.xml").exists()


def test_the_sitemap_names_every_page(made: Site, pages: dict[str, Page]) -> None:
    text = (made.path / "sitemap.xml").read_text(encoding="utf-8")
    assert set(re.findall(r"<loc>(.*?)</loc>", text)) == {f"{ADDRESS}/{path}" for path in pages}


def test_every_kind_of_page_is_listed_with_its_links(made: Site, pages: dict[str, Page]) -> None:
    for kind in KINDS:
        listed = [address for _, address in pages[f"{kind.folder}/index.html"].addresses]
        for path in pages:
            if path.startswith(f"{kind.folder}/") and not path.endswith("/index.html"):
                assert f"../{path}" in listed
