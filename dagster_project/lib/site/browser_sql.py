"""The page on which readers ask the published tables by SQL, with DuckDB in their own browser.

Belongs here: the page's words and files, its examples, and what they cannot be asked of.
Does not belong here: the tables (small_file), the engine (engine), what the page does (sql.js).

A query comes with an address that anybody may have written, and runs by itself. It can read the small file
and nothing else: the policy lets page and engine ask the site alone, and there are no secrets on it.
"""

import hashlib
import re
import shutil
from collections.abc import Mapping
from contextlib import closing
from importlib.metadata import distribution
from pathlib import Path
from typing import NamedTuple

import duckdb
from markupsafe import Markup

from dagster_project.lib.files import write_whole
from dagster_project.lib.publish.daily_tables import VIEWS
from dagster_project.lib.report import templates, words
from dagster_project.lib.report.documents import analyses, documented, question_of
from dagster_project.lib.report.make import read_publication
from dagster_project.lib.site.engine import NoEngine, installed_engine
from dagster_project.lib.site.menu import MENU
from dagster_project.lib.site.small_file import Small, write_small_file
from dagster_project.lib.warehouse.connection import reading

HERE = Path(__file__).parent
PAGE, FOLDER, FILE = "sql.html", "sql", "modeltide.duckdb"
SCRIPTS = ("commonjs.js", "sql.js")
# blob: is the engine once it is unpacked, and the worker, which so comes under this policy as well
POLICY = (
    "default-src 'none'; base-uri 'none'; form-action 'none'; img-src data:; style-src 'unsafe-inline'; "
    "script-src 'self' 'wasm-unsafe-eval'; worker-src blob:; connect-src 'self' blob:"
)


class Lacking(NamedTuple):
    """An extension that DuckDB fetches from its own host elsewhere, and what does not work without it."""

    extension: str
    without: str
    example: str


LACKING = (
    Lacking("json", "the type JSON and its functions", """select json_extract('{"a": 1}', '$.a')"""),
    Lacking("icu", "arithmetic and parts of times with a zone", "select now() + interval 1 day"),
    Lacking("parquet", "reading Parquet files", "from 'a.parquet'"),
)


class Example(NamedTuple):
    """A query of sql/analyses: its question, what it reads a part of, and why it cannot be asked here."""

    name: str
    question: str
    sql: str
    cut: str
    reason: str


class BrowserSql(NamedTuple):
    """What was written; `left_out` says why a published table is not in the file, `no_engine` why the page
    cannot run queries (empty if it can).
    """

    path: Path
    file_bytes: int
    tables: int
    examples: int
    left_out: Mapping[str, str]
    no_engine: str


def write_browser_sql(published: Path, folder: Path, cache: Path) -> BrowserSql:
    """Write sql.html and sql/ into the folder of the site. Raises PublishError for a file without terms.

    Without npm the page has the tables and the examples, and says that it was made without the engine.
    """
    target = folder / FOLDER
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    file = target / FILE
    small = write_small_file(published, file)
    no_engine = _copy_engine(cache, target)
    with closing(reading(published)) as connection:
        sources = read_publication(connection).sources
    with closing(reading(file)) as connection:
        examples = [_example(connection, path, small) for path in analyses()]
        (about,) = connection.execute("select provenance, snapshot_date, published_at from about").fetchall()
    environment = templates.environment(HERE)
    environment.filters["day"] = words.day
    page = environment.get_template("sql.html").render(
        title="Model Tide: ask the tables",
        style=templates.style() + Markup((HERE / "sql.css").read_text(encoding="utf-8")),
        policy=POLICY,
        provenance=about[0],
        snapshot_date=about[1],
        published_at=about[2],
        # a reader's browser keeps what has the same address
        file=f"{FOLDER}/{FILE}?{hashlib.sha256(file.read_bytes()).hexdigest()[:12]}",
        file_bytes=file.stat().st_size,
        tables=sorted(small.tables, key=lambda table: not table.name.startswith(VIEWS)),
        left_out=small.left_out,
        described=documented(),
        examples=examples,
        lacking=LACKING,
        no_engine=no_engine,
        sources=sources,
        menu=MENU,
        root="",
        path=PAGE,
    )
    write_whole(folder / PAGE, page.encode())
    asked = sum(not example.reason for example in examples)
    return BrowserSql(folder / PAGE, file.stat().st_size, len(small.tables), asked, small.left_out, no_engine)


def _copy_engine(cache: Path, target: Path) -> str:
    """The scripts beside the file; returns why there are none, if there are none."""
    try:
        shutil.copytree(installed_engine(cache), target, dirs_exist_ok=True)
    except NoEngine as error:
        return str(error)
    licence = distribution("duckdb").read_text("licenses/LICENSE") or ""  # the npm package has none
    (target / "duckdb-licence.txt").write_text(licence, encoding="utf-8")
    for script in SCRIPTS:
        shutil.copyfile(HERE / script, target / script)
    return ""


def _example(connection: duckdb.DuckDBPyConnection, path: Path, small: Small) -> Example:
    text = path.read_text(encoding="utf-8").strip()
    read = set(re.findall(r"\w+", text))
    cut = " ".join(
        f"Of {table.name} here are {table.cut}." for table in small.tables if table.cut and table.name in read
    )
    try:
        connection.execute(f"explain {text}").fetchall()
        reason = ""
    except duckdb.CatalogException as error:
        missing = sorted(read & small.left_out.keys())
        reason = "; ".join(f"{name}: {small.left_out[name]}" for name in missing) or str(error)
    return Example(path.stem, question_of(text), text, cut, reason)
