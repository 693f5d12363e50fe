"""From the published file to published/site/.

Belongs here: which pages there are, what stays at home by the terms of its source, the swap of the folder.
Does not belong here: what a page says (report, subjects), and its files (pages).
"""

import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import jinja2

from dagster_project.lib.checkout import SQL
from dagster_project.lib.errors import ModelTideError
from dagster_project.lib.publish.publications import FILE
from dagster_project.lib.publish.terms import redistributable
from dagster_project.lib.report import metrics_page, templates, words
from dagster_project.lib.report.make import SECTIONS, ask, describe, queries_of, read_publication, show
from dagster_project.lib.report.page import HERE as REPORT
from dagster_project.lib.report.page import Link, Publication, Query, Shown, vega_script, view
from dagster_project.lib.report.sections import Row, Section
from dagster_project.lib.settings import Settings
from dagster_project.lib.site import changes, llms
from dagster_project.lib.site.browser_sql import BrowserSql, write_browser_sql
from dagster_project.lib.site.changes_page import changes_page
from dagster_project.lib.site.digest import digest_markdown, weekly_digest
from dagster_project.lib.site.feed import changes_feed
from dagster_project.lib.site.menu import MENU
from dagster_project.lib.site.pages import SHARED, Page, Specs, claim_review, files_of, slug, values_of
from dagster_project.lib.site.subjects import KINDS, Kind
from dagster_project.lib.warehouse.connection import reading
from dagster_project.lib.warehouse.sql_text import escaped

HERE = Path(__file__).parent
NAME, INDEX, METRICS = "site", "index.html", metrics_page.NAME
CHARTS, CLAIMS = "charts", "claims"
RELATED = 4  # links of a kind
OWN = (SQL / "site", SQL / "claim")  # where a query about one thing is looked for
# no request leaves the host, nothing runs but the site's own files; Vega writes style attributes
POLICY = (
    "default-src 'none'; base-uri 'none'; form-action 'none'; img-src 'self' data:; "
    "style-src 'self' 'unsafe-inline'; script-src 'self'"
)
Connection = duckdb.DuckDBPyConnection


class Site(NamedTuple):
    """What was written: pages by folder, files, bytes, what failed and why, what stays at home and why."""

    path: Path
    provenance: str
    pages: Mapping[str, int]
    files: int
    size_bytes: int
    failed: Mapping[str, str]
    withheld: Mapping[str, str]
    browser_sql: BrowserSql


class SiteError(ModelTideError):
    """No site was written; a former one stays."""


def make_site(settings: Settings) -> Site:
    """Write the site of the published file. Raises SiteError if there is none, or no room.

    Grain: one folder. A page whose query or drawing fails says so in its place.
    """
    published = settings.published / FILE
    if not published.exists():
        raise SiteError(
            f"{published} is not there, so there is nothing to make a site of. "
            "Type `make run`, or `make demo` without a network."
        )
    target = settings.published / NAME
    try:
        with _whole(target) as folder, reading(published) as connection:
            made = _write(connection, settings, folder)
    except (OSError, duckdb.Error) as error:
        raise SiteError(
            f"Cannot write {target} from {published}: {str(error).splitlines()[0]}. "
            "A former site stays as it is. Make room (or mend the permissions) and run again; where it is "
            "the publication that cannot be read, `make rebuild` makes it anew."
        ) from error
    return made._replace(path=target)


@contextmanager
def _whole(target: Path) -> Iterator[Path]:
    """An empty folder that takes the place of `target` once the block has ended well; else it goes.

    Whatever is killed in between, the former one comes back the next time.
    """
    new, former = target.with_name(f"{target.name}.new.tmp"), target.with_name(f"{target.name}.former")
    if former.exists() and not target.exists():
        former.rename(target)
    for left in (new, former):
        shutil.rmtree(left, ignore_errors=True)
    new.mkdir()
    try:
        yield new
    except BaseException:
        shutil.rmtree(new, ignore_errors=True)
        raise
    if target.exists():
        target.rename(former)
    new.rename(target)
    shutil.rmtree(former, ignore_errors=True)


def _write(connection: Connection, settings: Settings, folder: Path) -> Site:
    about, address = read_publication(connection), settings.site_address
    failed: dict[str, str] = {}
    asker = _Asker(connection, failed)
    charts = [Page(CHARTS, section.key, asker.chart(section)) for section in SECTIONS]
    listed = {kind: asker.rows(kind) for kind in KINDS}
    subjects = {
        kind: [_subject(asker, kind, row, listed, about, address) for row in rows]
        for kind, rows in listed.items()
    }
    pages = [*charts, *(page for own in subjects.values() for page in own)]
    specs = Specs()
    template = partial(_render, templates.environment(HERE), about, address)

    _put(folder, "site.css", str(templates.style()) + (HERE / "site.css").read_text(encoding="utf-8"))
    _put(folder, "site.js", (REPORT / "page.js").read_text(encoding="utf-8"))
    _put(folder, "search.js", (HERE / "search.js").read_text(encoding="utf-8"))
    _put(folder, "vega.js", vega_script(settings.cache))
    _put(folder, INDEX, template("site_index.html", INDEX, **_front(charts, about, specs)))
    _put(
        folder,
        METRICS,
        template("site_metrics.html", METRICS, document=metrics_page.document()),
    )
    for kind, own in subjects.items():
        path = f"{kind.folder}/{INDEX}"
        rows = list(zip(own, listed[kind], strict=True))
        _put(folder, path, template("site_list.html", path, kind=kind, rows=rows))
    for page in pages:
        path = f"{page.path}.html"
        _put(folder, path, template("site_page.html", path, **values_of(page, about, address, specs)))
        for name, content in files_of(page, about, address):
            _put(folder, name, content)
    addresses = {f"{page.path}.html" for page in pages}
    _put(folder, changes.FEED, changes_feed(connection, address, addresses))
    _put(folder, changes.PAGE, changes_page(connection, addresses))
    _put(folder, changes.DIGEST, digest_markdown(weekly_digest(connection)))
    browser = write_browser_sql(settings.published / FILE, folder, settings.cache)
    titles = {f"{page.path}.html": page.shown.section.topic for page in charts if page.panels}
    _put(folder, llms.NAME, llms.llms_text(connection, browser.left_out, titles))
    for name, text in specs.texts.items():
        _put(folder, f"shared/{name}.js", b'(window.shared??={})["%s"]=%s' % (name.encode(), text))
    if address:
        _put(folder, "sitemap.xml", template("sitemap.xml", "", paths=sorted(_paths(folder))))
    sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    return Site(
        folder,
        about.provenance,
        {CHARTS: len(charts), **{kind.folder: len(own) for kind, own in subjects.items()}},
        len(sizes),
        sum(sizes),
        failed,
        asker.withheld,
        browser,
    )


class _Asker:
    """Queries put to the publication, but for those that read what may not be passed on."""

    def __init__(self, connection: Connection, failed: dict[str, str]) -> None:
        self.connection, self.failed = connection, failed
        self.described = describe(connection)
        self.forbidden = self.described.keys() - redistributable(connection)
        self.withheld: dict[str, str] = {}  # why, by the query's name

    def rows(self, kind: Kind) -> list[Row]:
        """A row for each page of a kind."""
        return ask(self.connection, _text(kind.folder))

    def chart(self, section: Section) -> Shown:
        """A section of the report."""
        return self._show(section, queries_of(section), f"{CHARTS}/{section.key}")

    def subject(self, kind: Kind, key: str) -> Shown:
        """The section about the thing that is called `key`: so its queries run, and so they are shown."""
        literal = f"'{escaped(key)}'"
        queries = [
            Query(name, re.sub(r"\$(key|claim)\b", lambda _: literal, _text(name)))
            for name in kind.section.queries
        ]
        return self._show(kind.section, queries, f"{kind.folder}/{slug(key)}")

    def _show(self, section: Section, queries: Sequence[Query], page: str) -> Shown:
        for query in queries:
            if stays := self.forbidden & set(re.findall(r"\w+", query.sql)):
                self.withheld[query.name] = (
                    f"Left out here: {words.listed(sorted(stays))}, which the terms of the source do not let "
                    "anybody pass on. The report that you make yourself has it."
                )
        return show(
            self.connection,
            section,
            self.failed,
            self.described,
            queries=queries,
            withheld=self.withheld,
            page=page,
        )


def _text(name: str) -> str:
    found = next(path for folder in OWN if (path := folder / f"{name}.sql").exists())
    return found.read_text(encoding="utf-8")


def _subject(
    asker: _Asker,
    kind: Kind,
    row: Row,
    listed: Mapping[Kind, Sequence[Row]],
    about: Publication,
    address: str | None,
) -> Page:
    shown = asker.subject(kind, row["key"])
    page = Page(kind.folder, row["key"], shown, list(_related(kind, row, listed)))
    if kind.folder != CLAIMS:
        return page
    return replace(page, json_ld=claim_review(page, row, about, address))


def _related(kind: Kind, row: Row, listed: Mapping[Kind, Sequence[Row]]) -> Iterator[Link]:
    """Pages about the same family; of a story, which is about a company, those about that."""
    for other, rows in listed.items():
        shared = "company" if "stories" in (kind.folder, other.folder) else "family"
        if row.get(shared) is None or (other is kind and other.folder == "families"):
            continue
        near = [one for one in rows if one.get(shared) == row[shared] and one is not row]
        for one in near[:RELATED]:
            yield Link(f"../{other.folder}/{slug(one['key'])}.html", f"{other.title}: {other.name(one)}")


def _front(charts: Sequence[Page], about: Publication, specs: Specs) -> dict[str, Any]:
    views = [
        view(
            _without_table(page.shown),
            about,
            [Link(f"{page.path}.html", "This chart's page"), *page.links("")],
        )
        for page in charts
    ]
    data = {one["key"]: specs.apart(one["data"], SHARED) for one in views}
    return {
        "sections": views,
        "data": data,
        "specs": [name for one in data.values() for name in specs.names(one)],
    }


def _without_table(shown: Shown) -> Shown:
    """The figures stand on the page of the chart, which is linked."""
    return replace(shown, drawn=replace(shown.drawn, table=None))


def _render(
    environment: jinja2.Environment,
    about: Publication,
    address: str | None,
    template: str,
    path: str,
    **values: Any,
) -> str:
    root = "../" * path.count("/")
    shared = {
        "about": about,
        "sources": about.sources,
        "address": address,
        "path": path,
        "root": root,
        "policy": POLICY,
        "menu": MENU,
        "metrics": f"{root}{METRICS}",
    }
    return environment.get_template(template).render(shared | values)


def _paths(folder: Path) -> Iterator[str]:
    return (path.relative_to(folder).as_posix() for path in folder.rglob("*.html"))


def _put(folder: Path, name: str, content: str | bytes) -> None:
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
